"""How far a campaign is, as the rules that may end it see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matloop.core.merit import usable
from matloop.core.objective import Objective
from matloop.core.parameter import Columns
from matloop.core.space import Space
from matloop.core.trial import Observation


@dataclass(frozen=True, eq=False)
class Standing:
    """Results and what they are judged by, nothing that is in flight: the same results always give the same verdict.

    `cost` gives what a trial at each of n points costs, (n,); it is None where that is not known. `planner` is who
    chooses the trials: what it was told beforehand counts for whoever judges, too.
    """

    space: Space
    objectives: tuple[Objective, ...]
    observations: tuple[Observation, ...]
    seed: int = 0
    cost: Callable[[Columns], np.ndarray] | None = None
    planner: object | None = None

    @property
    def usable(self) -> list[Observation]:
        """The observations that have a value for every objective."""
        return usable(self.objectives, self.observations)

    @property
    def goals(self) -> list[Objective]:
        """What is to be made as good as possible, thresholds left aside."""
        return [wish for wish in self.objectives if not wish.is_threshold]
