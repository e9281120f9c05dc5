"""The models of emulators, from scikit-learn; imported only by an emulator that is about to be used."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from sklearn.model_selection import KFold

from matloop.core.magnitude import grow

#: Conditions from which the hyperparameters of a Gaussian process are learned; it is then fitted to all of them.
MOST_TO_LEARN_FROM = 300


def fitted(kind: str, X: np.ndarray, y: np.ndarray) -> Any:
    """A model fitted to X (c, k) and y (c,). The same data give the same model."""
    if kind == "forest":
        # Geurts, Ernst, Wehenkel 2006, doi:10.1007/s10994-006-6226-1
        return _fit(ExtraTreesRegressor(n_estimators=200, random_state=0), X, y)
    kernel = ConstantKernel() * Matern(np.ones(X.shape[1]), (0.03, 30), nu=2.5) + WhiteKernel(0.1, (1e-6, 1e1))
    some = np.random.default_rng(0).permutation(len(X))[:MOST_TO_LEARN_FROM]
    with warnings.catch_warnings():  # a hyperparameter at its bound is an answer too
        warnings.simplefilter("ignore", ConvergenceWarning)
        learned = GaussianProcessRegressor(kernel, normalize_y=True).fit(X[some], y[some]).kernel_
    return GaussianProcessRegressor(learned, optimizer=None, normalize_y=True).fit(X, y)


def cross_validated(model: Any, X: np.ndarray, y: np.ndarray, n_folds: int) -> np.ndarray:
    """Predictions (c,) for conditions that were held out; one row a condition, so replicates cannot leak.

    Hyperparameters of a Gaussian process, a handful for all the data, are kept as they were learned.
    """
    predicted = np.empty(len(y))
    for train, test in KFold(n_folds, shuffle=True, random_state=0).split(X):
        predicted[test] = _fit(clone(model), X[train], y[train]).predict(X[test])
    return predicted


def _fit(model: Any, X: np.ndarray, y: np.ndarray) -> Any:
    if not isinstance(model, ExtraTreesRegressor):
        return model.fit(X, y)
    grow(lambda scaled: model.fit(X, scaled), y, lambda: model.estimators_)
    return model


def predicted(model: Any, X: np.ndarray) -> np.ndarray:
    """What the model predicts (m,) at X (m, k). A forest's trees are asked themselves: its own `predict` takes ten
    milliseconds of preparation, which a rehearsal would pay at every trial.
    """
    if not hasattr(model, "estimators_"):
        return np.asarray(model.predict(X))
    single = np.asarray(X, np.float32)
    return np.asarray(
        np.mean([tree.tree_.predict(single).reshape(len(single), -1)[:, 0] for tree in model.estimators_], axis=0)
    )
