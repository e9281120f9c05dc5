"""A portfolio of confidence bounds: some trials trust the model, others look far on the bright side."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from matloop.core.event import Proposal
from matloop.core.seeds import trial_number
from matloop.planners.learner import Learner, Task


class Portfolio(Learner):
    """The highest upper confidence bound mean + β σ of a Gaussian process, with another β for each trial.

    The β are spread as an exponential distribution of mean `exploration` (Hutter, Hoos & Leyton-Brown 2012, Parallel
    Algorithm Configuration, doi:10.1007/978-3-642-34413-8_5, who draw them; here any few trials in a row have small
    and large ones). A batch so chosen drove the mobile robotic chemist (Burger et al. 2020,
    doi:10.1038/s41586-020-2442-2).
    """

    kind: Literal["portfolio"] = "portfolio"
    exploration: float = Field(1.0, gt=0, le=100, description="the mean of β, in standard deviations")

    def beta(self, number: int) -> float:
        """β of the trial with this number."""
        return -self.exploration * math.log1p(-_radical_inverse(number))

    def choose(self, task: Task, n: int) -> list[Proposal]:
        from matloop.planners.outlook import GaussianOutlook, one_by_one
        from matloop.planners.wishes import Wishes

        first = trial_number(task.rng)
        betas = [self.beta(first + i) for i in range(n)]
        wishes = [Wishes(task.objectives, task.observations, task.rng) for _ in range(n)]
        return one_by_one(
            task,
            GaussianOutlook.of(task),
            n,
            lambda i, expected: wishes[i].bright(expected, betas[i]),
            lambda i: f"the highest upper confidence bound, mean + {betas[i]:.2f} σ",
        )


def _radical_inverse(number: int) -> float:
    """The van der Corput sequence 1/2, 1/4, 3/4, 1/8, …: evenly spread in (0, 1) wherever it is cut."""
    result, place = 0.0, 0.5
    while number:
        number, bit = divmod(number, 2)
        result, place = result + bit * place, place / 2
    return result
