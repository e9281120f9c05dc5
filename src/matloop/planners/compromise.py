"""What a user says of several goals: how they are joined, and in numbers what would be too bad and what good enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from matloop.core.errors import Mistake, did_you_mean
from matloop.core.objective import Near, Objective

if TYPE_CHECKING:
    from matloop.models.gaussian_process import GaussianProcess
    from matloop.planners.hypervolume_noisy import NoisyHypervolume
    from matloop.planners.joined import Joined

Way = Literal["hypervolume", "chebyshev", "desirability"]


@dataclass(frozen=True)
class Compromise:
    """How several goals become one acquisition. All numbers are in the goals' own units, by their names.

    `reference` is from where a goal counts, `satisfied` from where more of it brings nothing, `weights` how much it
    counts beside the others.
    """

    several: Way = "hypervolume"
    reference: Mapping[str, float] = field(default_factory=dict)
    satisfied: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)

    def acquisition(
        self,
        objectives: Sequence[Objective],
        models: Mapping[str, GaussianProcess],
        X: np.ndarray,
        rng: np.random.Generator,
    ) -> NoisyHypervolume | Joined:
        """What a trial is worth, by models that were fitted to measurements at the inputs X (n, d)."""
        goals = [wish for wish in objectives if not wish.is_threshold]
        reference = utilities(goals, self.reference)
        if self.several == "hypervolume":
            from matloop.planners.hypervolume_noisy import NoisyHypervolume

            return NoisyHypervolume(objectives, models, X, rng, reference=reference)
        from matloop.planners.joined import ByChebyshev, ByDesirability, Joined

        if self.several == "chebyshev":
            return Joined(objectives, models, X, rng, ByChebyshev())
        best = {goal.name: goal.value for goal in goals if isinstance(goal, Near)}
        satisfied = utilities(goals, {**best, **self.satisfied})
        weights = np.array([self.weights.get(goal.name, 1.0) for goal in goals])
        return Joined(objectives, models, X, rng, ByDesirability(reference, satisfied, weights))

    def mistakes(self, objectives: Sequence[Objective]) -> list[Mistake]:
        """What does not fit the objectives, or each other."""
        goals = {wish.name: wish for wish in objectives if not wish.is_threshold}
        if len(goals) < 2:
            return [Mistake(f"planner.{key}", "it is for several goals", "leave it out") for key in self._given]
        found = [mistake for key in self._given if key != "several" for mistake in self._unknown(key, objectives)]
        found += [Mistake(f"planner.{key}", f"'{self.several}' does not use it", "leave it out") for key in self._idle]
        return found or [*self._incomplete(goals), *self._contradictions(goals)]

    @property
    def _given(self) -> list[str]:
        tables = [key for key in ("reference", "satisfied", "weights") if getattr(self, key)]
        return ["several", *tables] if self.several != "hypervolume" else tables

    @property
    def _idle(self) -> list[str]:
        used = {"hypervolume": ["reference"], "chebyshev": [], "desirability": ["reference", "satisfied", "weights"]}
        return [key for key in self._given if key not in ("several", *used[self.several])]

    def _unknown(self, key: str, objectives: Sequence[Objective]) -> Iterator[Mistake]:
        wishes = {wish.name: wish for wish in objectives}
        for name in getattr(self, key):
            if name not in wishes:
                yield Mistake(f"planner.{key}.{name}", f"'{name}' is no objective", did_you_mean(name, wishes))
            elif wishes[name].is_threshold:
                yield Mistake(
                    f"planner.{key}.{name}", f"'{name}' has its limit already, and is no goal", "leave it out"
                )

    def _incomplete(self, goals: Mapping[str, Objective]) -> Iterator[Mistake]:
        if self.several != "desirability":
            return
        for name, goal in goals.items():
            if name not in self.satisfied and not isinstance(goal, Near):
                hint = f"satisfied = {{ {name} = … }}"
                yield Mistake(f"planner.satisfied.{name}", f"which value of '{name}' is good enough?", hint)

    def _contradictions(self, goals: Mapping[str, Objective]) -> Iterator[Mistake]:
        for name, goal in goals.items():
            best = goal.value if isinstance(goal, Near) else self.satisfied.get(name)
            enough = self.satisfied.get(name, best)
            if name not in self.reference or enough is None:
                continue
            low, high = (float(goal.utility(np.array(value))) for value in (self.reference[name], enough))
            if low >= high:
                what = f"{self.reference[name]:g} is no worse than {enough:g}"
                yield Mistake(f"planner.reference.{name}", what, "give what is too bad to count")


def utilities(goals: Sequence[Objective], given: Mapping[str, float]) -> np.ndarray:
    """The utilities (m,) of these values of the goals, NaN where there is none."""
    return np.array([float(g.utility(np.array(given[g.name]))) if g.name in given else np.nan for g in goals])
