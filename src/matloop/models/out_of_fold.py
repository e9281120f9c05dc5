"""A fitted model beside what models like it said of each row before they had seen it.

Such out-of-fold predictions tell how wrong a model is on rows that are new to it, without setting any aside:
Vovk 2015, doi:10.1007/s10472-013-9368-4 (cross-conformal predictors); Barber et al. 2021, doi:10.1214/20-AOS1965 (CV+).
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matloop.models.splits import Fold, GroupedSplit, RandomSplit, group_codes

Array = NDArray[np.float64]

#: Of fewer rows than this each counts, and fits are quick: ten folds then, of which each knows nine tenths; else five.
FEW = 2000


def usual_folds(n: int) -> int:
    """How many folds n rows are dealt into where errors are learned from rows left out."""
    return 10 if n < FEW else 5


class Learned(NamedTuple):
    """A model that knows all rows, and out-of-fold predictions: numbers (n,), or the probabilities (n, k) of classes.

    NaN where a row could not be left out.
    """

    model: Any
    out_of_fold: Array


def learn(estimator: Any, X: Array, y: NDArray[Any], groups: Any = None, seed: int = 0) -> Learned:
    """Fit a clone of the estimator; rows of one of the `groups` (n,) are left out together.

    A model that already has `out_of_fold_` after its fit is believed, any other one is fitted anew for each fold.
    """
    from sklearn.base import clone

    model = fit(clone(estimator), X, y, groups)
    own = getattr(last_step(model), "out_of_fold_", None)
    if own is not None:
        return Learned(model, np.asarray(own, dtype=float))
    classes = getattr(model, "classes_", None)
    out = np.full(len(y) if classes is None else (len(y), len(classes)), np.nan)
    for train, test in folds_of(y, groups, seed, is_classes=classes is not None):
        part = fit(clone(estimator), X[train], y[train], None if groups is None else np.asarray(groups)[train])
        out[test] = part.predict(X[test]) if classes is None else probabilities(part, X[test], classes)
    return Learned(model, out)


def folds_of(
    y: NDArray[Any], groups: Any = None, seed: int = 0, n_folds: int | None = None, is_classes: bool = False
) -> Iterable[Fold]:
    """Folds of rows with outcomes y (n,), in which rows of a group stay together; none where there are too few."""
    n_groups = len(y) if groups is None else len(group_codes(groups, len(y))[0])
    n_folds = min(n_folds or usual_folds(len(y)), n_groups)
    if n_folds < 2:
        return ()
    if groups is None or n_groups == len(y):
        return RandomSplit(n_folds, seed, is_stratified=is_classes).split(np.empty((len(y), 0)), y)
    return GroupedSplit(n_folds, seed).split(np.empty((len(y), 0)), y, groups)


def fit(estimator: Any, X: Array, y: NDArray[Any], groups: Any = None) -> Any:
    """The estimator, fitted; it is told the groups where its last step cares for them."""
    if groups is None or "groups" not in inspect.signature(last_step(estimator).fit).parameters:
        return estimator.fit(X, y)
    steps = getattr(estimator, "steps", None)
    return estimator.fit(X, y, **{f"{steps[-1][0]}__groups" if steps else "groups": groups})


def last_step(estimator: Any) -> Any:
    """The model at the end of a pipeline, or the estimator itself."""
    return estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator


def probabilities(model: Any, X: Array, classes: NDArray[Any]) -> Array:
    """The probabilities (n, k) of these classes; 0 for those that the model has not met."""
    told = model.predict_proba(X)
    if np.array_equal(model.classes_, classes):
        return np.asarray(told, dtype=float)
    out = np.zeros((len(told), len(classes)))
    out[:, np.searchsorted(classes, model.classes_)] = told
    return out
