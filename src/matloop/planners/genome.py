"""Points as rows of numbers that can be crossed and changed, and back through the same door as every other point."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from matloop.core.choice import Choice
from matloop.core.mixture import Mixture
from matloop.core.parameter import Columns, Parameter
from matloop.core.pool import Pool
from matloop.core.space import ENUMERABLE, Point, Space
from matloop.planners.sampling import Sampler

#: The largest number below 1 that uniform numbers take here.
TOP = 1.0 - 1e-12


class Genome:
    """The genes of a space's points: the uniform numbers behind them, and the columns of a pool's row in their place.

    Every gene lies in 0…1. So a child is nearly what its parents are, and `columns` makes it a point that stands on
    its grid, sums to its total and is a row of its pool; constraints are met where `columns` says so.
    """

    def __init__(self, space: Space, rng: np.random.Generator) -> None:
        self.space = space
        self.sampler = Sampler(space)
        self.parts = [_part(name, parameter, rng) for name, parameter in space.parameters.items()]

    @cached_property
    def is_choice(self) -> np.ndarray:
        """Which genes have no order: boolean, (g,)."""
        return np.concatenate([np.full(part.width, part.is_choice) for part in self.parts])

    def genes(self, points: Sequence[Point]) -> np.ndarray:
        """The genes (n, g) of points; of values off their grid those of the nearest."""
        columns = self.space.columns(points)
        return np.clip(np.column_stack([part.genes(columns) for part in self.parts]), 0.0, TOP)

    def columns(self, genes: np.ndarray) -> tuple[Columns, np.ndarray]:
        """The points of genes (n, g), and which of them are feasible, boolean (n,)."""
        ends = np.cumsum([part.width for part in self.parts])
        blocks = np.split(np.clip(genes, 0.0, TOP), ends[:-1], axis=1)
        return self.sampler.columns(
            np.hstack([part.unit(block) for part, block in zip(self.parts, blocks, strict=True)])
        )


class _Numbers:
    """The genes of a parameter are its uniform numbers."""

    def __init__(self, name: str, parameter: Parameter) -> None:
        self.name, self.parameter = name, parameter
        self.width = parameter.width
        self.is_choice = isinstance(parameter, Choice)

    def genes(self, columns: Columns) -> np.ndarray:
        if isinstance(self.parameter, Choice):
            options = list(map(str, self.parameter.options))
            index = [options.index(str(value)) if str(value) in options else 0 for value in columns[self.name].tolist()]
            return (np.array(index)[:, None] + 0.5) / len(options)
        encoded = self.parameter.encode(self.name, columns)
        grid = getattr(self.parameter, "grid", None)
        if grid is None or getattr(self.parameter, "log", False):
            return encoded[:, : self.width]  # a fidelity has no gene
        index = np.rint((np.asarray(columns[self.name], float)[:, None] - grid.low) / grid.step)
        return np.asarray((index + 0.5) / grid.n)

    def unit(self, genes: np.ndarray) -> np.ndarray:
        return genes


class _Shares(_Numbers):
    """A mixture knows the uniform numbers behind its amounts itself."""

    def genes(self, columns: Columns) -> np.ndarray:
        assert isinstance(self.parameter, Mixture)
        return self.parameter.to_unit(columns)


class _Row:
    """A pool: the columns that a model sees, each from 0 to 1, and from there to the nearest row.

    Without such columns it is the row's place in the table. Of a very large pool a sample of the rows can be born.
    """

    is_choice = False

    def __init__(self, name: str, pool: Pool, rng: np.random.Generator) -> None:
        self.name, self.pool, self.n = name, pool, int(pool.n_points)
        is_large = self.n > ENUMERABLE
        self.index = rng.choice(self.n, ENUMERABLE, replace=False) if is_large else np.arange(self.n)
        seen = pool.encode(name, pool.at(name, self.index))
        self.low, self.range = seen.min(axis=0), np.ptp(seen, axis=0)
        self.is_described = seen.shape[1] > 0
        self.rows = self._scaled(seen) if self.is_described else (self.index[:, None] + 0.5) / self.n
        self.width = self.rows.shape[1]

    def _scaled(self, seen: np.ndarray) -> np.ndarray:
        return (seen - self.low) / np.where(self.range > 0, self.range, 1.0)

    def genes(self, columns: Columns) -> np.ndarray:
        if self.is_described:
            return self._scaled(self.pool.encode(self.name, columns))
        wanted = {name: columns[name] for name in self.pool.rows}
        found = [self._place({name: column[i] for name, column in wanted.items()}) for i in range(_length(wanted))]
        return (np.array(found)[:, None] + 0.5) / self.n

    def _place(self, cells: dict[str, object]) -> int:
        return int(np.logical_and.reduce([self.pool.rows[name] == cell for name, cell in cells.items()]).argmax())

    def unit(self, genes: np.ndarray) -> np.ndarray:
        from scipy.spatial import cKDTree

        nearest = cKDTree(self.rows).query(genes)[1]
        return (self.index[nearest][:, None] + 0.5) / self.n


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _part(name: str, parameter: Parameter, rng: np.random.Generator) -> _Numbers | _Row:
    if isinstance(parameter, Pool):
        return _Row(name, parameter, rng)
    return _Shares(name, parameter) if isinstance(parameter, Mixture) else _Numbers(name, parameter)
