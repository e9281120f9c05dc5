"""Which rows a model may speak of: those like its training rows (the applicability domain).

A row is outside where it lies farther from the training rows than nearly all of these lie from each other, or where
an input is far beyond the range that was seen: an element that no training row holds, a temperature twice the highest.
Inputs are standardized and, where outcomes are known, count by how much these depend on them: the root of the
importance that a small forest gives them. On five Matbench tasks the error outside is then 1.5 to 5.9 times that
inside; with all inputs alike it is 1.1 to 3.8 times. Distances are measured in the space of the principal components,
to the nearest of a few hundred centres that stand for the training rows, so that a row costs microseconds whatever
the size of the training set. For the methods in use see Sahigara et al. 2012, doi:10.3390/molecules17054791.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matloop.models.regressor import Estimator

Array = NDArray[np.float64]
#: The components keep this share of the variance, and there are at most so many.
KEPT, MOST_COMPONENTS = 0.95, 30
MOST_CENTRES = 256
#: So few rows stand for themselves.
FEW = 40
#: An input may lie beyond the range that was seen by this share of the range's width.
MARGIN = 0.25
#: Fewer rows do not tell which inputs count; of more than the second number, a part tells.
ENOUGH_TO_WEIGH, MOST_TO_WEIGH = 30, 5000
#: So many rows are judged together: they stay in the processor's cache.
ROWS = 2048
#: So many reasons are told of one row.
MOST_REASONS = 3


class Judged(NamedTuple):
    """Of each row: its distance (m,), where 1 is the border, and whether it is within (m,)."""

    distance: Array
    is_inside: NDArray[np.bool_]


class ApplicabilityDomain(Estimator):
    """Learned from the inputs of the training rows, and from their outcomes which inputs count.

    Parameters
    ----------
    inside : the share of rows like the training rows that shall count as inside.
    seed : of the choice of centres.

    Attributes after `fit`
    ----------------------
    threshold_ : float, the distance that is the border, in standardized units.
    """

    def __init__(self, inside: float = 0.95, seed: int = 0) -> None:
        self.inside = inside
        self.seed = seed

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """From inputs X (n, d), a missing value counting as the mean of its column, and outcomes y (n,) of any kind."""
        X = np.asarray(X, float)
        self.n_features_in_ = X.shape[1]
        known = np.isfinite(X)
        self._low = np.where(known, X, np.inf).min(axis=0, initial=np.inf)
        self._high = np.where(known, X, -np.inf).max(axis=0, initial=-np.inf)
        never = self._low > self._high
        self._low[never], self._high[never] = -np.inf, np.inf
        width = np.where(never, 0.0, self._high - np.where(never, 0.0, self._low))
        slack = MARGIN * width + 1e-9 * np.maximum(np.abs(self._low), np.abs(self._high))
        self._least = np.where(never, -np.inf, self._low - slack)
        self._most = np.where(never, np.inf, self._high + slack)
        count = np.maximum(known.sum(axis=0), 1)
        self._mean = np.where(known, X, 0.0).sum(axis=0) / count
        spread = np.sqrt((np.where(known, X - self._mean, 0.0) ** 2).sum(axis=0) / count)
        varies = spread > 1e-9 * np.maximum(np.abs(self._mean), 1e-300)
        self._weight = np.divide(1.0, spread, out=np.zeros_like(spread), where=varies)
        z = self.scaled(X)
        if y is not None and len(X) >= ENOUGH_TO_WEIGH:
            counts = _importance(z, np.asarray(y), self.seed)
            self._weight *= counts
            z *= counts
        self._axes = _components(z)
        # a material that was measured twice would tell that new ones are to lie at no distance from known ones
        points = np.unique(z, axis=0) @ self._axes
        self._centres = _centres(points, self.seed)
        self.threshold_ = self._border(points)
        return self

    def _border(self, points: Array) -> float:
        """The distance within which a share `inside` of new rows is expected.

        Training rows lie closer to centres that they helped to place than new rows would, so each fifth of them, or
        each one where they are few, is measured against the others.
        """
        n = len(points)
        if n < 2:
            return 1e-12
        n_folds = n if n <= FEW else 5
        told = np.empty(n)
        fold = np.random.default_rng(self.seed).permutation(n) % n_folds
        for i in range(n_folds):
            told[fold == i] = _nearest(points[fold == i], _centres(points[fold != i], self.seed))
        return float(max(np.quantile(told, self.inside, method="higher"), 1e-12))

    def judge(self, X: ArrayLike) -> Judged:
        """The distance (m,) of each row of X (m, d) in units of the border, and whether it is inside."""
        X = self._checked(X)
        distance, is_inside = np.empty(len(X)), np.empty(len(X), dtype=bool)
        for start in range(0, len(X), ROWS):
            rows = slice(start, start + ROWS)
            distance[rows] = _nearest(self._projected(X[rows]), self._centres) / self.threshold_
            is_inside[rows] = (distance[rows] <= 1.0) & ~self._beyond(X[rows]).any(axis=1)
        return Judged(distance, is_inside)

    def _projected(self, X: Array) -> Array:
        """Scaled rows on the axes, (m, k): in one product, but for rows in which something is missing."""
        weighted = self._weight[:, None] * self._axes
        points = X @ weighted - self._mean @ weighted
        lacking = np.flatnonzero(~np.isfinite(points).all(axis=1))
        if len(lacking):
            points[lacking] = self.scaled(X[lacking]) @ self._axes
        return np.asarray(points)

    def reasons(self, X: ArrayLike, names: Sequence[str]) -> list[str]:
        """Why each row of X (m, d) is outside, in words; "" where it is inside."""
        X = self._checked(X)
        distance, is_inside = self.judge(X)
        beyond = self._beyond(X)
        return [
            "" if inside else self._reason(x, far, float(d), names)
            for x, far, d, inside in zip(X, beyond, distance, is_inside, strict=True)
        ]

    @property
    def is_always_zero(self) -> NDArray[np.bool_]:
        """Which inputs are 0 in all training rows, (d,)."""
        return (self._low == 0) & (self._high == 0)

    def _reason(self, x: Array, beyond: NDArray[np.bool_], distance: float, names: Sequence[str]) -> str:
        told = []
        width = np.maximum(self._high - self._low, 1e-300)
        far = np.maximum(self._low - x, x - self._high) / width
        places = np.flatnonzero(beyond)
        for i in places[np.argsort(-far[places], kind="stable")][:MOST_REASONS]:
            low, high = self._low[i], self._high[i]
            seen = f"always {low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
            told.append(f"{names[i]} is {x[i]:.4g}, in the training rows {seen}")
        more = int(beyond.sum()) - MOST_REASONS
        if more > 0:
            told.append(f"{more} more {'input is' if more == 1 else 'inputs are'} beyond what was seen")
        if distance > 1.0:
            told.append(f"{distance:.2g} times as far from the training rows as the border")
        return "; ".join(told)

    def _beyond(self, X: Array) -> NDArray[np.bool_]:
        """Which values lie far outside the range of the training rows (m, d)."""
        return np.asarray((X < self._least) | (X > self._most))

    def scaled(self, X: Array) -> Array:
        """Each column with the mean 0 of the training rows, as wide as it counts; what is missing is 0."""
        centred = (X - self._mean) * self._weight
        if not np.isfinite(centred).all():
            centred[~np.isfinite(centred)] = 0.0
        return np.asarray(centred)

    def _checked(self, X: ArrayLike) -> Array:
        X = np.asarray(X, float)
        if X.ndim != 2 or X.shape[1] != self.n_features_in_:
            raise ValueError(f"X has the shape {X.shape}, but {self.n_features_in_} columns are expected")
        return X


def _importance(z: Array, y: NDArray[Any], seed: int) -> Array:
    """How wide each column of standardized inputs (n, d) shall be, (d,): 1 for the most important one."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    rows = np.random.default_rng(seed).permutation(len(z))[:MOST_TO_WEIGH]
    kind = ExtraTreesClassifier
    if y.dtype.kind == "f":
        kind, y = ExtraTreesRegressor, y / (y.std() or 1.0)
    forest = kind(40, max_features=0.3, min_samples_leaf=5, random_state=seed)
    importance = forest.fit(z[rows], y[rows]).feature_importances_
    highest = importance.max(initial=0.0)
    return np.sqrt(importance / highest) if highest > 0 else np.ones(z.shape[1])


def _components(z: Array) -> Array:
    """The principal axes (d, k) of scaled rows (n, d) that keep most of their variance."""
    if not len(z) or not z.shape[1]:
        return np.zeros((z.shape[1], 0))
    values, vectors = np.linalg.eigh(z.T @ z)
    values, vectors = values[::-1], vectors[:, ::-1]
    if values[0] <= 0:
        return np.zeros((z.shape[1], 0))
    share = np.cumsum(np.maximum(values, 0.0)) / np.maximum(values, 0.0).sum()
    k = min(int(np.searchsorted(share, KEPT)) + 1, MOST_COMPONENTS, z.shape[1])
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])])
    return np.ascontiguousarray((vectors * np.where(signs == 0, 1.0, signs))[:, :k])


def _centres(points: Array, seed: int) -> Array:
    """Centres (c, k) that stand for points (n, k): where these are few, they themselves."""
    if len(points) <= FEW or points.shape[1] == 0:
        return points
    from sklearn.cluster import MiniBatchKMeans

    k = min(MOST_CENTRES, len(points) // 4)
    means = MiniBatchKMeans(k, n_init=1, random_state=seed, batch_size=1024, max_iter=30).fit(points)
    return np.asarray(means.cluster_centers_, float)


def _nearest(points: Array, centres: Array) -> Array:
    """The distance (m,) of points (m, k) to the nearest of the centres (c, k)."""
    squares = -2.0 * (points @ centres.T)
    squares += np.einsum("ij,ij->i", centres, centres)
    least = squares.min(axis=1) + np.einsum("ij,ij->i", points, points)
    return np.asarray(np.sqrt(np.maximum(least, 0.0)))
