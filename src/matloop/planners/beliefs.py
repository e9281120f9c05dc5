"""From measured values to the score of a point: what a trial there would be worth, whatever the objectives are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property

import numpy as np

from matloop.core.cost import Price
from matloop.core.merit import shortfall
from matloop.core.objective import Match, Near, Objective
from matloop.core.parameter import Columns
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.models.across_fidelities import AcrossFidelities
from matloop.models.gaussian_process import GaussianProcess
from matloop.models.informed import InformedGaussianProcess
from matloop.planners.acquisition import (
    log_expected_improvement,
    log_expected_improvement_near,
    log_optimistic_gain,
    log_probability_of_feasibility,
)
from matloop.planners.compromise import Compromise
from matloop.planners.curves import CurveBeliefs
from matloop.planners.explanation import explain, exploring_share
from matloop.planners.hypervolume_noisy import NoisyHypervolume
from matloop.planners.informed import InformedSpace
from matloop.planners.joined import Joined
from matloop.planners.learned import column_relevance
from matloop.planners.penalization import Apart
from matloop.planners.success import Success
from matloop.planners.surrogates import fit_objectives

#: So many variables at most are named as those that matter.
MOST_TOLD = 2
#: No trial counts as cheaper.
CHEAPEST = 1e-12


class Beliefs:
    """What is believed of every objective, and what a trial would be worth.

    The worth of a trial is a logarithm, to which the logarithms of probabilities are added: that all thresholds are
    met, and that the trial does not fail. Without goals these are all. A goal adds

    * its optimistic gain, which is an upper confidence bound (docs/decisions/0011); where worth is weighed by cost,
      its expected improvement, which unlike the bound is near zero where nothing can be gained;
    * for `Near` the expected decrease of the distance to the value, for `Match` of that to the curve;
    * of several goals the noisy expected hypervolume improvement of their front, or what a `Compromise` asks for.

    With a `price` the worth is divided by what the trial costs (Snoek, Larochelle & Adams 2012, Practical Bayesian
    Optimization of Machine Learning Algorithms, arXiv:1206.2944).
    """

    def __init__(
        self,
        space: Space,
        objectives: Sequence[Objective],
        observations: Sequence[Observation],
        rng: np.random.Generator,
        success: Success | None = None,
        informed: InformedSpace | None = None,
        compromise: Compromise | None = None,
        price: Price | None = None,
        is_robust: bool = False,
    ) -> None:
        self.space = space
        self.seen = informed or space
        self.objectives = objectives
        self.observations = observations
        self.success = success
        self.price = price
        self.models = fit_objectives(self.seen, objectives, observations, is_robust=is_robust)
        self.goals = [wish for wish in objectives if not wish.is_threshold]
        self.thresholds = [wish for wish in objectives if wish.is_threshold]
        self.meets = (shortfall(objectives, observations) <= 0) & self._counting([o.location for o in observations])
        self.curve = self._curve_beliefs(observations)
        self.apart: Apart | None = None
        self.joint = self._joint(compromise or Compromise(), rng) if len(self.goals) > 1 else None

    def _counting(self, points: Sequence[Point]) -> np.ndarray:
        """Which points give results that count, boolean (n,); all of them, as long as none was of the true fidelity."""
        is_true = np.array([self.space.is_true(point) for point in points], bool)
        return is_true if is_true.any() else ~is_true

    def _curve_beliefs(self, observations: Sequence[Observation]) -> CurveBeliefs | None:
        """Of a single goal that is a curve, where all of two observations or more have one: else of its distances."""
        goal = self.goals[0] if len(self.goals) == 1 else None
        if not isinstance(goal, Match) or not all(goal.name in o.curves for o in observations) or len(observations) < 2:
            return None
        return CurveBeliefs(self.space, goal, observations)

    def _joint(self, compromise: Compromise, rng: np.random.Generator) -> NoisyHypervolume | Joined:
        normal = (GaussianProcess, InformedGaussianProcess, AcrossFidelities)
        models = {name: m.model for name, m in self.models.items() if isinstance(m.model, normal)}
        counting = self._counting([o.location for o in self.observations])
        return compromise.acquisition(self.objectives, models, next(iter(self.models.values())).inputs[counting], rng)

    def with_pending(self, points: Sequence[Point]) -> Beliefs:
        """The beliefs once these points are measured as expected."""
        if not points:
            return self
        new = copy(self)
        if self.apart is not None:
            new.apart = self.apart.with_pending([self._at_truth(point) for point in points])
            return new
        new.__dict__.pop("best_expected", None)  # what is pending may be better than all that was measured
        is_true = [self.space.is_true(point) for point in points]
        new.meets = np.append(self.meets, self.expected_to_meet(points) & is_true)
        new.models = {name: model.with_pending(points) for name, model in self.models.items()}
        new.curve = self.curve and self.curve.with_pending(points)
        x = self.seen.encode(self.space.at_truth(self.space.columns(points)))
        new.joint = self.joint and self.joint.with_pending(x)
        return new

    def keeping_apart(self) -> Beliefs:
        """The same, where what is pending is kept clear of instead of imagined: for a single plain goal, no prior."""
        new = copy(self)
        new.apart = Apart.of(self.models[self.goals[0].name], self.goals[0])
        return new

    def expected_to_meet(self, points: Sequence[Point]) -> np.ndarray:
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
        if self.curve is not None:
            found[self.goals[0].name] = self.curve.predictions(point)
        return found

    # -- what a trial is worth --------------------------------------------------------------------------------

    def score(self, columns: Columns) -> np.ndarray:
        """The logarithm of what a trial is worth at n points, (n,)."""
        x = self.seen.encode(columns)
        weight = self._log_weight(x, columns)
        if not self.goals or not self.meets.any():
            return weight
        if self.joint is not None:  # its leaders are chosen with the weight
            return self.joint.log_value(x, weight)
        return self._log_worth(x) + weight

    def _log_weight(self, x: np.ndarray, columns: Columns) -> np.ndarray:
        """The logarithm of the probability that all thresholds are met and the trial does not fail, (n,).

        And that it lies outside of the neighbourhoods of what is pending, where these are kept clear of; less that of
        what the trial costs, where worth is weighed by it.
        """
        total = np.zeros(len(x)) if self.price is None else -np.log(np.maximum(self.price(columns), CHEAPEST))
        if self.apart is not None:
            total = total + self.apart.log_penalty(x)
        for wish in self.thresholds:
            mean, std = self.models[wish.name].model.predict(x, return_std=True)
            total = total + log_probability_of_feasibility(-wish.utility(mean), std, 0.0)
        return total + self.success.log_weight(self.space.encode(columns)) if self.success else total

    def rough(self, columns: Columns) -> np.ndarray:
        """The same in single precision, where there is but one plain goal."""
        is_plain = self._is_plain and self.price is None and self.curve is None
        if self.thresholds or not is_plain or not self.meets.any():
            return self.score(columns)
        x = self.seen.encode(columns)
        worth = self._log_gain(x, is_rough=True)
        if self.apart is not None:
            worth = worth + self.apart.log_penalty(x)
        return worth + self.success.rough_log_weight(self.space.encode(columns)) if self.success else worth

    def _log_worth(self, x: np.ndarray) -> np.ndarray:
        if self.curve is not None:
            return self.curve.log_improvement(x, self.meets)
        if isinstance(goal := self.goals[0], Near):
            mean, std = self.models[goal.name].model.predict(x, return_std=True)
            return log_expected_improvement_near(mean - goal.value, std, -self.best_expected)
        return self._log_gain(x)

    def _log_gain(self, x: np.ndarray, is_rough: bool = False) -> np.ndarray:
        goal = self.goals[0]
        if self.price is not None:
            mean, std = self.models[goal.name].model.predict(x, return_std=True)
            return log_expected_improvement(goal.utility(mean), std, self.best_expected)
        mean, std = self.models[goal.name].model.latent(x, is_rough)
        return log_optimistic_gain(mean if is_more_better(goal) else -mean, std)

    @property
    def _is_plain(self) -> bool:
        return len(self.goals) == 1 and not isinstance(self.goals[0], Near)

    @cached_property
    def best_expected(self) -> float:
        """The best utility so far, by the expected value where it was measured: a lucky reading does not count."""
        goal = self.goals[0]
        return float(goal.utility(self.models[goal.name].mean_where_measured())[self.meets].max())

    # -- why --------------------------------------------------------------------------------------------------

    def reason(
        self, point: Point, told: Mapping[str, tuple[float, float]], motive: str = "", replicates: int = 1
    ) -> str:
        """Why this point: what is expected there, how sure that is, what is known nearby, what held it.

        `motive` is what speaks for it, unless that is its score; `replicates` how often a point may be measured.
        """
        expected = ", ".join(
            f"{wish.name} {told[wish.name][0]:.4g} ± {told[wish.name][1]:.2g}" + (f" {wish.unit}" if wish.unit else "")
            for wish in self.objectives
        )
        remarks = [f"{name}: {m.model.fallback_}" for name, m in self.models.items() if m.model.fallback_]
        known = self.space, self.objectives, self.observations, self.models
        around = explain(*known, point, replicates=replicates).sentence()
        promise = told if self.space.is_true(point) else self.predictions(self._at_truth(point))
        parts = [f"{motive or self._motive(promise)}: expected {expected}", around, self._what_matters(), *remarks]
        return "; ".join(part for part in parts if part)

    def _what_matters(self) -> str:
        """The variables on which the first goal depends most, by the length scales of its model.

        Nothing beside a prior, whose models explain what it leaves over.
        """
        if self.seen is not self.space:
            return ""
        goals = self.goals or self.objectives
        ranked = column_relevance(self.seen, self.models[goals[0].name])
        telling = [name for name, share in ranked.items() if share > 1 / len(ranked)][:MOST_TOLD]
        return f"what matters most is {' and '.join(telling)}" if telling else ""

    def _at_truth(self, point: Point) -> Point:
        return self.space.points(self.space.at_truth(self.space.columns([point])))[0]

    def _motive(self, told: Mapping[str, tuple[float, float]]) -> str:
        if self.thresholds and not self.meets.any():
            return "most likely to meet the thresholds, which nothing has met yet"
        if self.joint is not None:
            return self.joint.motive
        if not self.goals:
            return "most likely to meet the thresholds"
        if self.curve is not None:
            return "expected to come nearer to the curve than any other"
        if not self._is_plain:
            return "the highest expected improvement"
        share = self._exploring(told)
        side = "known to be good" if share < 0.4 else "little known" if share > 0.75 else "promising and little known"
        return f"the highest optimistic value ({side}, {share:.0%} of its gain from uncertainty)"

    def _exploring(self, told: Mapping[str, tuple[float, float]]) -> float:
        goal = self.goals[0]
        mean, std = told[goal.name]
        variance = std**2 - self.models[goal.name].model.noise_variance_  # of the expected value: no noise of measuring
        return exploring_share(float(goal.utility(np.array(mean))) - self.best_expected, max(variance, 0.0) ** 0.5)


def is_more_better(goal: Objective) -> bool:
    """Whether the goal is met the better, the higher its value."""
    return bool(goal.utility(np.array(1.0)) > goal.utility(np.array(0.0)))
