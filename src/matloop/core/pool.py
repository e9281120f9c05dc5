"""A pool: a finite table of candidates, one row a point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import Field, PrivateAttr, model_validator

from matloop.core.parameter import Columns, Parameter, Value, given, plain

#: Text columns with more different values than this tell a model nothing (they are names).
MOST_LEVELS = 50


class Pool(Parameter):
    """A table of candidates: a CSV or Parquet file, or columns given in place.

    `columns` are those that make up a point (all of them unless given); `label` names a column that identifies a row
    and is shown to people but not to models. A file is read by the campaign (`load`), which also notes its `sha256`.
    """

    kind: Literal["pool"] = "pool"
    file: str | None = None
    table: dict[str, tuple[str | bool | int | float, ...]] | None = None
    columns: tuple[str, ...] | None = None
    label: str | None = None
    unit_of: dict[str, str] = Field({})
    sha256: str | None = None
    description: str = ""

    _rows: Columns = PrivateAttr(default_factory=dict)
    _scale: dict[str, Any] = PrivateAttr(default_factory=dict)

    def __init__(self, file: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(file=file), **settings)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pool) and self.model_dump() == other.model_dump()

    def __hash__(self) -> int:
        return hash((self.file, self.columns, self.label, self.sha256))

    @model_validator(mode="before")
    @classmethod
    def _from_frame(cls, data: Any) -> Any:
        """A pandas table may be given as `table`, or first: `Pool(frame)`."""
        if not isinstance(data, dict):
            return data
        frame = next((data[key] for key in ("table", "file") if hasattr(data.get(key), "to_dict")), None)
        if frame is None:
            return data
        return {**{k: v for k, v in data.items() if k != "file"}, "table": frame.to_dict(orient="list")}

    @model_validator(mode="after")
    def _one_source(self) -> Pool:
        if (self.file is None) == (self.table is None):
            raise ValueError("a pool needs either a file or a table")
        if self.table is not None:
            if not self.table or len({len(column) for column in self.table.values()}) != 1:
                raise ValueError("the columns of a pool's table must be equally long, and there must be one")
            self.load({name: np.array(column) for name, column in self.table.items()})
        return self

    def load(self, table: Mapping[str, np.ndarray]) -> None:
        """Take the rows, each column of shape (n,); equal rows count once. Raises ValueError for unusable columns."""
        names = list(self.columns or table)
        if self.label is not None and self.label not in names:
            names.append(self.label)
        missing = [name for name in names if name not in table]
        if missing:
            raise ValueError(f"the pool has no column '{missing[0]}'; it has " + ", ".join(map(str, table)))
        rows = {name: _column(name, np.asarray(table[name])) for name in names}
        if not len(next(iter(rows.values()))):
            raise ValueError("the pool has no rows")
        keep = _first_of_each(rows)
        self._rows = {name: column[keep] for name, column in rows.items()}
        self._scale = {name: _scale(column) for name, column in self._rows.items() if name != self.label}

    @property
    def is_read(self) -> bool:
        """Whether its rows are at hand."""
        return bool(self._rows)

    @property
    def rows(self) -> Columns:
        """The candidates as columns of shape (n,)."""
        if not self._rows:
            raise ValueError(f"the pool '{self.file}' has not been read")
        return self._rows

    def variables(self, name: str) -> tuple[str, ...]:
        if self._rows:
            return tuple(self._rows)
        named = [*(self.columns or ()), *([self.label] if self.label else ())]
        return tuple(dict.fromkeys(named))

    def units(self, name: str) -> dict[str, str]:
        return dict(self.unit_of)

    @property
    def n_points(self) -> float:
        return len(next(iter(self.rows.values())))

    def from_unit(self, name: str, u: np.ndarray) -> Columns:
        n = int(self.n_points)
        index = np.minimum((u[:, 0] * n).astype(np.int64), n - 1)
        return self.take(index)

    def take(self, index: np.ndarray) -> Columns:
        """The rows at these positions, as columns."""
        return {column: values[index] for column, values in self.rows.items()}

    def encode(self, name: str, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        n = len(next(iter(columns.values())))
        parts = [_encoded(scale, columns[column]) for column, scale in self._scale.items() if scale is not None]
        return np.column_stack(parts) if parts else np.zeros((n, 0))

    def features(self, name: str) -> tuple[str, ...]:
        labels: list[str] = []
        for column, scale in self._scale.items():
            if isinstance(scale, tuple):
                labels.append(column)
            elif scale is not None:
                labels.extend(f"{column}={level}" for level in scale)
        return tuple(labels)

    def problem(self, name: str, values: Mapping[str, Any]) -> str | None:
        return None if self._matches(values).any() else f"no row of the pool {name} has " + _written(values, self)

    def coerce(self, name: str, values: Mapping[str, Any]) -> dict[str, Value]:
        found = np.flatnonzero(self._matches(values))
        if not len(found):
            raise ValueError(f"no row of the pool {name} has " + _written(values, self))
        return {column: plain(cells[found[0]]) for column, cells in self.rows.items()}

    def _matches(self, values: Mapping[str, Any]) -> np.ndarray:
        matches = np.ones(int(self.n_points), bool)
        for column, cells in self.rows.items():
            if cells.dtype.kind in "fiu":
                try:
                    matches &= np.isclose(cells, float(values[column]), rtol=1e-9, atol=0)
                except (TypeError, ValueError, OverflowError):
                    matches[:] = False
            elif isinstance(values[column], str | bool | int | float | np.generic):
                texts = cells if cells.dtype == object else cells.astype(str)
                matches &= texts == str(values[column])
            else:
                matches[:] = False
        return matches


def _written(values: Mapping[str, Any], pool: Pool) -> str:
    return ", ".join(f"{column} = {values[column]!r:.60}" for column in pool.rows)


def _column(name: str, column: np.ndarray) -> np.ndarray:
    if column.dtype.kind in "fiub":
        if column.dtype.kind == "f" and not np.isfinite(column).all():
            row = int(np.flatnonzero(~np.isfinite(column))[0])
            raise ValueError(f"the pool's column '{name}' is empty or not a number in row {row + 1}")
        return column
    text = np.empty(len(column), dtype=object)
    text[:] = [str(cell) for cell in column]
    return text


def _first_of_each(rows: Columns) -> np.ndarray:
    """The positions of the first of each set of equal rows, in their order."""
    codes = np.zeros(len(next(iter(rows.values()))), np.int64)
    for column in rows.values():
        levels, inverse = np.unique(column.astype(str) if column.dtype == object else column, return_inverse=True)
        _, codes = np.unique(codes * len(levels) + inverse, return_inverse=True)
    return np.sort(np.unique(codes, return_index=True)[1])


def _scale(column: np.ndarray) -> tuple[float, float] | list[str] | None:
    """The range of a column of numbers, the levels of one of text, None for one that says nothing."""
    if column.dtype.kind in "fiub":
        low, high = float(column.min()), float(column.max())
        return (low, high - low) if high > low else None
    levels = sorted(set(column))
    return levels if 2 <= len(levels) <= MOST_LEVELS else None


def _encoded(scale: Any, column: np.ndarray) -> np.ndarray:
    if isinstance(scale, tuple):
        return (np.asarray(column, float) - scale[0]) / scale[1]
    return (np.asarray(column, object)[:, None] == np.array(scale, object)[None, :]) / np.sqrt(2)
