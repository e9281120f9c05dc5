"""Where a property crosses a value: the border between what is good enough and what is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from matloop.core.errors import PlannerError
from matloop.core.event import Proposal
from matloop.core.merit import values
from matloop.core.objective import AtLeast, AtMost, Near, Objective
from matloop.planners.learner import Learner, Task


class LevelSet(Learner):
    """Measures where it is least clear on which side of a value the outcome lies: the straddle heuristic.

    The score is β σ − |mean − value| (Bryan et al. 2005, Active Learning for Identifying Function Threshold
    Boundaries, NeurIPS 18, with β = 1.96). The value is the limit of `at_most` or `at_least`, the value of `near`, or
    `level` for what has none. With several objectives the border of the region where all conditions are met is
    looked for: at each point the condition decides that is expected to be met least.
    """

    kind: Literal["level_set"] = "level_set"
    level: float | None = Field(None, description="the value of the goal that is to be crossed, in its unit")
    exploration: float = Field(1.96, gt=0, le=100, description="β: how many standard deviations count as unclear")

    def check(self, objectives: Sequence[Objective]) -> None:
        goals = [wish.name for wish in objectives if _own_level(wish) is None]
        if goals and self.level is None:
            raise PlannerError(
                f"a level set needs a value, and '{goals[0]}' has none",
                "state it as at_least or at_most with a limit, or set the planner's `level`",
            )
        if len(goals) > 1:
            raise PlannerError(
                f"one `level` cannot serve several goals: {', '.join(goals)}",
                "state each of them as at_least or at_most with its own limit",
            )
        if self.level is not None and not goals:
            raise PlannerError(
                "the planner's `level` is not used: every objective brings a value of its own",
                "leave `level` out, or state the goal as maximize or minimize",
            )

    def choose(self, task: Task, n: int) -> list[Proposal]:
        from matloop.planners.outlook import Expected, GaussianOutlook, one_by_one

        spans = {wish.name: float(np.ptp(values(wish, task.observations))) or 1.0 for wish in task.objectives}

        def straddle(_: int, expected: Expected) -> np.ndarray:
            with np.errstate(over="ignore"):  # a level may lie beyond all that was measured
                margins = [self._margin(wish, expected[wish.name][0]) / spans[wish.name] for wish in task.objectives]
            doubts = [expected[wish.name][1] / spans[wish.name] for wish in task.objectives]
            return self._straddle(np.stack(margins), np.stack(doubts))

        crossing = " and ".join(f"{wish.name} {self._level(wish):g}" for wish in task.objectives)
        why = f"the least clear whether it lies above or below {crossing}"
        return one_by_one(task, GaussianOutlook.of(task), n, straddle, lambda _: why)

    def _straddle(self, margins: np.ndarray, doubts: np.ndarray) -> np.ndarray:
        """β σ − |margin| (n,) of the condition that is met least; margins and standard deviations are (m, n)."""
        least = margins.argmin(axis=0)[None]
        margin, doubt = (np.take_along_axis(table, least, axis=0)[0] for table in (margins, doubts))
        return np.asarray(self.exploration * doubt - np.abs(margin))

    def _margin(self, wish: Objective, mean: np.ndarray) -> np.ndarray:
        """How far the mean (n,) lies on the good side; for what has no good side, above the value."""
        return wish.utility(mean) if wish.is_threshold else mean - self._level(wish)

    def _level(self, wish: Objective) -> float:
        own = _own_level(wish)
        assert own is not None or self.level is not None
        return float(self.level if own is None else own)  # type: ignore[arg-type]


def _own_level(wish: Objective) -> float | None:
    """The value that the objective itself names."""
    if isinstance(wish, AtLeast | AtMost):
        return wish.limit
    return wish.value if isinstance(wish, Near) else None
