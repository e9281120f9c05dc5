"""A pool: a finite table of candidates, one row a point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import (
    Field,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    field_serializer,
    model_serializer,
    model_validator,
)

from matloop.core.block import Block, in_a_row
from matloop.core.cells import NUMERIC, Cells, as_column, columns_of, content_hash, levels_of
from matloop.core.encoding import Encoding, Molecules, OneHot, side_by_side, spread_of
from matloop.core.errors import InputError, Mistake
from matloop.core.molecule import mistakes_in
from matloop.core.parameter import Columns, Parameter, Value, given, plain
from matloop.core.rows import first_of_each

#: Text columns with more different values than this tell a model nothing (they are names).
MOST_LEVELS = 50
#: A larger table given in Python is not written into the definition, only its hash: it would be hundreds of megabytes.
MOST_CELLS_WRITTEN = 100_000
_NO_SOURCE = "a pool needs either a file or a table"


class UnreadPool(InputError, ValueError):
    """The rows of a pool are not at hand."""


class Pool(Parameter):
    """A table of candidates: a CSV or Parquet file, or columns given in place.

    `columns` are those that make up a point (all of them unless given); `label` names a column that identifies a row
    and is shown to people but not to models; `smiles` are columns of molecules. A file is read by the campaign
    (`load`), which also notes its `sha256`. A table may be a pandas frame or arrays: ten million rows are kept as they
    are, without a copy, and must not be changed afterwards.
    """

    kind: Literal["pool"] = "pool"
    file: str | None = None
    table: dict[str, Cells] | None = None
    columns: tuple[str, ...] | None = None
    label: str | None = None
    smiles: tuple[str, ...] = ()
    unit_of: dict[str, str] = Field({})
    sha256: str | None = None
    description: str = ""

    _rows: Columns = PrivateAttr(default_factory=dict)
    _encodings: dict[str, Encoding] = PrivateAttr(default_factory=dict)
    #: The columns, those first that tell most rows apart.
    _order: list[str] = PrivateAttr(default_factory=list)
    _hash: str | None = PrivateAttr(None)

    def __init__(self, file: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(file=file), **settings)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Pool) and self.model_dump() == other.model_dump())

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
        return {**{k: v for k, v in data.items() if k != "file"}, "table": columns_of(frame)}

    @model_validator(mode="after")
    def _one_source(self) -> Pool:
        if (self.file is None) == (self.table is None) and not self._is_elsewhere:
            raise ValueError(_NO_SOURCE)
        if self.table is not None:
            if not self.table or len({len(column) for column in self.table.values()}) != 1:
                raise ValueError("the columns of a pool's table must be equally long, and there must be one")
            if not self._rows:  # pydantic asks again whenever the pool becomes part of a space
                self.load(self.table)
        return self

    @field_serializer("table")
    def _small_table(self, table: dict[str, Any] | None) -> dict[str, list[Value]] | None:
        if table is None or self._is_large:
            return None
        return {name: cells.tolist() if isinstance(cells, np.ndarray) else list(cells) for name, cells in table.items()}

    @model_serializer(mode="wrap")
    def _to_data(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A large table is known by its hash: the journal cannot hold it, and a file cannot define it."""
        data: dict[str, Any] = handler(self)
        if self._is_large:
            data.pop("table", None)
            data |= {"columns": self.variables(""), "sha256": self._content_hash}
        return data

    @property
    def _is_elsewhere(self) -> bool:
        """Whether its rows were given in Python, and a journal knows their hash alone."""
        return self.file is None and self.table is None and self.sha256 is not None

    @property
    def _is_large(self) -> bool:
        return self.table is not None and sum(map(len, self.table.values())) > MOST_CELLS_WRITTEN

    @property
    def _content_hash(self) -> str:
        if self._hash is None:
            self._hash = content_hash(self.rows)
        return self._hash

    def load(self, table: Mapping[str, Any]) -> None:
        """Take the rows, each column of shape (n,); equal rows count once. Raises ValueError for unusable columns.

        Arrays of numbers are kept, not copied, unless rows are left out.
        """
        names = list(dict.fromkeys([*(self.columns or table), *([self.label] if self.label else []), *self.smiles]))
        missing = [name for name in names if name not in table]
        if missing:
            raise ValueError(f"the pool has no column '{missing[0]}'; it has " + ", ".join(map(str, table)))
        rows = {name: as_column(name, table[name]) for name in names}
        if not len(next(iter(rows.values()))):
            raise ValueError("the pool has no rows")
        keep = first_of_each(rows)
        for name in names if keep is not None else ():  # one by one, so that there are never two whole tables
            rows[name] = rows[name][keep]
        self._rows = rows
        encodings = {name: self._encoding(name) for name in names if name != self.label}
        self._encodings = {name: encoding for name, encoding in encodings.items() if encoding is not None}
        self._order = sorted(rows, key=lambda name: -_n_different(rows[name]))

    def _encoding(self, name: str) -> Encoding | None:
        """How a model sees a column; None for one that says nothing."""
        column = self._rows[name]
        if name in self.smiles:
            return Molecules(tuple(dict.fromkeys(map(str, column.tolist()))))
        if column.dtype.kind in NUMERIC:
            return spread_of(column)
        levels = levels_of(column, MOST_LEVELS)
        return OneHot(levels) if levels and len(levels) > 1 else None

    @property
    def is_read(self) -> bool:
        """Whether its rows are at hand."""
        return bool(self._rows)

    @property
    def rows(self) -> Columns:
        """The candidates as columns of shape (n,)."""
        if self._rows:
            return self._rows
        if self._is_elsewhere:
            raise UnreadPool("the rows of this pool were given in Python", "run the script that defined the campaign")
        raise UnreadPool(f"the pool '{self.file}' has not been read")

    def variables(self, name: str) -> tuple[str, ...]:
        """Its columns, what names a candidate first: that is what people look for."""
        first = [self.label] if self.label else []
        return tuple(dict.fromkeys([*first, *(self._rows or self.columns or ()), *self.smiles]))

    def units(self, name: str) -> dict[str, str]:
        return dict(self.unit_of)

    def mistakes(self, name: str) -> list[Mistake]:
        if self._is_elsewhere:
            return [Mistake(f"space.{name}", _NO_SOURCE, "a large table given in Python can be used only there")]
        columns = [(column, self._rows[column]) for column in self.smiles if column in self._rows]
        return [m for column, cells in columns for m in mistakes_in(f"space.{name}.smiles", cells.tolist(), column)]

    @property
    def n_points(self) -> float:
        return len(next(iter(self.rows.values())))

    @property
    def n_bytes(self) -> int:
        """The memory that its rows take; of texts, that of the references to them."""
        return sum(column.nbytes for column in self._rows.values())

    def from_unit(self, name: str, u: np.ndarray) -> Columns:
        n = int(self.n_points)
        return self.at(name, np.minimum((u[:, 0] * n).astype(np.int64), n - 1))

    def at(self, name: str, index: np.ndarray | slice) -> Columns:
        return {column: values[index] for column, values in self.rows.items()}

    def every(self, name: str) -> Columns:
        return dict(self.rows)

    def encode(self, name: str, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        n = len(next(iter(columns.values())))
        return side_by_side([encoding.encode(columns[c]) for c, encoding in self._encodings.items()], n)

    def features(self, name: str) -> tuple[str, ...]:
        return tuple(label for column, encoding in self._encodings.items() for label in encoding.features(column))

    def blocks(self, name: str) -> tuple[Block, ...]:
        return in_a_row(*(encoding.blocks() for encoding in self._encodings.values()))

    def problem(self, name: str, values: Mapping[str, Any]) -> str | None:
        return None if len(self._matches(values)) else f"no row of the pool {name} has " + _written(values, self)

    def coerce(self, name: str, values: Mapping[str, Any]) -> dict[str, Value]:
        found = self._matches(values)
        if not len(found):
            raise ValueError(f"no row of the pool {name} has " + _written(values, self))
        return {column: plain(cells[found[0]]) for column, cells in self.rows.items()}

    def _matches(self, values: Mapping[str, Any]) -> np.ndarray:
        """The positions of the rows with these values: all rows are compared in the most telling column alone."""
        found: np.ndarray | slice = slice(None)
        for name in self._order or self.rows:
            is_match = _equal(self.rows[name][found], values[name])
            found = np.flatnonzero(is_match) if isinstance(found, slice) else found[is_match]
            if not len(found):
                break
        assert isinstance(found, np.ndarray)
        return found


def _n_different(column: np.ndarray) -> int:
    """How many different values a thousand of its cells have; columns of numbers are looked through faster."""
    some = column[:: max(1, len(column) // 1000)].tolist()
    return len(set(some)) * (2 if column.dtype.kind in NUMERIC else 1)


def _equal(cells: np.ndarray, value: Any) -> np.ndarray:
    """Which cells have the value: numbers to 9 digits, boolean (n,)."""
    nothing = np.zeros(len(cells), bool)
    if cells.dtype.kind in "fiu":
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            return nothing
        slack = 1e-9 * abs(number)
        with np.errstate(all="ignore"):
            return (cells >= number - slack) & (cells <= number + slack)
    if not isinstance(value, str | bool | int | float | np.generic):
        return nothing
    return np.asarray((cells if cells.dtype == object else cells.astype(str)) == str(value), bool)


def _written(values: Mapping[str, Any], pool: Pool) -> str:
    return ", ".join(f"{column} = {values[column]!r:.60}" for column in pool.rows)
