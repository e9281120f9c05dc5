"""Intervals that hold what they promise, around the predictions of any regressor.

From out-of-fold residuals r_i = y_i − ŷ_i: conformal prediction (Vovk, Gammerman & Shafer 2005, Algorithmic Learning in
a Random World), in the cross-validated form of Vovk 2015, doi:10.1007/s10472-013-9368-4. Residuals are divided by an
expected size σ(x), so that intervals are wide where the model errs much (normalized nonconformity: Papadopoulos,
Gammerman & Vovk 2008). The quantiles of r/σ are taken on each side by itself, so that intervals of skewed outcomes are
skewed too (Romano, Patterson & Candès 2019, arXiv:1905.03222, take each side by itself in the same way).

    lower(x) = ŷ(x) + σ(x) q(α/2),   upper(x) = ŷ(x) + σ(x) q(1 − α/2),   confidence = 1 − α

Where no outcome was ever negative, as of a band gap or a lifetime, no end of an interval is.

The promise holds for rows that are drawn like those of the training set: a fold of them, not a new family.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matloop.core.errors import InputError
from matloop.models.regressor import Estimator

Array = NDArray[np.float64]
#: Below so many rows the size of residuals is taken as the same everywhere: it cannot be learned.
ENOUGH_TO_LEARN = 60
#: So many scores are kept; of more, evenly spaced quantiles.
MOST_SCORES = 20_001
#: The share of values within one standard deviation of a normal distribution.
ONE_SIGMA = 0.6826894921370859


class ConformalIntervals(Estimator):
    """Learns from inputs, out-of-fold predictions and outcomes how far a prediction may be off.

    Parameters
    ----------
    n_trees : trees of the forest that learns the size of residuals; 40, or 20 of fewer than 500 rows, unless given.
    seed : of that forest.

    Attributes after `fit`
    ----------------------
    scores_ : (n,) the residuals over their expected sizes, in order.
    typical_ : float, the median size of a residual.
    least_ : float, the least end of an interval: 0 where no outcome is negative, else minus infinity.
    """

    def __init__(self, n_trees: int | None = None, seed: int = 0) -> None:
        self.n_trees = n_trees
        self.seed = seed

    def fit(
        self, X: ArrayLike, predicted: ArrayLike, y: ArrayLike, std: ArrayLike | None = None, groups: Any = None
    ) -> Self:
        """From inputs X (n, d), out-of-fold predictions (n,) and outcomes y (n,); a NaN prediction leaves its row out.

        `std` (n,) is the model's own idea of its uncertainty where it has one, out of fold as well; `groups` (n,) are
        left out together while sizes are learned. Raises InputError for fewer than two rows.
        """
        X, predicted, y = np.asarray(X, float), np.asarray(predicted, float), np.asarray(y, float)
        known = np.isfinite(predicted)
        if known.sum() < 2:
            raise InputError("intervals need at least two out-of-fold predictions", "train on more rows")
        residual = (y - predicted)[known]
        self.n_features_in_ = X.shape[1]
        self.least_ = 0.0 if np.nanmin(y) >= 0 else -np.inf
        size = np.abs(residual)
        self.typical_ = float(np.median(size))
        self._floor = max(0.1 * self.typical_, 1e-3 * float(size.mean()), np.finfo(float).tiny)
        self._forest: Any = None
        sizes = np.full(len(residual), max(self.typical_, self._floor))
        if len(residual) >= ENOUGH_TO_LEARN and size.max() > 0:
            groups = None if groups is None else np.asarray(groups)[known]
            inputs = _with(X, predicted, std)[known]
            sizes = self._learn_sizes(inputs, size, groups)
        self.scores_ = _thinned(np.sort(residual / sizes))
        self.n_scores_ = len(residual)
        return self

    def _learn_sizes(self, inputs: Array, size: Array, groups: Any) -> Array:
        """The expected size of each residual, by a forest that has not seen it."""
        from sklearn.base import clone

        from matloop.models.forest import RandomForest, grown
        from matloop.models.out_of_fold import folds_of

        self._fill = _medians(inputs)
        inputs = self._filled(inputs)
        root = np.sqrt(size)  # it tames the few residuals that would rule the mean of a leaf
        forest = RandomForest(
            self.n_trees or (40 if len(size) >= 500 else 20),
            min_samples_leaf=max(5, len(size) // 100),
            max_leaf_nodes=64,
            max_features="sqrt",
            random_state=self.seed,
        )
        own = np.full(len(root), np.median(root))
        for train, test in folds_of(root, groups, self.seed, n_folds=5):
            own[test] = grown(clone(forest), inputs[train], root[train]).predict(inputs[test])
        self._forest = grown(forest, inputs, root)
        self._forest.out_of_fold_ = None
        return np.asarray(np.maximum(own**2, self._floor))

    def size(self, X: ArrayLike, predicted: ArrayLike, std: ArrayLike | None = None) -> Array:
        """The expected size σ (m,) of the error of predictions (m,) at X (m, d)."""
        predicted = np.asarray(predicted, float)
        if self._forest is None:
            return np.full(len(predicted), max(self.typical_, self._floor))
        inputs = self._filled(_with(np.asarray(X, float), predicted, std))
        return np.asarray(np.maximum(self._forest.predict(inputs) ** 2, self._floor))

    def interval(
        self, X: ArrayLike, predicted: ArrayLike, confidence: float = 0.9, std: ArrayLike | None = None
    ) -> tuple[Array, Array]:
        """The lower and the upper end, both (m,), of intervals that hold the outcome with this confidence.

        Raises InputError for a confidence that is none, or that so few rows cannot support.
        """
        return self.around(predicted, self.size(X, predicted, std), confidence)

    def around(self, predicted: ArrayLike, size: Array, confidence: float) -> tuple[Array, Array]:
        """The same where the sizes are known already."""
        low, high = self._quantiles(confidence)
        predicted = np.asarray(predicted, float)
        return np.maximum(predicted + low * size, self.least_), np.maximum(predicted + high * size, self.least_)

    def std(self, size: Array) -> Array:
        """Half the width of an interval that holds 68 % of the outcomes, (m,): a standard deviation if normal."""
        low, high = self._quantiles(min(ONE_SIGMA, self.highest_confidence))
        return np.asarray((high - low) / 2 * size)

    @property
    def highest_confidence(self) -> float:
        """The most that so many rows can support: beyond it an interval would have to be infinite."""
        return 1.0 - 2.0 / (self.n_scores_ + 1)

    def _quantiles(self, confidence: float) -> tuple[float, float]:
        """The scores between which a share `confidence` of new ones is expected, as many missed below as above.

        Of n scores the k-th smallest has a chance k/(n + 1) of standing above a new one.
        """
        if not 0.0 < confidence < 1.0:
            raise InputError(f"a confidence lies between 0 and 1; {confidence:g} does not", "such as 0.9")
        highest = self.highest_confidence
        if confidence > highest + 1e-12:
            most = f"{self.n_scores_} rows support intervals of at most {100 * highest:.3g} %"
            raise InputError(f"{most}, not {100 * confidence:.6g} %", "ask for less, or train on more rows")
        tail = (1.0 - confidence) / 2 * (self.n_scores_ + 1)
        rank = np.linspace(1, self.n_scores_, len(self.scores_))
        low, high = np.interp([tail, self.n_scores_ + 1 - tail], rank, self.scores_)
        return float(low), float(high)

    def _filled(self, inputs: Array) -> Array:
        known = np.isfinite(inputs)
        return inputs if known.all() else np.where(known, inputs, self._fill)


def _with(X: Array, predicted: Array, std: ArrayLike | None) -> Array:
    """What the size of an error is learned from: the inputs, the prediction, and the model's own uncertainty."""
    more = [predicted] if std is None else [predicted, np.asarray(std, float)]
    return np.column_stack([X, *more])


def _medians(inputs: Array) -> Array:
    known = np.where(np.isfinite(inputs), inputs, np.nan)
    has_any = np.isfinite(known).any(axis=0)
    out = np.zeros(inputs.shape[1])
    out[has_any] = np.nanmedian(known[:, has_any], axis=0)
    return out


def _thinned(scores: Array) -> Array:
    """Of very many sorted scores evenly spaced ones, the extremes among them."""
    if len(scores) <= MOST_SCORES:
        return scores
    return scores[np.round(np.linspace(0, len(scores) - 1, MOST_SCORES)).astype(int)]
