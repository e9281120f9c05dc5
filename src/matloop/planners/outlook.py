"""What is expected everywhere, from whatever model; and the trials that follow from a score of it, one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from matloop.core.errors import PlannerError
from matloop.core.event import Prediction, Proposal
from matloop.core.parameter import Columns
from matloop.core.space import Point
from matloop.planners.learner import Task
from matloop.planners.search import highest
from matloop.planners.surrogates import Surrogate, fit_objectives

#: For each objective the mean and the standard deviation at n points, each of shape (n,).
Expected = Mapping[str, tuple[np.ndarray, np.ndarray]]


class Outlook(Protocol):
    """Expectations of every objective."""

    def expect(self, columns: Columns) -> Expected:
        """Mean and standard deviation of each objective, both (n,), without the noise of measuring."""

    def with_pending(self, points: Sequence[Point]) -> Self:
        """The same once these points are known, at the values that are expected there."""

    def noise(self, name: str) -> float:
        """The standard deviation of one measurement of this objective; 0 where the model does not tell."""


@dataclass(frozen=True)
class GaussianOutlook:
    """A Gaussian process for each objective."""

    models: Mapping[str, Surrogate]

    @classmethod
    def of(cls, task: Task) -> GaussianOutlook:
        """Fitted to the observations. Raises PlannerError where points have nothing that a model could see."""
        if not task.space.features:
            raise PlannerError(
                "nothing can be learned: the candidates have names and no properties",
                "give the pool columns that describe them, or take the planner 'random'",
            )
        models = fit_objectives(task.space, task.objectives, task.observations)
        return cls(models).with_pending(task.pending)

    def expect(self, columns: Columns) -> Expected:
        return {name: model.predict(columns) for name, model in self.models.items()}

    def with_pending(self, points: Sequence[Point]) -> GaussianOutlook:
        return GaussianOutlook({name: model.with_pending(points) for name, model in self.models.items()})

    def noise(self, name: str) -> float:
        return float(np.sqrt(self.models[name].model.noise_variance_))


def one_by_one(
    task: Task, outlook: Outlook, n: int, score: Callable[[int, Expected], np.ndarray], why: Callable[[int], str]
) -> list[Proposal]:
    """The untried point of the highest score, n times; each counts as measured, at what is expected there.

    `score(i, expected)` is the score (n,) for the i-th of them and `why(i)` its reason.
    """

    def sober_score(columns: Columns) -> np.ndarray:
        scores = score(len(proposals), outlook.expect(columns))
        return task.success.sober(scores, columns) if task.success else scores

    proposals: list[Proposal] = []
    for i in range(n):
        point = highest(task.space, sober_score, set(task.tried), task.rng)
        if point is None:
            break
        proposals.append(proposal(task, outlook, point, why(i)))
        task, outlook = task.with_pending([point]), outlook.with_pending([point])
    return proposals


def proposal(task: Task, outlook: Outlook, point: Point, why: str) -> Proposal:
    """The point with its reason and what will be measured there, the noise of measuring included."""
    expected = outlook.expect(task.space.columns([point]))
    told = {
        name: Prediction(mean=float(mean[0]), std=float(np.hypot(std[0], outlook.noise(name))))
        for name, (mean, std) in expected.items()
    }
    written = ", ".join(
        f"{wish.name} {told[wish.name].mean:.4g} ± {told[wish.name].std:.2g}" + (f" {wish.unit}" if wish.unit else "")
        for wish in task.objectives
    )
    return Proposal(point=point, reason=f"{why}: expected {written}", predicted=told)
