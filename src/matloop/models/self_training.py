"""Self-training for numbers: the regression counterpart of Yarowsky 1995, doi:10.3115/981658.981684."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from matloop.models.regressor import Array, Regressor, inputs, outcomes

#: Of the forest that teaches itself unless told otherwise.
TREES = 100


class SelfTrainingRegressor(Regressor):
    """Teaches itself numbers: what it predicts surely of unlabelled rows it takes for measured, and learns again.

    In `fit`, an outcome of NaN marks an unlabelled row. How sure a prediction is, is judged by the disagreement of
    `n_copies` of the estimator, each fitted on a bootstrap sample of the labelled rows. In each round the surest
    `share` of the rows that are still unlabelled is taken, if they are as sure as the labelled rows are in the median.
    These pseudo-labels are guesses of the model itself: they can smooth it, and they cannot tell it what it does not
    know. After `fit`: `estimator_`, and `pseudo_labels_` (n,), NaN where there is none.
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        n_rounds: int = 5,
        share: float = 0.2,
        n_copies: int = 8,
        random_state: int | None = 0,
    ) -> None:
        self.estimator = estimator
        self.n_rounds = n_rounds
        self.share = share
        self.n_copies = n_copies
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from rows (n, d) and outcomes (n,), NaN where they are not known."""
        from sklearn.base import clone

        X, y = inputs(X), _outcomes_or_nan(y, len(inputs(X)))
        self.n_features_in_ = X.shape[1]
        known, rng = np.isfinite(y), np.random.default_rng(self.random_state)
        if not known.any():
            raise ValueError("Input y contains NaN alone: no row has an outcome to learn from")
        taught, self.n_iter_ = y.copy(), 0
        base = usual_forest(self.random_state) if self.estimator is None else self.estimator
        for _ in range(self.n_rounds):
            open_rows = np.flatnonzero(np.isnan(taught))
            if not len(open_rows) or known.sum() < 2:
                break
            told = self._copies(base, X, taught, rng)
            doubt = told.std(axis=0)
            wanted = max(1, int(self.share * len(open_rows)))
            surest = open_rows[np.argsort(doubt[open_rows], kind="stable")[:wanted]]
            surest = surest[doubt[surest] <= np.median(doubt[known])]
            if not len(surest):
                break
            taught[surest] = told[:, surest].mean(axis=0)
            self.n_iter_ += 1
        has_label = np.isfinite(taught)
        self.estimator_ = clone(base).fit(X[has_label], taught[has_label])
        self.pseudo_labels_ = np.where(known, np.nan, taught)
        return self

    def predict(self, X: ArrayLike) -> Array:
        """The predictions (m,) of rows (m, d)."""
        X = self._inputs_like_fit(X)
        return np.asarray(self.estimator_.predict(X), dtype=float)

    def _copies(self, base: Any, X: Array, y: Array, rng: np.random.Generator) -> Array:
        """What each copy says of all rows, (n_copies, n)."""
        from sklearn.base import clone

        known = np.flatnonzero(np.isfinite(y))
        told = []
        for _ in range(self.n_copies):
            drawn = rng.choice(known, len(known))
            told.append(clone(base).fit(X[drawn], y[drawn]).predict(X))
        return np.array(told, dtype=float)


def usual_forest(seed: int | None, n_jobs: int | None = None) -> Any:
    """What teaches itself unless told otherwise: extra trees, whose outcomes may be in any unit."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.preprocessing import StandardScaler

    forest = ExtraTreesRegressor(TREES, max_leaf_nodes=1000, random_state=seed, n_jobs=n_jobs)
    return TransformedTargetRegressor(forest, transformer=StandardScaler())


def _outcomes_or_nan(y: ArrayLike, n: int) -> Array:
    """Outcomes (n,), NaN where they are not known; all else that is wrong with them raises ValueError."""
    told = np.asarray(y)
    if told.dtype.kind == "O" and told.ndim == 1:
        told = told.astype(float)
    unknown = np.isnan(told) if told.dtype.kind == "f" else np.zeros(told.shape, dtype=bool)
    filled = outcomes(y if y is None else np.where(unknown, 0.0, told))
    if len(filled) != n:
        raise ValueError(f"X has {n} rows and y has {len(filled)}: each row needs both")
    return np.where(unknown.reshape(-1), np.nan, filled)
