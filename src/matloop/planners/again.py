"""Measuring again or measuring new: which of the two is expected to show a better best design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from matloop.core.objective import Objective
from matloop.core.parameter import Columns
from matloop.core.space import Point, Space
from matloop.planners.beliefs import Beliefs
from matloop.planners.candidates import promising, rows, size
from matloop.planners.draws import joint
from matloop.planners.gains import NODES, WEIGHTS
from matloop.planners.sampling import distinct
from matloop.planners.surrogates import Surrogate

#: The designs that are compared: of those that were tried so many that are expected to be best, and as many new ones
#: that the planner would choose next.
LEADERS = 24
#: A gain of less than this share of the noise is not worth a second look while there is something new.
LEAST = 0.01


@dataclass(frozen=True)
class Again:
    """What may be measured again: points with a result that are not under way and were tried fewer `times` than `most`.

    `times` and `pending` speak of points by their keys.
    """

    space: Space
    measured: Sequence[Point]
    times: Mapping[Any, int]
    most: int
    pending: Set[Any]
    rng: np.random.Generator

    def with_pending(self, point: Point) -> Again:
        """The same once this point is under way, too."""
        return replace(self, pending=self.pending | {self.space.key(point)})

    def worth_more(self, beliefs: Beliefs, tried: set[Any]) -> Point | None:
        """The point that is worth one more measurement than any new one; None where a new one is worth more."""
        leaders = self._leaders(beliefs)
        may = [i for i, point in enumerate(leaders) if self._may_be_repeated(point)]
        if not may:
            return None
        new = promising(self.space, beliefs.score, tried, 2 * LEADERS, self.rng)
        if size(new):
            new = rows(new, np.argsort(-beliefs.score(new), kind="stable")[:LEADERS])
        model = beliefs.models[beliefs.goals[0].name]
        gain = gains(beliefs.goals[0], model, self.space.columns(leaders), new)
        best = max(may, key=lambda i: gain[i])
        least = max(gain[len(leaders) :].max(), LEAST * model.model.noise_variance_**0.5) if size(new) else -np.inf
        return leaders[best] if gain[best] > least else None

    def motive(self, point: Point) -> str:
        """Why it is measured again."""
        times = {1: "once", 2: "twice"}.get(n := self.times[self.space.key(point)], f"{n} times")
        return f"measured again, {times} so far, which tells more of what is best than any new point"

    def _may_be_repeated(self, point: Point) -> bool:
        key = self.space.key(point)
        return self.times[key] < self.most and key not in self.pending and not self.space.problems(point)

    def _leaders(self, beliefs: Beliefs) -> list[Point]:
        """The measured points that are expected to meet all thresholds, and of which most is expected."""
        points = list(distinct(self.space, self.space.columns(self.measured), set()))
        columns, goal = self.space.columns(points), beliefs.goals[0]
        order = np.argsort(-goal.utility(beliefs.models[goal.name].mean(columns)), kind="stable")[:LEADERS]
        return [points[i] for i in order[beliefs.expected_to_meet([points[i] for i in order])]]


def gains(goal: Objective, model: Surrogate, tried: Columns, new: Columns) -> np.ndarray:
    """By how much a trial at each point is expected to raise the best expected utility of all that was tried, (t + n,).

    The points are those that were tried, then the new ones, each of which counts as tried after its own trial. A trial
    at x moves the mean m of every point a by one and the same standard normal number Z (Frazier, Powell & Dayanik 2009,
    The Knowledge-Gradient Policy for Correlated Normal Beliefs, doi:10.1287/ijoc.1080.0314):

        m'(a) = m(a) + Z k(a, x) / √(k(x, x) + σ²),

    with k the posterior covariance and σ² the variance of a measurement. To measure again brings nothing where σ² is
    small. Where it is large, a new design would hardly be trusted after its only trial, and a second look at those that
    compete for the first place may correct the choice.
    """
    n_tried = size(tried)
    mean, covariance = joint(model, {name: np.concatenate([column, new[name]]) for name, column in tried.items()})
    spread = np.sqrt(np.maximum(covariance.diagonal(), 0.0) + model.model.noise_variance_)
    moves = covariance / np.maximum(spread, np.finfo(float).tiny)[:, None]
    can_be_best = np.eye(len(mean), dtype=bool)
    can_be_best[:, :n_tried] = True
    utility = goal.utility(mean[None, :, None] + moves[:, :, None] * NODES)
    best_after = np.where(can_be_best[:, :, None], utility, -np.inf).max(axis=1)
    return np.asarray(best_after @ WEIGHTS - goal.utility(mean[:n_tried]).max())
