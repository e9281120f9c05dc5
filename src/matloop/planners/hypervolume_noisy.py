"""Noisy expected hypervolume improvement: what a trial is expected to add to a front that is itself uncertain.

Nobody knows the values behind noisy measurements, nor those of pending trials. So fronts are drawn from what the
models believe of both, and the expected improvement over each is worked out exactly, given the values drawn; the mean
over the draws is the integral of Daulton, Balandat & Bakshy 2021, Parallel Bayesian Optimization of Multiple Noisy
Objectives with Expected Hypervolume Improvement (arXiv:2105.08195), whose inner part they sample too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from matloop.core.objective import Near, Objective
from matloop.models import cholesky
from matloop.models.pareto import non_dominated
from matloop.planners.excess import Excess, Ramp, Tent
from matloop.planners.hypervolume import FreeRegion
from matloop.planners.reference import inferred_reference

if TYPE_CHECKING:
    from matloop.models.gaussian_process import GaussianProcess

#: How many fronts are drawn.
N_SAMPLES = 16

#: Of more candidates than this, so many are worked out fully: those best over the one front that is expected. The best
#: of all was among the first 6 of 1,728 in 48 trials with a noise of 1 to 100 % of the outcomes' spread.
N_FULL = 256

#: The variance that a drawn value keeps, as a share of that of the outcomes: it keeps covariances invertible.
_SLACK = 1e-9


def excess_of(objective: Objective) -> Excess:
    """How the utility of an objective, or of a threshold's quantity, follows from its outcome."""
    if isinstance(objective, Near):
        return Tent(objective.value)
    return Ramp(-1.0 if objective.utility(np.array(1.0)) < objective.utility(np.array(0.0)) else 1.0)


class NoisyHypervolume:
    """The acquisition of two goals or more, over models of the measured values that are independent of each other.

    Parameters
    ----------
    objectives : goals and thresholds. The improvement is that of the goals' utilities (in the objectives' units); a
        point of a drawn front counts only where its drawn values meet all thresholds. The probability that a candidate
        meets them is for the caller to give to `log_value`.
    models : one for each objective, by name, fitted to measured values; they do not know the pending trials.
    X : (n, d), inputs of the observations that count as tried, encoded as for the models.
    rng : fixes the draws, by its state.
    pending : (k, d), inputs of trials under way.
    reference : (m,), utilities of the goals from which volume counts; where None or NaN, `inferred_reference` of
        the expected utilities of the points in X that are expected to meet the thresholds (of all, where none is).
    """

    motive = "the largest expected growth of the front of best compromises"

    def __init__(
        self,
        objectives: Sequence[Objective],
        models: Mapping[str, GaussianProcess],
        X: np.ndarray,
        rng: np.random.Generator,
        pending: np.ndarray | None = None,
        reference: np.ndarray | None = None,
        n_samples: int = N_SAMPLES,
    ) -> None:
        self.goals = [wish for wish in objectives if not wish.is_threshold]
        self._thresholds = [wish for wish in objectives if wish.is_threshold]
        self._excess = [excess_of(goal) for goal in self.goals]
        self._rng = rng
        known = np.unique(X, axis=0)
        given = np.full(len(self.goals), np.nan) if reference is None else np.asarray(reference, dtype=float)
        self.reference = np.where(np.isnan(given), self._inferred(models, known), given)
        tried = known if pending is None else np.unique(np.concatenate([known, pending]), axis=0)
        values = {wish.name: _draws(models[wish.name], tried, n_samples, rng) for wish in objectives}
        ever = np.logical_or.reduce([self._on_front(row) for row in self._utilities(values)])
        ever[0] |= not ever.any()  # to know one value more than is needed does no harm
        self._beliefs = {name: _Drawn(models[name], tried[ever], drawn[:, ever]) for name, drawn in values.items()}
        self._models = models if pending is None else believing(models, pending)
        self._region, self._expected = self._free(), self._free_as_expected()

    def log_value(self, x: np.ndarray, log_weight: np.ndarray | float = 0.0) -> np.ndarray:
        """The logarithm of the noisy expected hypervolume improvement (n,) at inputs x (n, d), plus a weight (n,).

        The weight is the logarithm of the probability that thresholds are met, or of whatever else multiplies. Of more
        than `N_FULL` candidates the others, which are far from the best, get an estimate no higher than theirs.
        """
        weight = np.broadcast_to(log_weight, len(x))
        if len(x) <= N_FULL:
            return self._full(x) + weight
        value = self._rough(x) + weight
        leaders = np.argpartition(-value, N_FULL - 1)[:N_FULL]
        full = self._full(x[leaders]) + weight[leaders]
        value = np.minimum(value, full.min())
        value[leaders] = full
        return value

    def _full(self, x: np.ndarray) -> np.ndarray:
        given = [self._beliefs[goal.name].given(x) for goal in self.goals]
        mean, std = (np.stack([pair[side] for pair in given]) for side in (0, 1))
        return self._region.log_expected_improvement(self._excess, mean, std)

    def _rough(self, x: np.ndarray) -> np.ndarray:
        """The same over the front that is expected, as if it were known and told nothing of the candidates."""
        predicted = [self._models[goal.name].predict(x, return_std=True) for goal in self.goals]
        mean, std = (np.stack([pair[side] for pair in predicted]) for side in (0, 1))
        return self._expected.log_expected_improvement(self._excess, mean[:, None], std)

    def with_pending(self, x: np.ndarray) -> NoisyHypervolume:
        """The same once these inputs (k, d) are under way: their values are drawn, given those drawn before."""
        new = copy(self)
        new._beliefs = {name: belief.extended(x, self._rng) for name, belief in self._beliefs.items()}
        new._models = believing(self._models, x)
        new._region, new._expected = new._free(), new._free_as_expected()
        return new

    def _inferred(self, models: Mapping[str, GaussianProcess], known: np.ndarray) -> np.ndarray:
        expected = np.column_stack([goal.utility(models[goal.name].predict(known)) for goal in self.goals])
        met = [wish.satisfied(models[wish.name].predict(known)) for wish in self._thresholds]
        meets = np.logical_and.reduce([np.ones(len(known), dtype=bool), *met])
        return inferred_reference(expected[meets] if meets.any() else expected)

    def _utilities(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Of the goals (s, r, m), −inf where a threshold is not met, from drawn values (s, r) by name."""
        table = np.stack([goal.utility(values[goal.name]) for goal in self.goals], axis=2)
        for wish in self._thresholds:
            table[~wish.satisfied(values[wish.name])] = -np.inf
        return table

    def _on_front(self, utilities: np.ndarray) -> np.ndarray:
        """Whether each row (r, m) is above the reference and not dominated, (r,)."""
        above = np.flatnonzero((utilities > self.reference).all(axis=1))
        is_on = np.zeros(len(utilities), dtype=bool)
        is_on[above[non_dominated(utilities[above])]] = True
        return is_on

    def _free(self) -> FreeRegion:
        values = {name: belief.values for name, belief in self._beliefs.items()}
        return FreeRegion(list(self._utilities(values)), self.reference)

    def _free_as_expected(self) -> FreeRegion:
        values = {name: self._models[name].predict(belief.X)[None] for name, belief in self._beliefs.items()}
        return FreeRegion(list(self._utilities(values)), self.reference)


class _Drawn:
    """Values of one model's function drawn at some inputs (r, d), (s, r), and what follows for all other inputs."""

    def __init__(self, model: GaussianProcess, X: np.ndarray, values: np.ndarray) -> None:
        self.model, self.X, self.values = model, X, values
        mean, covariance = _joint(model, X)
        self._L = _root(model, covariance)
        self._weights = cholesky.solve(self._L, (values - mean).T)

    def extended(self, x: np.ndarray, rng: np.random.Generator) -> _Drawn:
        """Knowing more: values at x (k, d) too, drawn one after the other, each given all before it."""
        new = self
        for row in x[:, None, :]:
            mean, std = new.given(row)
            value = mean + std * normal_scores((len(self.values), 1), rng)
            new = _Drawn(self.model, np.concatenate([new.X, row]), np.concatenate([new.values, value], axis=1))
        return new

    def given(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean (s, n) for each draw and standard deviation (n,) at x (n, d), given the values drawn."""
        mean, variance, cross = _around(self.model, self.X, x)
        half = cholesky.solve_lower(self._L, cross)
        left = variance - np.einsum("rn,rn->n", half, half)
        return mean + self._weights.T @ cross, np.sqrt(np.maximum(left, _slack(self.model)))


def believing(models: Mapping[str, GaussianProcess], x: np.ndarray) -> dict[str, GaussianProcess]:
    """The models once trials at x (k, d) have brought what is expected of them, without noise."""
    return {name: model.condition(x, noise_variance=np.zeros(len(x))) for name, model in models.items()}


def _draws(model: GaussianProcess, X: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Values (n, r) at X (r, d). They hold a little noise, `_SLACK`, with which all conditioning is consistent."""
    mean, covariance = _joint(model, X)
    return np.asarray(mean + normal_scores((n, len(X)), rng) @ _root(model, covariance).T)


def _root(model: GaussianProcess, covariance: np.ndarray) -> np.ndarray:
    """L with L Lᵀ = covariance (r, r), whatever its unit."""
    unit = float(model.outcome_scale_**2) or 1.0
    return np.sqrt(unit) * cholesky.factor_with_jitter(covariance / unit)[0]


def normal_scores(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Standard normal draws (s, r), a Latin hypercube: each column has one in every s-th part of the distribution.

    McKay, Beckman & Conover 1979, doi:10.2307/1268522.
    """
    return np.asarray(ndtri((np.argsort(rng.random(shape), axis=0) + rng.random(shape)) / shape[0]))


def _slack(model: GaussianProcess) -> float:
    return float(_SLACK * model.outcome_scale_**2)


def _joint(model: GaussianProcess, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean, covariance = model.predict(X, return_cov=True)
    return mean, covariance + _slack(model) * np.eye(len(X))


def _around(model: GaussianProcess, X: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (n,) and variance (n,) at x (n, d), and the covariance (r, n) with X (r, d).

    From joint predictions for some rows of x at a time: all of x at once would ask for n² numbers.
    """
    r, size = len(X), max(64, 2 * len(X))
    mean, variance, cross = np.empty(len(x)), np.empty(len(x)), np.empty((r, len(x)))
    for start in range(0, len(x), size):
        at = slice(start, start + size)
        joint, covariance = model.predict(np.concatenate([X, x[at]]), return_cov=True)
        mean[at], variance[at], cross[:, at] = joint[r:], covariance.diagonal()[r:], covariance[:r, r:]
    return mean, variance, cross
