"""What a trial is worth where several goals are joined in one number: by how much it is expected to raise the best.

Not the number but each goal has a model, as goals are simpler than what is made of them (Uhrenholt & Jensen 2019,
Efficient Bayesian Optimization for Target Vector Estimation, AISTATS); the expectation is a mean over draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from matloop.core.objective import Objective
from matloop.models.pareto import non_dominated, reference_point
from matloop.planners.hypervolume_noisy import believing, normal_scores
from matloop.planners.scalarization import chebyshev, desirability, random_weights

if TYPE_CHECKING:
    from matloop.models.gaussian_process import GaussianProcess

#: How many outcomes are drawn for each candidate, and how many numbers are looked at in one go.
N_SAMPLES, BLOCK = 64, 1 << 18
#: By so much the corner of the gain is rounded, in units of the joined number (whose range is about one): so that of
#: two candidates without a gain among the draws the nearer one is better (Ament et al. 2023, arXiv:2310.20708).
ROUND = 0.01
#: The front so far extends over at least this share of all that is known: a narrow one must not stay narrow.
LEAST_SPAN = 0.2
#: The ideal lies so many of these extents ahead of the best values so far: what is as good as these in one goal has
#: still something to gain there, and the front's ends move on.
AHEAD = 0.5
#: A goal that is worse than unacceptable counts so much below zero: a slope that leads out of there.
LACK = 0.1

#: From utilities (…, m) to one number (…), of which the highest is the best.
Rule = Callable[[np.ndarray], np.ndarray]


class Joining(Protocol):
    """A way to make one number of several goals."""

    def rule(self, known: np.ndarray, rng: np.random.Generator) -> Rule:
        """For one trial, from the expected utilities (r, m) of what is known."""

    @property
    def motive(self) -> str:
        """What speaks for a trial, in words."""


@dataclass(frozen=True)
class ByChebyshev:
    """The augmented Chebyshev scalarization under weights drawn for each trial, in units of the front's extent so far.

    Knowles 2006, ParEGO, doi:10.1109/TEVC.2005.851274.
    """

    motive: str = "the largest expected gain under weights drawn for this trial"

    def rule(self, known: np.ndarray, rng: np.random.Generator) -> Rule:
        weights, ideal, width = random_weights(known.shape[1], rng), known.max(axis=0), np.ptp(known, axis=0)
        span = np.maximum(np.ptp(known[non_dominated(known)], axis=0), LEAST_SPAN * width)
        span = np.where(span > 0, span, 1.0)
        return lambda Y: chebyshev(Y, weights, ideal + AHEAD * span, span)


@dataclass(frozen=True)
class ByDesirability:
    """The weighted geometric mean of the way from unacceptable to satisfied: see `desirability`.

    Utilities (m,), NaN where nobody said them: unacceptable is then the worst known, without outliers, and satisfied
    a range beyond the best.
    """

    unacceptable: np.ndarray
    satisfied: np.ndarray
    weights: np.ndarray
    motive: str = "the largest expected gain in desirability"

    def rule(self, known: np.ndarray, rng: np.random.Generator) -> Rule:
        width = np.ptp(known, axis=0)
        width = np.where(width > 0, width, 1.0) + 1e-9 * np.abs(known).max(axis=0)
        high = np.where(np.isnan(self.satisfied), known.max(axis=0) + width, self.satisfied)
        low = np.where(np.isnan(self.unacceptable), reference_point(known), self.unacceptable)
        low = np.where(low < high, low, high - width - 1e-9 * np.abs(high))
        return lambda Y: desirability(Y, low, high, self.weights) - LACK * _lacking(Y, low, high)


def _lacking(Y: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """By how much the goals (…, m) are worse than unacceptable, 0 … 1 of the way to being satisfied, on average."""
    return np.asarray(np.clip((low - Y) / (high - low), 0.0, 1.0).mean(axis=-1))


class Joined:
    """The acquisition of two goals or more under a `Joining`; the same face as `NoisyHypervolume`.

    Parameters
    ----------
    objectives : goals and thresholds. The best so far is that of points that are expected to meet all thresholds (of
        all, where none is).
    models : one for each objective, by name.
    X : (n, d), inputs of the observations, encoded as for the models.
    rng : for the draws, and for what the joining draws for each trial.
    """

    def __init__(
        self,
        objectives: Sequence[Objective],
        models: Mapping[str, GaussianProcess],
        X: np.ndarray,
        rng: np.random.Generator,
        joining: Joining,
    ) -> None:
        self._goals = [wish for wish in objectives if not wish.is_threshold]
        self._thresholds = [wish for wish in objectives if wish.is_threshold]
        self._rng, self._joining = rng, joining
        self._draws = normal_scores((N_SAMPLES, len(self._goals)), rng)
        self._stand(models, np.unique(X, axis=0))

    @property
    def motive(self) -> str:
        return self._joining.motive

    def with_pending(self, x: np.ndarray) -> Joined:
        """The same once these inputs (k, d) are under way: they count as measured as expected."""
        new = copy(self)
        new._stand(believing(self._models, x), np.concatenate([self._X, x]))
        return new

    def log_value(self, x: np.ndarray, log_weight: np.ndarray | float = 0.0) -> np.ndarray:
        """The logarithm of the expected gain (n,) at inputs x (n, d), plus a weight (n,); finite however small."""
        size = max(1, BLOCK // self._draws.size)
        blocks = [self._log_gain(x[start : start + size]) for start in range(0, len(x), size)]
        return np.concatenate([*blocks, np.empty(0)]) + log_weight

    def _stand(self, models: Mapping[str, GaussianProcess], X: np.ndarray) -> None:
        """Know these models, tried inputs X (r, d), and what is best among them by a rule of this trial."""
        self._models, self._X = models, X
        expected = np.column_stack([goal.utility(models[goal.name].predict(X)) for goal in self._goals])
        met = [wish.satisfied(models[wish.name].predict(X)) for wish in self._thresholds]
        meets = np.logical_and.reduce([np.ones(len(X), dtype=bool), *met])
        known = expected[meets] if meets.any() else expected
        self._rule = self._joining.rule(known, self._rng)
        self._best = float(self._rule(known).max())

    def _log_gain(self, x: np.ndarray) -> np.ndarray:
        told = [self._models[goal.name].predict(x, return_std=True) for goal in self._goals]
        drawn = [
            goal.utility(mean[:, None] + std[:, None] * self._draws[:, j])
            for j, (goal, (mean, std)) in enumerate(zip(self._goals, told, strict=True))
        ]
        gain = (self._rule(np.stack(drawn, axis=-1)) - self._best) / ROUND
        return np.asarray(np.log(ROUND) + _log_mean(np.where(gain > -30.0, _log_softplus(gain), gain)))


def _log_softplus(z: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(np.logaddexp(0.0, np.maximum(z, -30.0))))


def _log_mean(logs: np.ndarray) -> np.ndarray:
    """log of the mean of exp over the last axis."""
    largest = logs.max(axis=-1)
    return np.asarray(largest + np.log(np.exp(logs - largest[:, None]).mean(axis=-1)))
