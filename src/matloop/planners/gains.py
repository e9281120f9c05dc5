"""What is still to be gained: the models of all objectives, asked about the points that are left."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np

from matloop.core.merit import shortfall
from matloop.core.objective import Objective
from matloop.core.parameter import Columns
from matloop.core.seeds import generator
from matloop.core.standing import Standing
from matloop.models.threads import one_thread
from matloop.planners.believed import Believed
from matloop.planners.candidates import promising, size
from matloop.planners.draws import draws
from matloop.planners.sampling import keys_of

#: The points at which gains and chances are worked out, half of them those that look best on the bright side.
POINTS = 256
#: The bright side: so many standard deviations.
BRIGHT = 3.0
#: Standard normal values at which a utility is evaluated, and their weights: a trapezoid rule, good to 3 % at worst.
NODES = np.linspace(-5.0, 5.0, 65)
WEIGHTS = np.exp(-0.5 * NODES**2) / np.exp(-0.5 * NODES**2).sum()


def optimistic(wish: Objective, mean: np.ndarray, std: np.ndarray, bright: float) -> np.ndarray:
    """The best utility within so many standard deviations, in the shape of mean: of any objective, `Near` too."""
    return np.max([wish.utility(mean + z * std) for z in (-bright, -0.5 * bright, 0.0, 0.5 * bright, bright)], axis=0)


class Gains:
    """What trials may still bring to one goal, with or without thresholds; some result must meet these already."""

    def __init__(self, standing: Standing) -> None:
        self.space = standing.space
        self.standing = standing
        self.goal = standing.goals[0]
        self.thresholds = [wish for wish in standing.objectives if wish.is_threshold]
        self.observations = standing.usable
        self.meets = shortfall(standing.objectives, self.observations) <= 0
        with one_thread():
            self.believed = Believed.of(standing)
            self.models = self.believed.models

    @property
    def noise(self) -> float:
        """The standard deviation of one measurement of the goal, as its model estimates it, in the goal's unit."""
        return float(self.models[self.goal.name].model.noise_variance_ ** 0.5)

    @cached_property
    def best(self) -> tuple[int, float]:
        """The usable observation, by its position, where most is expected, and what is expected there."""
        mean, _ = self.models[self.goal.name].predict(self.space.columns([o.location for o in self.observations]))
        leader = int(np.where(self.meets, self.goal.utility(mean), -np.inf).argmax())
        return leader, float(mean[leader])

    @cached_property
    def points(self) -> Columns | None:
        """The untried points that look best on the bright side, and others; None where every point was tried."""
        tried = keys_of(self.space, [o.point for o in self.standing.observations])
        with one_thread():
            columns = promising(self.space, self._promise, tried, POINTS, generator(self.standing.seed, 0))
        return columns if size(columns) else None

    def _promise(self, columns: Columns) -> np.ndarray:
        """The utility on the bright side, less what thresholds are missed by there, in units of their uncertainty.

        What rather fails than succeeds comes last.
        """
        promise = optimistic(self.goal, *self.models[self.goal.name].predict(columns), BRIGHT)
        scale = float(np.ptp(promise)) or 1.0
        for wish in self.thresholds:
            mean, std = self.models[wish.name].predict(columns)
            promise = promise - scale * np.maximum(-wish.utility(mean) / std - BRIGHT, 0.0)
        success = self.believed.success
        return success.sober(promise, columns) if success else promise

    @cached_property
    def expected(self) -> np.ndarray:
        """Expected improvement of the goal at each of the points, (n,), in its unit.

        E[max(u(f) − u*, 0)] with u the utility and u* that of the best expected value so far, times the probability
        that the trial succeeds and the thresholds are met: Jones, Schonlau & Welch 1998
        (doi:10.1023/A:1008306431147), Gardner et al. 2014.
        """
        best = self.goal.utility(np.array(self.best[1]))
        return np.asarray(np.maximum(self._utilities - best, 0.0) @ WEIGHTS) * self._feasible

    @cached_property
    def _utilities(self) -> np.ndarray:
        """What the goal may be worth at each of the points, (n, 65): a column for each standard normal value."""
        if self.points is None:
            return np.zeros((0, len(NODES)))
        mean, std = self.models[self.goal.name].predict(self.points)
        return self.goal.utility(mean[:, None] + std[:, None] * NODES)

    @cached_property
    def _feasible(self) -> np.ndarray:
        """The probability that the trial succeeds and all thresholds are met, (n,)."""
        from scipy.special import ndtr

        if self.points is None:
            return np.ones(0)
        told = self.believed.probability(self.points)
        for wish in self.thresholds:
            mean, std = self.models[wish.name].predict(self.points)
            told = told * ndtr(wish.utility(mean) / std)
        return told

    def least_chance(self, margin: float) -> float:
        """What `chance` cannot fall below, at next to no cost: the best single point beats all that the best may be.

        P(some u > u* + margin) ≥ P(u_i > b + margin) − P(u* > b), with b what u* exceeds in less than 2 % of all cases.
        """
        one = self.space.columns([self.observations[self.best[0]].location])
        bound = optimistic(self.goal, *self.models[self.goal.name].predict(one), 2.33)
        return float(np.max((self._utilities > bound + margin) @ WEIGHTS * self._feasible, initial=0.0)) - 0.02

    def chance(self, margin: float, n: int) -> float:
        """The probability that a promising point is better than the best one by more than `margin`, from n draws.

        Both values are of the function itself, without the noise of measuring, drawn together from the posterior:
        Wilson 2024, Stopping Bayesian Optimization with Probabilistic Regret Bounds (arXiv:2402.16811). What fails is
        no point that is better; in one draw, whatever is likelier to succeed than what does succeeds, too.
        """
        if self.points is None:
            return 0.0
        rng = generator(self.standing.seed, 0)
        best = self.space.columns([self.observations[self.best[0]].location])
        half = POINTS // 2  # the promising half stands first
        columns = {name: np.concatenate([best[name], column[:half]]) for name, column in self.points.items()}
        with one_thread():
            utility = self.goal.utility(draws(self.models[self.goal.name], columns, n, rng))
            for wish in self.thresholds:
                met = wish.satisfied(draws(self.models[wish.name], columns, n, rng))
                utility[:, 1:] = np.where(met[:, 1:], utility[:, 1:], -np.inf)
            if self.believed.success is not None:
                succeeds = rng.random((n, 1)) < self.believed.probability(columns)[1:]
                utility[:, 1:] = np.where(succeeds, utility[:, 1:], -np.inf)
        return float(np.mean(utility[:, 1:].max(axis=1) > utility[:, 0] + margin))


@lru_cache(maxsize=1)
def gains(standing: Standing) -> Gains:
    """Those of a standing: several rules ask, and the models are fitted once."""
    return Gains(standing)
