"""Columns that say something of their own: no constant ones, and one of those that say the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

Array = NDArray[np.float64]


class Distinct(TransformerMixin, BaseEstimator):
    """Keeps the first of columns that are correlated by more than `most`: trees then look at fewer, and as many facts.

    At least one column stays. A scikit-learn transformer for matrices without missing values.
    """

    def __init__(self, most: float = 0.999) -> None:
        self.most = most

    def fit(self, X: Any, y: Any = None) -> Distinct:
        """From inputs X, (n, d)."""
        X = validate_data(self, X, dtype=np.float64)
        spread = X.std(axis=0)
        varies = np.flatnonzero(spread > 1e-12 * np.maximum(np.abs(X).max(axis=0), 1e-300))
        kept: list[int] = []
        if len(X) > 1 and len(varies):
            z = (X[:, varies] - X[:, varies].mean(axis=0)) / spread[varies]
            alike = np.abs(z.T @ z) / len(X) > self.most
            taken = np.zeros(len(varies), dtype=bool)
            for j in range(len(varies)):
                if not taken[j]:
                    kept.append(int(varies[j]))
                    taken |= alike[j]
        self.kept_ = np.array(kept or [0], dtype=np.intp)
        return self

    def transform(self, X: Any) -> Array:
        """The columns kept, (m, d')."""
        check_is_fitted(self)
        return np.asarray(validate_data(self, X, dtype=np.float64, reset=False)[:, self.kept_])

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """The names of the columns kept."""
        check_is_fitted(self)
        n = self.n_features_in_
        names = [f"x{i}" for i in range(n)] if input_features is None else list(input_features)
        return np.asarray(names, dtype=object)[self.kept_]
