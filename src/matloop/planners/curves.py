"""What is believed of a measured curve, and how much nearer to the target a trial is expected to come.

The curve is modelled, not its distance to the target: a distance forgets in which direction it was missed. Curves are
written in a few components (the principal ones of those observed, and the direction of the target, which they may not
contain), each with a Gaussian process of its own. The squared distance at a point is then a sum of squares of normal
variables, and its expected decrease below the best so far is the score: expected improvement of a composite function
(Uhrenholt & Jensen 2019, Efficient Bayesian Optimization for Target Vector Estimation, AISTATS, PMLR 89:2661-2670;
Astudillo & Frazier 2019, Bayesian Optimization of Composite Functions, ICML, arXiv:1906.01537), here in closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matloop.core.objective import Match
from matloop.core.parameter import Columns
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.models.gaussian_process import GaussianProcess
from matloop.planners.closeness import log_expected_decrease
from matloop.planners.inputs import inputs_of

Array = NDArray[np.float64]

#: Principal components at most; what they leave is a remainder of constant size.
MOST_COMPONENTS = 10


@dataclass(frozen=True)
class Components:
    """Curves y (n, m), seen from the target: y − target = scores @ basis + remainder.

    basis : (k, m), orthonormal rows. remainder : the mean square of what they leave of an observed curve.
    """

    basis: Array
    remainder: float

    @classmethod
    def of(cls, differences: Array) -> Components:
        """Those of observed curves minus the target, (n, m).

        As many as it takes to leave no more than the noise, and the direction in which the mean misses the target.
        """
        mean = differences.mean(axis=0)
        _, sizes, rows = np.linalg.svd(differences - mean, full_matrices=False)
        left = np.append(np.cumsum(sizes[::-1] ** 2)[::-1], 0.0) / len(differences)
        enough = int(np.argmax(left <= max(noise_of(differences), 1e-9 * left[0])))
        basis = rows[: max(1, min(enough, MOST_COMPONENTS, len(differences) - 1))]
        missed = mean - (mean @ basis.T) @ basis
        size = float(np.linalg.norm(missed))
        if size > 1e-9 * float(np.linalg.norm(differences, axis=1).max()):
            basis = np.vstack([basis, missed / size])
        rest = differences - (differences @ basis.T) @ basis
        return cls(basis, float(np.mean(np.sum(rest**2, axis=1))))


def noise_of(curves: Array) -> float:
    """The mean square of white noise over a whole curve (n, m), from second differences: a smooth curve has none.

    Their median counts, so that a sharp band is not taken for noise. Gasser, Sroka & Jennen-Steinmetz 1986,
    doi:10.1093/biomet/73.3.625, with the median of Hampel 1974 (0.6745 of a standard deviation is the half of values).
    """
    if curves.shape[1] < 3:
        return 0.0
    bends = np.abs(curves[:, 2:] - 2 * curves[:, 1:-1] + curves[:, :-2])
    return float(curves.shape[1] * np.mean((np.median(bends, axis=1) / 0.6745) ** 2) / 6)


class CurveBeliefs:
    """Beliefs about one Match objective; `observations` without its curve teach nothing."""

    def __init__(self, space: Space, objective: Match, observations: Sequence[Observation]) -> None:
        self.space, self.objective = space, objective
        known = [o for o in observations if o.failed is None and objective.name in o.curves]
        if len(known) < 2:
            raise ValueError("two measured curves are needed at least")
        curves = np.array([objective.resampled(o.curves[objective.name]) for o in known])
        differences = objective.features(curves) - objective.target_features
        self.components = Components.of(differences)
        self.inputs = inputs_of(space, known)
        scores = differences @ self.components.basis.T
        self.models = [GaussianProcess(blocks=space.blocks).fit(self.inputs, score) for score in scores.T]

    def with_pending(self, points: Sequence[Point]) -> CurveBeliefs:
        """The beliefs once these points are measured as expected: the means stay, the uncertainty there vanishes."""
        if not points:
            return self
        new = copy(self)
        new.__dict__.pop("squares_where_measured", None)
        added = self.space.encode(self.space.columns(points))
        new.models = [model.condition(added, noise_variance=np.zeros(len(points))) for model in self.models]
        new.inputs = np.concatenate([self.inputs, added])
        return new

    def score(self, columns: Columns, meets: NDArray[np.bool_] | None = None) -> Array:
        """The logarithm of the expected decrease of the squared distance below the best so far, (n,).

        `meets` says of each observation, and then of each pending point, whether it counts for the best: (n,).
        """
        return self.log_improvement(self.space.encode(columns), meets)

    def log_improvement(self, x: Array, meets: NDArray[np.bool_] | None = None) -> Array:
        """The same at encoded inputs x (n, d)."""
        squares = self.squares_where_measured
        best = float(squares[meets].min() if meets is not None and meets.any() else squares.min())
        means, variances = self._scores(x)
        size = float(squares.max() + variances.sum(axis=1).max())
        if size == 0.0:  # all curves are the target: no point promises more than another
            return np.zeros(len(x))
        return log_expected_decrease(means, variances, max(best, 1e-9 * size))  # a hit to all digits ends no search

    @cached_property
    def squares_where_measured(self) -> Array:
        """The squared distance by the expected scores at each observation and pending point, (n,).

        A lucky reading does not count, and the remainder, which is the same everywhere, is left out.
        """
        return np.asarray(sum(model.predict(self.inputs) ** 2 for model in self.models))

    def predict(self, columns: Columns, with_noise: bool = False) -> tuple[Array, Array]:
        """Mean and standard deviation of the distance, each (n,); where asked, of the one that would be measured.

        The squared distance has the mean and variance of a sum of squares; a gamma distribution with these gives its
        root (Patnaik 1949, doi:10.1093/biomet/36.1-2.202).
        """
        from scipy.special import gammaln

        means, variances = self._scores(self.space.encode(columns))
        if with_noise:
            variances = variances + [model.noise_variance_ for model in self.models]
        square = np.sum(means**2 + variances, axis=1) + self.components.remainder
        spread = np.maximum(np.sum(2 * variances**2 + 4 * means**2 * variances, axis=1), 1e-18 * square**2)
        shape = np.maximum(square, 1e-300) ** 2 / np.maximum(spread, 1e-300)
        shape = np.maximum(shape, 0.5)  # one component: all others are certain; less is rounding
        mean = np.sqrt(square / shape) * np.exp(gammaln(shape + 0.5) - gammaln(shape))
        return mean, np.sqrt(np.maximum(square - mean**2, 0.0))

    def predictions(self, point: Point) -> tuple[float, float]:
        """The distance that will be measured at a point: mean and standard deviation, noise included."""
        mean, std = self.predict(self.space.columns([point]), with_noise=True)
        return float(mean[0]), float(std[0])

    def curves(self, columns: Columns) -> tuple[Array, Array]:
        """What is expected of the features of the curve: mean and standard deviation, each (n, m)."""
        means, variances = self._scores(self.space.encode(columns))
        basis = self.components.basis
        return self.objective.target_features + means @ basis, np.sqrt(variances @ basis**2)

    def _scores(self, x: Array) -> tuple[Array, Array]:
        """Means and variances of the scores, (n, k) each."""
        told = [model.predict(x, return_std=True) for model in self.models]
        return np.column_stack([mean for mean, _ in told]), np.column_stack([std for _, std in told]) ** 2
