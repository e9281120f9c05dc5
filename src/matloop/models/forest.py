"""Forests that know how wrong they are on rows that they have not seen, for the price of two.

Beside the forest, five smaller ones grow, each with a fifth of the trees and without a fifth of the rows (of the groups,
where rows belong together): what they say of the rows left out is `out_of_fold_`. A full cross-validation costs five
forests more; a forest made of such blocks alone would cost one and be 4 % less accurate (measured on the experimental
band gaps of Matbench).

The classes are scikit-learn's own with another `fit`, so that whatever explains or stores a forest knows them; that is
why this module, which is only imported when a forest is asked for, imports scikit-learn at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

Array = NDArray[np.float64]
#: So many smaller forests grow beside it.
N_BLOCKS = 5


class _InBlocks:
    """The `fit` with blocks beside it. `out_of_fold_` is (n,) or, of classes, (n, k); None where there are too few rows."""

    out_of_fold_: Array | None

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Grow on inputs X (n, d) and outcomes y (n,); rows of one of the `groups` (n,) are left out together."""
        out = self._rehearsed(X, y, sample_weight, groups)
        whole: Any = super()
        whole.fit(X, y, sample_weight)
        self.out_of_fold_ = out
        return self

    def _rehearsed(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> Array | None:
        """What smaller forests say of the rows that they have not seen: as many trees in all as this forest has."""
        from sklearn.base import clone

        folds = list(self._folds(X, y, groups))
        if not folds:
            return None
        X, y = np.asarray(X), np.asarray(y)
        weight = None if sample_weight is None else np.broadcast_to(sample_weight, len(y))
        me: Any = self
        seeds = check_random_state(me.random_state).randint(np.iinfo(np.int32).max, size=len(folds))
        out: Array | None = None
        for (train, test), seed, n in zip(folds, seeds, _shares(me.n_estimators, len(folds)), strict=True):
            block = clone(me).set_params(n_estimators=n, random_state=int(seed))
            _grown(block, X[train], y[train], None if weight is None else weight[train])
            told = block.predict_proba(X[test]) if hasattr(block, "classes_") else block.predict(X[test])
            out = np.empty((len(y), *told.shape[1:])) if out is None else out
            out[test] = told
        return out

    def _folds(self, X: Any, y: Any, groups: Any) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """The rows that each block sees and leaves out; none where a block would miss a class or have next to nothing."""
        from matloop.models.splits import GroupedSplit, group_codes

        n, me = len(np.asarray(y)), self
        if np.ndim(y) > 1 or n < 2 * N_BLOCKS or me.n_estimators < N_BLOCKS:  # type: ignore[attr-defined]
            return
        member = np.arange(n) if groups is None else group_codes(groups, n)[1]
        if len(np.unique(member)) < N_BLOCKS:
            return
        folds = list(GroupedSplit(N_BLOCKS).split(np.empty((n, 0)), groups=member))
        if isinstance(self, RandomForestClassifier | ExtraTreesClassifier):
            n_classes = len(np.unique(y))
            if any(len(np.unique(np.asarray(y)[train])) < n_classes for train, _ in folds):
                return
        yield from folds


class _WithSpread(_InBlocks):
    """Regression: the trees' disagreement is told as well."""

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """The mean over the trees (m,); where asked, with their standard deviation (m,)."""
        if not return_std:
            return super().predict(X)  # type: ignore[misc]
        from joblib import Parallel, delayed

        check_is_fitted(self)
        me: Any = self
        x = me._validate_X_predict(X)
        jobs = Parallel(n_jobs=me.n_jobs, prefer="threads", require="sharedmem", return_as="generator")
        total, squares = np.zeros(len(x)), np.zeros(len(x))
        for told in jobs(delayed(tree.tree_.predict)(x) for tree in me.estimators_):
            total += told[:, 0]
            squares += told[:, 0] ** 2
        mean = total / len(me.estimators_)
        return mean, np.sqrt(np.maximum(squares / len(me.estimators_) - mean**2, 0.0))


class RandomForest(_WithSpread, RandomForestRegressor):
    """Breiman 2001, doi:10.1023/A:1010933404324."""


class ExtraTrees(_WithSpread, ExtraTreesRegressor):
    """Geurts, Ernst & Wehenkel 2006, doi:10.1007/s10994-006-6226-1."""


class RandomForestOfClasses(_InBlocks, RandomForestClassifier):
    """A random forest that votes for classes."""


class ExtraTreesOfClasses(_InBlocks, ExtraTreesClassifier):
    """Extremely randomized trees that vote for classes."""


def _grown(forest: Any, X: Any, y: Any, sample_weight: Any) -> None:
    """scikit-learn's own fit, without blocks."""
    super(_InBlocks, forest).fit(X, y, sample_weight)


def _shares(n: int, parts: int) -> list[int]:
    """n in so many parts that differ by one at most."""
    return [n // parts + (i < n % parts) for i in range(parts)]
