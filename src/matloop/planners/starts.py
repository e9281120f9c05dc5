"""How a planner that learns begins: a few trials that fill the space, before there is anything to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np

from matloop.core.event import Proposal
from matloop.core.pool import Pool
from matloop.core.space import Point, Space
from matloop.planners.designs import Design, LatinHypercube

#: More starts than this are never planned unless they are asked for.
MOST_STARTS = 24


def n_starts(space: Space) -> int:
    """Two for each dimension and two; in a small space no more than a quarter of it."""
    parameters = space.parameters.items()
    dimensions = sum(len(p.features(name)) if isinstance(p, Pool) else p.width for name, p in parameters)
    return int(max(2, min(2 * dimensions + 2, MOST_STARTS, space.n_points // 4)))


def starts(
    space: Space,
    tried: set[Any],
    n: int,
    rng: np.random.Generator,
    size: int | None = None,
    design: Design | None = None,
) -> list[Proposal]:
    """The next n of `size` starts, from a Latin hypercube of so many points unless another design is given."""
    if n <= 0:
        return []
    design = design or LatinHypercube(size=size or n_starts(space))
    reason = f"start {design.reason}"
    return [Proposal(point=point, reason=reason) for point in islice(design.points(space, rng, tried), n)]


def n_missing(space: Space, observations: Sequence[Any], pending: Sequence[Point], size: int | None = None) -> int:
    """How many starts are still to be planned; failed trials and trials under way have been starts as well."""
    return max((size or n_starts(space)) - len(observations) - len(pending), 0)
