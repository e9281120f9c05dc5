"""What is proposed where a model fails numerically: by one that cannot fail so, and in the end by chance.

A Gaussian process has steps of its own before these (more noise on its diagonal, `models/cholesky.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from matloop.core.event import Proposal
from matloop.core.objective import Objective
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.planners.designs import Random
from matloop.planners.forest import Forest

#: What failing numerically looks like. Other errors are mistakes of a program, which nobody should hide.
NUMERICAL = (np.linalg.LinAlgError, ArithmeticError)


def instead(
    error: Exception,
    space: Space,
    objectives: Sequence[Objective],
    observations: Sequence[Observation],
    pending: Sequence[Point],
    n: int,
    rng: np.random.Generator,
) -> list[Proposal]:
    """Proposals of the first rung that holds; their reasons name the error."""
    try:
        proposals = Forest().propose(space, objectives, observations, pending, n, rng)
    except NUMERICAL:
        proposals = Random().propose(space, objectives, observations, pending, n, rng)
    why = f"the Gaussian process failed ({error or type(error).__name__}), so instead: "
    return [proposal.model_copy(update={"reason": why + proposal.reason}) for proposal in proposals]
