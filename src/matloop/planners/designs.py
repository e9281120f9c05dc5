"""Designs that fill a space without learning: random, Sobol, Latin hypercube, grid.

Each is a fixed sequence of points for a given seed; the trial's number says how far along it a campaign is.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from matloop.core.event import Proposal
from matloop.core.mixture import Mixture
from matloop.core.objective import Objective
from matloop.core.parameter import Columns, Parameter, Real
from matloop.core.pool import Pool
from matloop.core.seeds import shared, trial_number
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.planners.choices import LARGEST_CHOICE, chosen
from matloop.planners.sampling import CHUNK, MOST_DRAWS, distinct, keys_of
from matloop.planners.sequence import endless, from_blocks


class Design(BaseModel, ABC):
    """What the designs share: no point twice, none that breaks a constraint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: int = Field(1, ge=1, description="how many trials are planned in the same breath")

    @abstractmethod
    def points(self, space: Space, rng: np.random.Generator, tried: set[Any]) -> Iterator[Point]:
        """The points from this trial on, in order; ends where the space has no more to offer."""

    @property
    @abstractmethod
    def reason(self) -> str:
        """Why a point of this design is proposed."""

    def propose(
        self,
        space: Space,
        objectives: Sequence[Objective],
        observations: Sequence[Observation],
        pending: Sequence[Point],
        n: int,
        rng: np.random.Generator,
    ) -> list[Proposal]:
        tried = keys_of(space, [*(o.point for o in observations), *pending])
        return [Proposal(point=point, reason=self.reason) for point in islice(self.points(space, rng, tried), n)]


class Random(Design):
    """Uniformly random points; of a finite space each at most once."""

    kind: Literal["random"] = "random"

    @property
    def reason(self) -> str:
        return "drawn at random"

    def points(self, space: Space, rng: np.random.Generator, tried: set[Any]) -> Iterator[Point]:
        candidates = space.candidates()
        if candidates is not None:
            order = rng.permutation(len(next(iter(candidates.values()))))
            yield from distinct(space, {name: column[order] for name, column in candidates.items()}, tried)
            return
        yield from from_blocks(space, endless(lambda n: rng.random((n, space.width))), tried, skip=0)


class Sobol(Design):
    """A scrambled Sobol sequence: fills the space more evenly than chance (Owen 1998, doi:10.1006/jcom.1998.0487)."""

    kind: Literal["sobol"] = "sobol"

    @property
    def reason(self) -> str:
        return "the next point of a Sobol sequence, to fill the space"

    def points(self, space: Space, rng: np.random.Generator, tried: set[Any]) -> Iterator[Point]:
        from scipy.stats import qmc

        sequence = qmc.Sobol(space.width, scramble=True, rng=shared(rng))
        yield from from_blocks(space, endless(sequence.random), tried, skip=trial_number(rng) - 1)


class LatinHypercube(Design):
    """Latin hypercubes of `size` points, one after the other (McKay et al. 1979, doi:10.2307/1268522).

    In each, every parameter's range is cut into `size` strata, and each stratum holds one point. Where constraints,
    mixtures, pools or few levels do not allow every combination, the strata are those of what is allowed, and the
    points are chosen from a large sample of it so that as many strata as possible hold one: see `stratify`. Beyond 500
    points such a hypercube is made in blocks of 500.
    """

    kind: Literal["latin_hypercube"] = "latin_hypercube"
    size: int = Field(10, ge=1, description="the points of one hypercube: best the trials that you plan")

    @property
    def reason(self) -> str:
        return f"from a Latin hypercube of {self.size} points, to fill the space"

    def points(self, space: Space, rng: np.random.Generator, tried: set[Any]) -> Iterator[Point]:
        if not _is_box(space) or space.n_points < 4 * self.size:
            yield from chosen(space, min(self.size, LARGEST_CHOICE), rng, tried)
            return
        hypercubes = endless(partial(self._hypercubes, space.width, shared(rng)))
        yield from from_blocks(space, hypercubes, tried, skip=trial_number(rng) - 1)

    def _hypercubes(self, width: int, rng: np.random.Generator, n: int) -> np.ndarray:
        """As many whole hypercubes as make n points or a few more."""
        shape = (-(-n // self.size), self.size, width)
        strata = np.argsort(rng.random(shape), axis=1)
        return ((strata + rng.random(shape)) / self.size).reshape(-1, width)


def _is_box(space: Space) -> bool:
    """Whether every combination of values is allowed, so that strata of uniform numbers are strata of values."""
    return not space.constraints and not any(isinstance(p, Mixture | Pool) for p in space.parameters.values())


class GridDesign(Design):
    """Every combination, one after the other; a continuous parameter takes `levels` values from low to high."""

    kind: Literal["grid"] = "grid"
    levels: int = Field(5, ge=2, description="how many values a continuous parameter takes")
    shuffle: bool = Field(False, description="visit the grid in random order instead of row by row")

    @property
    def reason(self) -> str:
        return "the next point of the grid"

    def points(self, space: Space, rng: np.random.Generator, tried: set[Any]) -> Iterator[Point]:
        tables = [_levels(name, parameter, self.levels) for name, parameter in space.parameters.items()]
        sizes = [len(next(iter(table.values()))) for table in tables]
        for flat in self._order(math.prod(sizes), rng):
            places = np.unravel_index(flat, sizes)
            columns = {v: column[i] for table, i in zip(tables, places, strict=True) for v, column in table.items()}
            ok = space.feasible(columns)
            for point in distinct(space, {v: column[ok] for v, column in columns.items()}, tried):
                if not space.problems(point):  # a level may lie off the step of its parameter
                    yield point

    def _order(self, total: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """The positions in chunks, so that a grid of any size costs no memory."""
        if self.shuffle and total <= MOST_DRAWS:
            order = shared(rng).permutation(total)
            yield from np.array_split(order, max(1, total // CHUNK))
            return
        for start in range(0, total, CHUNK):
            yield np.arange(start, min(start + CHUNK, total))


def _levels(name: str, parameter: Parameter, levels: int) -> Columns:
    if math.isfinite(parameter.n_points):
        return parameter.every(name)
    if isinstance(parameter, Real):
        return {name: parameter.spread(levels)}
    assert isinstance(parameter, Mixture)
    return parameter.lattice(levels)
