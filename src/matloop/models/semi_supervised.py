"""Learning from rows without an outcome as well: self-training and label propagation.

What is gained depends on whether rows that are alike have like outcomes; often nothing is, sometimes it gets worse.
Compare with the same model on the labelled rows alone before you believe it.
"""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from matloop.core.errors import InputError
from matloop.models.regressor import Array, Estimator, inputs


class SemiSupervisedClassifier(Estimator):
    """scikit-learn's semi-supervised classifiers for labels as they stand in tables.

    In `fit`, None, NaN or "" marks an unlabelled row, whatever kind of labels the others have. `method`:
    "self-training" around `estimator` (Yarowsky 1995, doi:10.3115/981658.981684), or along the graph of the nearest
    rows "propagation" (Zhu & Ghahramani 2002), which keeps the labels, and "spreading" (Zhou et al. 2004), which may
    change some of them.
    """

    _estimator_type = "classifier"

    def __init__(
        self,
        method: str = "self-training",
        estimator: Any = None,
        *,
        threshold: float = 0.8,
        n_neighbors: int = 7,
        random_state: int | None = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.method = method
        self.estimator = estimator
        self.threshold = threshold
        self.n_neighbors = n_neighbors
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from rows (n, d) and labels (n,)."""
        X = inputs(X)
        self.n_features_in_ = X.shape[1]
        self.classes_, codes = _coded(y, len(X))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "y contains no unlabeled samples")  # then it learns from those alone
            self.model_ = self._made(len(X)).fit(X, codes)
        if getattr(self.model_, "nn_fit", None) is not None:
            from sklearn.neighbors import NearestNeighbors

            # the same neighbours without a search tree, which a model file does not hold
            self.model_.nn_fit = NearestNeighbors(n_neighbors=self.model_.n_neighbors, algorithm="brute").fit(X)
        return self

    def predict_proba(self, X: ArrayLike) -> Array:
        """The probabilities (m, k) of the classes."""
        X = self._inputs_like_fit(X)
        told = np.nan_to_num(np.asarray(self.model_.predict_proba(X), dtype=float))
        total = told.sum(axis=1, keepdims=True)
        # a row that no label has reached says nothing: each class is as likely
        return np.where(total > 0, told / np.where(total > 0, total, 1.0), 1.0 / len(self.classes_))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The likeliest label (m,)."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """The share of the labels y (m,) that is predicted."""
        return float(np.mean(self.predict(X) == np.asarray(y)))

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier", target_tags=TargetTags(required=True), classifier_tags=ClassifierTags()
        )

    def _made(self, n: int) -> Any:
        from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier

        graph: dict[str, Any] = {"kernel": "knn", "n_neighbors": min(self.n_neighbors, n), "n_jobs": self.n_jobs}
        if self.method == "propagation":
            return LabelPropagation(max_iter=2000, **graph)
        if self.method == "spreading":
            return LabelSpreading(alpha=0.9, max_iter=200, **graph)
        if self.method == "self-training":
            base = _forest(self.random_state, self.n_jobs) if self.estimator is None else self.estimator
            return SelfTrainingClassifier(base, threshold=self.threshold)
        raise ValueError(f"method is 'self-training', 'propagation' or 'spreading', not {self.method!r}")


class WithUnlabelled(BaseEstimator):
    """An estimator that learns from rows without an outcome, (m, d), beside those that it is given in `fit`."""

    def __init__(self, estimator: Any, unlabelled: Any) -> None:
        self.estimator = estimator
        self.unlabelled = unlabelled

    def fit(self, X: Array, y: NDArray[Any]) -> Self:
        """Learn from inputs (n, d), outcomes (n,), and the other rows."""
        from sklearn.base import clone

        n = len(self.unlabelled)
        unknown = np.full(n, np.nan) if y.dtype.kind == "f" else np.full(n, None, dtype=object)
        self.model_ = clone(self.estimator).fit(np.vstack([X, self.unlabelled]), np.concatenate([y, unknown]))
        if hasattr(self.model_, "classes_"):
            self.classes_ = self.model_.classes_
        return self

    def predict(self, X: Array) -> NDArray[Any]:
        """What the estimator predicts of rows (m, d), (m,)."""
        return np.asarray(self.model_.predict(X))

    def predict_proba(self, X: Array) -> Array:
        """The probabilities (m, k) of its classes."""
        return np.asarray(self.model_.predict_proba(X))


def self_training(task: str, seed: int = 0, n_jobs: int = 1) -> Any:
    """A forest that teaches itself with rows whose outcome is unknown, those first of which it is sure."""
    if task == "classification":
        return _scaled(SemiSupervisedClassifier(estimator=_forest(seed, n_jobs), random_state=seed))
    from matloop.models.self_training import SelfTrainingRegressor, usual_forest

    return _scaled(SelfTrainingRegressor(usual_forest(seed, n_jobs), random_state=seed))


def label_propagation(task: str, seed: int = 0, n_jobs: int = 1) -> Any:
    """Classes spread from the rows that have one to their nearest neighbours that have none."""
    if task != "classification":
        raise InputError("'label_propagation' spreads classes, not numbers", "take self_training")
    return _scaled(SemiSupervisedClassifier("spreading", random_state=seed, n_jobs=n_jobs))


def _scaled(model: Any) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    fill = SimpleImputer(strategy="median", keep_empty_features=True)
    return Pipeline([("fill", fill), ("scale", StandardScaler()), ("model", model)])


def _forest(seed: int | None, n_jobs: int | None) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    from matloop.models.self_training import TREES

    return ExtraTreesClassifier(TREES, max_leaf_nodes=1000, random_state=seed, n_jobs=n_jobs)


def _coded(y: ArrayLike, n: int) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """The classes, and each label as a place among them, (n,); −1 where there is none."""
    from matloop.models.classifier import labels

    told = np.asarray(y, dtype=object) if y is not None else y
    if told is None or told.ndim != 1:
        labels(y)  # says what is wrong, or warns of a column
        told = np.asarray(y, dtype=object).reshape(-1)
    if len(told) != n:
        raise ValueError(f"X has {n} rows and y has {len(told)}: each row needs both")
    known = np.array([label is not None and label == label and label != "" for label in told])
    if not known.any():
        raise ValueError("Input y contains NaN alone: no row has a label to learn from")
    plain = labels(np.array(list(told[known])))
    classes, codes = np.unique(plain, return_inverse=True)
    coded = np.full(n, -1, dtype=np.intp)
    coded[known] = codes
    return classes, coded
