"""What planners that learn from results share: the starts, and what they are told when these are over."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from matloop.core.event import Proposal
from matloop.core.merit import usable
from matloop.core.objective import Objective
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.planners.sampling import keys_of
from matloop.planners.starts import n_missing, starts

if TYPE_CHECKING:
    from matloop.planners.success import Success


@dataclass(frozen=True)
class Task:
    """Where to choose from, what is wanted, and what is known; each observation has a value for every objective.

    What failures have taught is in `success`; None where nothing has failed.
    """

    space: Space
    objectives: Sequence[Objective]
    observations: Sequence[Observation]
    pending: Sequence[Point]
    tried: frozenset[Any]
    rng: np.random.Generator
    success: Success | None = None

    def with_pending(self, points: Sequence[Point]) -> Task:
        """The task once these points are under way, too."""
        tried = self.tried | keys_of(self.space, points)
        return replace(self, pending=[*self.pending, *points], tried=tried)


class Learner(BaseModel, ABC):
    """Starts by a Latin hypercube; once two trials have brought results, `choose` takes over."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    batch: int = Field(1, ge=1, description="how many trials are planned in the same breath")
    starts: int | None = Field(None, ge=1, description="trials planned before the model takes over")

    @abstractmethod
    def choose(self, task: Task, n: int) -> list[Proposal]:
        """Up to n untried points, with reasons."""

    def check(self, objectives: Sequence[Objective]) -> None:
        """Raise PlannerError where these objectives mean nothing to this planner."""

    def propose(
        self,
        space: Space,
        objectives: Sequence[Objective],
        observations: Sequence[Observation],
        pending: Sequence[Point],
        n: int,
        rng: np.random.Generator,
    ) -> list[Proposal]:
        self.check(objectives)
        tried = keys_of(space, [*(o.point for o in observations), *pending])
        known = usable(objectives, observations)
        n_first = n if len(known) < 2 else min(n, n_missing(space, observations, pending, self.starts))
        proposals = starts(space, tried, n_first, rng, self.starts)
        if len(proposals) < n and len(known) >= 2:
            from matloop.models.threads import one_thread  # scipy: only who learns needs to load it
            from matloop.planners.success import Success

            with one_thread():
                success = Success.learned(space, observations)
                task = Task(space, objectives, known, pending, frozenset(tried), rng, success)
                proposals += self.choose(task.with_pending([p.point for p in proposals]), n - len(proposals))
        return proposals
