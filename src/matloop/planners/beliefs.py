"""From measured values to the score of a point: expected improvement, whatever the objectives are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property
from math import erf, exp, pi, sqrt

import numpy as np

from matloop.core.merit import shortfall, values
from matloop.core.objective import Near, Objective
from matloop.core.parameter import Columns
from matloop.core.pool import Pool
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.planners.acquisition import log_expected_improvement, log_probability_of_feasibility
from matloop.planners.surrogates import Surrogate, fit, fit_objectives

#: The weight of the sum beside the worst goal in the augmented Chebyshev scalarization (Knowles 2006).
AUGMENTATION = 0.05

#: In a pool, where no point comes twice, improvement counts from this many standard deviations of the outcomes below
#: the best on: the best is gone, and what counts is which of the others are good. See docs/decisions/0005.
MARGIN = 0.5


class Beliefs:
    """What is believed of every objective, and what a trial would be worth."""

    def __init__(
        self,
        space: Space,
        objectives: Sequence[Objective],
        observations: Sequence[Observation],
        rng: np.random.Generator,
    ) -> None:
        self.space = space
        self.objectives = objectives
        self.models = fit_objectives(space, objectives, observations)
        self.goals = [wish for wish in objectives if not wish.is_threshold]
        self.thresholds = [wish for wish in objectives if wish.is_threshold]
        self.meets = shortfall(objectives, observations) <= 0
        self.utility = self._scalarized(observations, rng)

    def _scalarized(self, observations: Sequence[Observation], rng: np.random.Generator) -> Surrogate | None:
        """A model of several goals in one number; a single goal needs none of its own."""
        if len(self.goals) < 2:
            return None
        table = np.column_stack([goal.utility(values(goal, observations)) for goal in self.goals])
        span = np.ptp(table, axis=0)
        scaled = (table - table.max(axis=0)) / np.where(span > 0, span, 1.0)
        weighted = rng.dirichlet(np.ones(len(self.goals))) * scaled
        return fit(self.space, observations, weighted.min(axis=1) + AUGMENTATION * weighted.sum(axis=1))

    def with_pending(self, points: Sequence[Point]) -> Beliefs:
        """The beliefs once these points are measured as expected."""
        if not points:
            return self
        new = copy(self)
        new.__dict__.pop("best_expected", None)  # what is pending may be better than all that was measured
        new.meets = np.append(self.meets, self._expected_to_meet(points))
        new.models = {name: model.with_pending(points) for name, model in self.models.items()}
        new.utility = self.utility and self.utility.with_pending(points)
        return new

    def _expected_to_meet(self, points: Sequence[Point]) -> np.ndarray:
        """Whether the expected values meet all thresholds, (n,)."""
        columns = self.space.columns(points)
        met = [wish.satisfied(self.models[wish.name].mean(columns)) for wish in self.thresholds]
        return np.logical_and.reduce([np.ones(len(points), bool), *met])

    def predictions(self, point: Point) -> dict[str, tuple[float, float]]:
        """For each objective what will be measured: mean and standard deviation, the noise of measuring included."""
        found = {}
        for name, model in self.models.items():
            mean, std = model.predict(self.space.columns([point]))
            found[name] = (float(mean[0]), float(np.hypot(std[0], model.model.noise_variance_**0.5)))
        return found

    def score(self, columns: Columns) -> np.ndarray:
        """The logarithm of the expected improvement, times the probability that all thresholds are met: (n,)."""
        x = self.space.encode(columns)
        total = np.zeros(len(x))
        if self.goals and self.meets.any():
            total = total + self._log_improvement(x)
        for wish in self.thresholds:
            mean, std = self.models[wish.name].model.predict(x, return_std=True)
            total = total + log_probability_of_feasibility(-wish.utility(mean), std, 0.0)
        return total

    def _log_improvement(self, x: np.ndarray) -> np.ndarray:
        if self.utility is not None:
            mean, std = self.utility.model.predict(x, return_std=True)
            return log_expected_improvement(mean, std, self.incumbent)
        goal = self.goals[0]
        mean, std = self.models[goal.name].model.predict(x, return_std=True)
        if isinstance(goal, Near):
            return _log_improvement_near(mean - goal.value, std, -self.incumbent)
        return log_expected_improvement(goal.utility(mean), std, self.incumbent)

    @cached_property
    def best_expected(self) -> float:
        """The best utility so far, by the expected value where it was measured: a lucky reading does not count."""
        if self.utility is not None:
            return float(self.utility.mean_where_measured()[self.meets].max())
        goal = self.goals[0]
        return float(goal.utility(self.models[goal.name].mean_where_measured())[self.meets].max())

    @property
    def incumbent(self) -> float:
        """The utility over which improvement counts: the best, or in a pool `MARGIN` below it."""
        is_pool = all(isinstance(parameter, Pool) for parameter in self.space.parameters.values())
        if not is_pool or (isinstance(self.goals[0], Near) and self.utility is None):
            return self.best_expected
        model = (self.utility or self.models[self.goals[0].name]).model
        return self.best_expected - MARGIN * model.outcome_scale_

    def reason(self, point: Point, told: Mapping[str, tuple[float, float]]) -> str:
        """Why this point: what is expected there (its predictions), and whether it is known to be good or unknown."""
        expected = ", ".join(
            f"{wish.name} {told[wish.name][0]:.4g} ± {told[wish.name][1]:.2g}" + (f" {wish.unit}" if wish.unit else "")
            for wish in self.objectives
        )
        return f"{self._motive(point)}: expected {expected}"

    def _motive(self, point: Point) -> str:
        if self.thresholds and not self.meets.any():
            return "most likely to meet the thresholds, which nothing has met yet"
        if len(self.goals) > 1:
            return "the best compromise under random weights of the goals"
        if not self.goals:
            return "most likely to meet the thresholds"
        goal = self.goals[0]
        if isinstance(goal, Near):
            return "the highest expected improvement"
        mean, std = (float(v[0]) for v in self.models[goal.name].predict(self.space.columns([point])))
        gain = float(goal.utility(np.array(mean))) - self.incumbent
        share = _exploring_share(gain, std)
        side = "known to be good" if share < 0.4 else "little known" if share > 0.75 else "promising and little known"
        return f"the highest expected improvement ({side}, {share:.0%} of it from uncertainty)"


def _exploring_share(gain: float, std: float) -> float:
    """The part of expected improvement s·φ(z) + gain·Φ(z) that would vanish without uncertainty."""
    if std <= 0:
        return 0.0
    z = gain / std
    spread = std * exp(-0.5 * z * z) / sqrt(2 * pi)
    total = spread + gain * 0.5 * (1 + erf(z / sqrt(2)))
    return 1.0 if gain <= 0 or total <= 0 else min(1.0, max(0.0, 1 - gain / total))


def _log_improvement_near(mean: np.ndarray, std: np.ndarray, distance: float) -> np.ndarray:
    """Log of E[(d − |x|)₊] for x normal: the distance d to a target shrinks.

    The triangle (d − |x|)₊ is (x + d)₊ − 2 (x)₊ + (x − d)₊, and each term is an expected improvement. Where these
    cancel, the logarithm of the density at the target takes over, which has the same order.
    """
    distance = max(distance, 1e-12 * float(np.max(std)))
    ramps = [np.exp(log_expected_improvement(mean + shift, std, 0.0)) for shift in (distance, 0.0, -distance)]
    direct = ramps[0] - 2 * ramps[1] + ramps[2]
    density = 2 * np.log(distance) - 0.5 * (mean / std) ** 2 - np.log(std * np.sqrt(2 * np.pi))
    return np.where(direct > 1e-6 * ramps[0], np.log(np.maximum(direct, 1e-300)), np.minimum(density, np.log(distance)))
