"""Outcomes with long tails, bent so that a few extreme ones do not rule a model that squares its errors."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted

from matloop.models.out_of_fold import fit, last_step

Array = NDArray[np.float64]


class BentRegressor(RegressorMixin, BaseEstimator):
    """Lets `regressor` learn asinh((y − median) / spread): y itself in the middle, its logarithm in both tails.

    `spread` is half the distance between the quartiles, or the standard deviation where these are equal. The way back
    goes a quarter of the bent range beyond its ends and no further, since a small error far out would be a large one
    there. If the regressor knows what it says of rows out of fold, so does this.
    """

    def __init__(self, regressor: Any = None) -> None:
        self.regressor = regressor

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """From inputs X (n, d) and outcomes y (n,); rows of one of the `groups` (n,) are left out together."""
        y = np.asarray(y, dtype=float)
        low, self.median_, high = np.quantile(y, [0.25, 0.5, 0.75])
        self.spread_ = float((high - low) / 2 or y.std() or 1.0)
        bent = np.arcsinh((y - self.median_) / self.spread_)
        reach = float(np.ptp(bent)) or 1.0
        self.low_, self.high_ = float(bent.min()) - reach / 4, float(bent.max()) + reach / 4
        self.regressor_ = fit(clone(self.regressor), X, bent, groups)
        told = getattr(last_step(self.regressor_), "out_of_fold_", None)
        self.out_of_fold_ = None if told is None else self._back(told)
        self.n_features_in_ = np.shape(X)[1]
        return self

    def predict(self, X: Any) -> Array:
        """Outcomes (m,) at X (m, d), in the unit of y."""
        check_is_fitted(self)
        return self._back(self.regressor_.predict(X))

    def _back(self, bent: Any) -> Array:
        inside = np.clip(np.asarray(bent, dtype=float), self.low_, self.high_)
        return np.asarray(np.sinh(inside) * self.spread_ + self.median_)
