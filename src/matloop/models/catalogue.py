"""The field's models under one roof, each by its name, with its preprocessing and settings that do for most tables.

`model("forest", "regression")` is a scikit-learn pipeline whose last step is called "model". What it learns of the
inputs (medians for missing values, means and scales) it learns in `fit`, so inside whatever folds it is fitted on.
A plugin adds a kind by an entry point in the group `matloop.models`: a function (task, seed, n_jobs) -> estimator.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from matloop.core.errors import InputError, did_you_mean
from matloop.core.registry import load, names

Task = Literal["regression", "classification"]
TASKS: tuple[Task, ...] = get_args(Task)
#: A forest keeps this many leaves in each tree: see docs/howto/choose-a-model.md for what it costs and gains.
LEAVES = 2000
TREES = 200
#: Boosting adds so many trees one after the other.
ROUNDS = 500


class Suits(NamedTuple):
    """What a kind is made for: its tasks, the most rows with which it still ends in minutes, rows without outcomes."""

    tasks: tuple[Task, ...] = TASKS
    most_rows: int | None = None
    #: Whether rows without an outcome teach it something, too: None among labels, NaN among numbers.
    has_unlabelled: bool = False


_NUMBERS: tuple[Task, ...] = ("regression",)
_CLASSES: tuple[Task, ...] = ("classification",)
#: Of our own kinds; a plugin's is expected to take anything, and to say so where it does not.
SUITS: dict[str, Suits] = {
    "linear": Suits(_NUMBERS),
    "ridge": Suits(_NUMBERS),
    "lasso": Suits(_NUMBERS),
    "elastic_net": Suits(_NUMBERS),
    "poisson": Suits(_NUMBERS),
    "logistic": Suits(_CLASSES),
    "naive_bayes": Suits(_CLASSES),
    "kernel_ridge": Suits(_NUMBERS, 10_000),
    "svm": Suits(TASKS, 20_000),
    "gaussian_process": Suits(TASKS, 3_000),
    "label_propagation": Suits(_CLASSES, 20_000, has_unlabelled=True),
    "self_training": Suits(has_unlabelled=True),
}


def kinds(task: Task | None = None) -> list[str]:
    """The names of all models, or of those for this task."""
    return [name for name in names("models") if task is None or task in SUITS.get(name, Suits()).tasks]


def model(kind: str, task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """An estimator that is not fitted yet. Raises InputError where there is none of this kind for the task."""
    suits = SUITS.get(kind, Suits())
    if task not in suits.tasks:
        asked, made_for = _WHAT[task], _WHAT[suits.tasks[0]]
        raise InputError(f"'{kind}' predicts {made_for}, not {asked}", "for these there are: " + ", ".join(kinds(task)))
    require(kind)
    return load("models", kind)(task, seed, n_jobs)


def described() -> list[dict[str, Any]]:
    """Each kind with what it predicts, the most rows it is made for, and what it is, in a sentence."""
    told = []
    for name in kinds():
        suits = SUITS.get(name, Suits())
        what = " ".join((load("models", name).__doc__ or "").split("\n\n")[0].split())
        predicts = [_WHAT[task] for task in suits.tasks]
        told.append({"name": name, "predicts": predicts, "most_rows": suits.most_rows, "what": what})
    return told


_WHAT = {"regression": "numbers", "classification": "classes"}


def require(kind: str) -> None:
    """Raises InputError, with the nearest name, where there is no model of this kind."""
    if kind not in names("models"):
        raise InputError(f"there is no model '{kind}'", did_you_mean(kind, ["auto", *kinds()]))


def check(kind: str, task: Task, y: Any, n_unlabelled: int = 0) -> None:
    """Raises InputError where a kind cannot learn from these outcomes y (n,), and rows without an outcome."""
    suits, n = SUITS.get(kind, Suits()), len(y) + n_unlabelled
    if suits.most_rows is not None and n > suits.most_rows:
        hint = "take forest or boosting, or a part of the rows"
        raise InputError(f"'{kind}' is made for at most {suits.most_rows:,} rows; here are {n:,}", hint)
    if kind == "poisson" and np.min(y) < 0:
        raise InputError("'poisson' learns counts and rates, and some values are negative", "take ridge or forest")
    if kind == "gaussian_process" and task == "classification" and len(np.unique(y)) > 2:
        raise InputError("'gaussian_process' tells two classes apart, and here are more", "take forest or logistic")


# -- linear models ------------------------------------------------------------------------------------------------


def linear(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """Least squares, with a trace of ridge that keeps columns which depend on each other from exploding."""
    from sklearn.linear_model import Ridge

    return _scaled(Ridge(alpha=1e-6))


def ridge(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """Ridge regression; its penalty is chosen by leaving one row out (generalized cross-validation)."""
    from sklearn.linear_model import RidgeCV

    return _scaled(RidgeCV(alphas=np.logspace(-3, 5, 17)))


def lasso(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """Least squares with few inputs; the penalty is chosen by cross-validation."""
    from sklearn.linear_model import LassoCV

    return _scaled(_centred(LassoCV(eps=1e-3, cv=5, max_iter=2000, tol=1e-3, random_state=seed, n_jobs=n_jobs)))


def elastic_net(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """Between ridge and lasso; penalty and mixture are chosen by cross-validation."""
    from sklearn.linear_model import ElasticNetCV

    settings = {"eps": 1e-3, "cv": 5, "max_iter": 2000, "tol": 1e-3, "random_state": seed, "n_jobs": n_jobs}
    return _scaled(_centred(ElasticNetCV(l1_ratio=[0.2, 0.5, 0.8, 0.95], **settings)))


def poisson(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """Counts and rates, which are never negative: the logarithm of their mean is linear."""
    from sklearn.linear_model import PoissonRegressor

    return _scaled(_centred(PoissonRegressor(alpha=1e-2, max_iter=500), with_mean=False))


def logistic(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """Log odds that are linear in the inputs."""
    from sklearn.linear_model import LogisticRegression

    return _scaled(LogisticRegression(C=0.1, max_iter=2000))


def naive_bayes(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """Each input is normally distributed in each class, and tells its part by itself."""
    from sklearn.naive_bayes import GaussianNB

    return _scaled(GaussianNB(var_smoothing=1e-3))


# -- trees --------------------------------------------------------------------------------------------------------


def tree(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """One decision tree, small enough to be read."""
    from sklearn.tree import DecisionTreeClassifier

    from matloop.models.forest import DecisionTree

    made = DecisionTree if task == "regression" else DecisionTreeClassifier
    return _filled(made(max_leaf_nodes=32, min_samples_leaf=5, random_state=seed))


def forest(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """A random forest whose trees have a bounded number of leaves."""
    from matloop.models.forest import RandomForest, RandomForestOfClasses

    made = RandomForest if task == "regression" else RandomForestOfClasses
    share = 1 / 3 if task == "regression" else "sqrt"
    return _filled(made(TREES, max_leaf_nodes=LEAVES, max_features=share, random_state=seed, n_jobs=n_jobs))


def extra_trees(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """Trees that split at random places, with a bounded number of leaves."""
    from matloop.models.forest import ExtraTrees, ExtraTreesOfClasses

    made = ExtraTrees if task == "regression" else ExtraTreesOfClasses
    share = 1 / 3 if task == "regression" else "sqrt"
    return _filled(made(TREES, max_leaf_nodes=LEAVES, max_features=share, random_state=seed, n_jobs=n_jobs))


def boosting(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """Gradient-boosted trees: LightGBM where it is installed, else scikit-learn's. Missing values need no filling."""
    try:
        from matloop.models.boosting import BoostedTrees, BoostedTreesOfClasses
    except (ImportError, OSError):  # an OSError: its library wants one of the system that is not there
        return _bare(_boosting_of_sklearn(task, seed))
    made = BoostedTrees if task == "regression" else BoostedTreesOfClasses
    return _bare(
        made(
            n_estimators=ROUNDS,
            learning_rate=0.04,
            num_leaves=31,
            min_child_samples=10,
            colsample_bytree=0.4,
            subsample=0.8,
            subsample_freq=1,
            reg_lambda=1.0,
            random_state=seed,
            n_jobs=n_jobs,
            deterministic=True,
            force_col_wise=True,
            verbosity=-1,
        )
    )


def _boosting_of_sklearn(task: Task, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    made = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    return made(max_iter=300, learning_rate=0.06, max_features=0.4, l2_regularization=1.0, random_state=seed)


# -- models that know distances -----------------------------------------------------------------------------------


def knn(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """The weighted mean of the nearest rows."""
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    made = KNeighborsRegressor if task == "regression" else KNeighborsClassifier
    return _scaled(made(n_neighbors=5, weights="distance", p=2, algorithm="brute", n_jobs=n_jobs))


def kernel_ridge(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """Ridge regression in the space of a Laplacian kernel; width and penalty are chosen by cross-validation."""
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.model_selection import GridSearchCV, KFold

    grid = {"gamma": [0.3e-3, 1e-3, 3e-3], "alpha": [0.01, 0.1]}
    folds = KFold(3, shuffle=True, random_state=seed)
    search = GridSearchCV(KernelRidge(kernel="laplacian"), grid, cv=folds, scoring="neg_mean_absolute_error")
    return _scaled(_centred(search))


def svm(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """Support vectors with a Gaussian kernel."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC, SVR

    if task == "regression":
        return _scaled(_centred(SVR(C=10.0, epsilon=0.05, gamma="scale", cache_size=500)))
    return _scaled(CalibratedClassifierCV(SVC(C=10.0, gamma="scale", cache_size=500), cv=3, ensemble=False))


def neural_network(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """Two layers of rectified units, stopped where held-out rows are predicted no better."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    made = MLPRegressor if task == "regression" else MLPClassifier
    stops = {"early_stopping": True, "n_iter_no_change": 20, "max_iter": 500}
    network = made(hidden_layer_sizes=(128, 64), alpha=1e-3, random_state=seed, **stops)
    return _scaled(_centred(network) if task == "regression" else network)


def gaussian_process(task: Task, seed: int = 0, n_jobs: int = 1) -> Any:
    """Our own Gaussian process on the principal components of the inputs; its mean has a standard deviation."""
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import MinMaxScaler

    if task == "regression":
        from matloop.models.gaussian_process import GaussianProcess

        process: Any = GaussianProcess()
    else:
        from matloop.models.gaussian_process_classifier import GaussianProcessClassifier

        process = GaussianProcessClassifier()
    parts = PCA(n_components=0.95, svd_solver="full")
    return _pipeline(*_fill(), *_scale(), ("components", parts), ("cube", MinMaxScaler()), ("model", process))


# -- what stands before a model -----------------------------------------------------------------------------------


def _pipeline(*steps: tuple[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    return Pipeline(list(steps))


def _fill() -> list[tuple[str, Any]]:
    from sklearn.impute import SimpleImputer

    return [("fill", SimpleImputer(strategy="median", keep_empty_features=True))]


def _scale() -> list[tuple[str, Any]]:
    from sklearn.preprocessing import StandardScaler

    return [("scale", StandardScaler())]


def _bare(estimator: Any) -> Any:
    return _pipeline(("model", estimator))


def _filled(estimator: Any) -> Any:
    """Missing values become the median of their column."""
    return _pipeline(*_fill(), ("model", estimator))


def _scaled(estimator: Any) -> Any:
    """Each column then has mean 0 and standard deviation 1."""
    return _pipeline(*_fill(), *_scale(), ("model", estimator))


def _centred(regressor: Any, with_mean: bool = True) -> Any:
    """Outcomes with mean 0, unless that is unwanted, and standard deviation 1 while the model learns."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.preprocessing import StandardScaler

    return TransformedTargetRegressor(regressor, transformer=StandardScaler(with_mean=with_mean))
