"""What a replay and an emulator share: a table of measurements, its rows pooled by condition."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import Field, PrivateAttr, model_validator

from matloop.core.choice import Choice
from matloop.core.errors import InputError, did_you_mean
from matloop.core.fidelity import Fidelity
from matloop.core.objective import Objective
from matloop.core.parameter import Columns
from matloop.core.space import Point, Space
from matloop.files.published import find_data
from matloop.labs.simulated import SimulatedLab

#: Numbers in one block of a distance matrix.
_BLOCK = 2_000_000


@dataclass(frozen=True)
class Measurements:
    """Rows with the same settings are replicates of one condition.

    points: one for each of c conditions; encoded: (c, k), as models see them; condition: (n,), the condition of each
    row; values: objective -> (n,), in the rows' order.
    """

    points: list[Point]
    encoded: np.ndarray
    condition: np.ndarray
    values: dict[str, np.ndarray]

    @property
    def n_conditions(self) -> int:
        return len(self.points)

    def rows_of(self) -> list[np.ndarray]:
        """The rows of each condition."""
        order = np.argsort(self.condition, kind="stable")
        return np.split(order, np.cumsum(np.bincount(self.condition))[:-1])

    def means(self, values: np.ndarray) -> np.ndarray:
        """The mean of the replicates of each condition, shape (c,)."""
        return np.bincount(self.condition, values) / np.bincount(self.condition)

    def distances(self, encoded: np.ndarray) -> np.ndarray:
        """Between encoded points (m, k) and every condition: (m, c)."""
        return np.sqrt(((encoded[:, None, :] - self.encoded[None, :, :]) ** 2).sum(axis=2))

    def nearest(self, encoded: np.ndarray) -> np.ndarray:
        """The nearest condition to each of the encoded points (m, k): (m,). In blocks: memory stays small."""
        block = max(1, _BLOCK // max(1, self.encoded.size))
        parts = [self.distances(encoded[i : i + block]).argmin(axis=1) for i in range(0, len(encoded), block)]
        return np.concatenate(parts) if parts else np.empty(0, int)


class TableLab(SimulatedLab, ABC):
    """A simulated lab that knows a table of measurements."""

    file: str = Field(description="CSV, TSV, JSON Lines or Parquet; also found by its name under MATLOOP_DATA")
    header: bool = Field(True, description="whether a text file begins with the names of its columns")
    columns: tuple[str, ...] | None = Field(None, description="the names of the columns, where there is no header")
    parameters: dict[str, str] = Field({}, description="variable -> column, where the names differ")
    values: dict[str, str] = Field({}, description="objective -> column, where the names differ")

    _data: Measurements | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _named_columns(self) -> TableLab:
        if self.header and self.columns is not None:
            raise ValueError("columns names the columns of a file without header: write header = false")
        if not self.header and not self.columns:
            raise ValueError("a file without header needs columns, the names of its columns")
        return self

    def prepare(self, space: Space, objectives: Sequence[Objective], folder: Path, base: Path) -> None:
        """Read the table. Raises InputError for a missing file or column, or cells that cannot be used."""
        super().prepare(space, objectives, folder, base)
        self._require_known("parameters", self.parameters, space.variables)
        self._require_known("values", self.values, [objective.name for objective in objectives])
        self._data = self._measurements(space)

    @property
    def data(self) -> Measurements:
        """The measurements in the table; only after `prepare`."""
        assert self._data is not None, "prepare comes first"
        return self._data

    def _require_known(self, field: str, given: Mapping[str, str], known: Sequence[str]) -> None:
        for name in given:
            if name not in known:
                raise InputError(
                    f"lab.{field} speaks of '{name}', which the campaign has not", did_you_mean(name, known)
                )

    def _measurements(self, space: Space) -> Measurements:
        from matloop.files.table import read_table

        table = read_table(find_data(self.file, self._base), self.columns)
        settings = {name: self._column(table, self.parameters.get(name, name)) for name in space.variables}
        values = {
            objective.name: self._numbers(table, self.values.get(objective.name, objective.name))
            for objective in self._objectives
        }
        for name, column in settings.items():
            settings[name] = self._settings(space, name, column)
        return _pooled(space, settings, values, self.file)

    def _column(self, table: Columns, column: str) -> np.ndarray:
        if column not in table:
            hint = did_you_mean(column, table)
            raise InputError(f"{Path(self.file).name} has no column '{column}'", hint or "see its columns")
        return table[column]

    def _numbers(self, table: Columns, column: str) -> np.ndarray:
        cells = self._column(table, column)
        if cells.dtype.kind not in "fiub":
            raise InputError(f"the column '{column}' of {Path(self.file).name} holds text where numbers are needed")
        return cells.astype(float)

    def _settings(self, space: Space, name: str, column: np.ndarray) -> np.ndarray:
        """The cells of one variable in the space's own types; options of a choice may be written in other ways."""
        choice = space.parameters.get(name)
        if isinstance(choice, Choice | Fidelity):
            options = {str(cell): choice.problem(name, {name: cell}) is None for cell in column.tolist()}
            if isinstance(choice, Fidelity) and (
                unknown := [cell for cell, is_known in options.items() if not is_known]
            ):
                message = f"the column '{name}' of {Path(self.file).name} holds '{unknown[0]:.60}', which is no level"
                raise InputError(message, "list it among the levels, or leave its rows out")
            cells = np.empty(len(column), dtype=object)
            cells[:] = [choice.coerce(name, {name: c})[name] if options[str(c)] else c for c in column.tolist()]
            return cells
        numeric = column.dtype.kind in "fiub"
        pool = next((p for key, p in space.parameters.items() if name in p.variables(key) and p.kind == "pool"), None)
        if not numeric and pool is None:
            raise InputError(f"the column '{name}' of {Path(self.file).name} holds text where numbers are needed")
        return column


def _pooled(space: Space, settings: Columns, values: Mapping[str, np.ndarray], file: str) -> Measurements:
    """Pool replicates; rows without a number for a setting or an objective are left out."""
    whole = np.ones(len(next(iter(settings.values()))), bool)
    for column in [*settings.values(), *values.values()]:
        if column.dtype.kind == "f":
            whole &= np.isfinite(column)
    if not whole.any():
        raise InputError(f"no row of {Path(file).name} has a number in every column that the campaign needs")
    points = space.points({name: column[whole] for name, column in settings.items()})
    first: dict[tuple[object, ...], int] = {}
    condition = np.array([first.setdefault(space.key(point), len(first)) for point in points])
    _, row = np.unique(condition, return_index=True)
    distinct = [points[i] for i in row]
    return Measurements(
        distinct,
        space.encode(space.columns(distinct)).astype(float),
        condition,
        {name: column[whole] for name, column in values.items()},
    )
