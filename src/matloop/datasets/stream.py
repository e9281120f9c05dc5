"""Tables read in pieces, so that ten million rows need no more memory than a few thousand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.core.errors import TableError, did_you_mean
from matloop.core.units import check_unit
from matloop.datasets import numeric
from matloop.datasets.batches import delimited_batches, parquet_batches, smiles_batches
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset, SetAside
from matloop.datasets.guessing import guessed_kind, guessed_roles, names_records
from matloop.datasets.headers import read_headers
from matloop.datasets.naming import format_of
from matloop.datasets.saving import facts_of
from matloop.datasets.typed import is_numeric

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: So many rows are looked at to tell what the columns are.
SEEN = 2000
#: Called with each row that cannot be used; without it, the first such row ends the reading.
OnBad = Callable[[SetAside], None]


def read_chunks(
    path: Path | str,
    size: int,
    columns: Sequence[str] | None = None,
    units: Mapping[str, str] | None = None,
    on_bad: OnBad | None = None,
) -> Iterator[pd.DataFrame]:
    """Tables of `size` rows each, but for the last, with the names and the types that `read_any` would give them.

    `columns` are those that are wanted, `units` the units that numbers are converted into. Formats that cannot be read
    in pieces are read whole. Raises InputError where the file cannot be used.
    """
    return Stream(Path(path), units, on_bad).chunks(size, columns)


class Stream:
    """A file whose columns are known before it is read: `Stream(path).columns`, `.chunks(size)`."""

    def __init__(self, path: Path, units: Mapping[str, str] | None = None, on_bad: OnBad | None = None) -> None:
        self.path, self._on_bad = path, on_bad
        self._units = dict(units or {})
        for unit in self._units.values():
            check_unit(unit)
        self.kind = "parquet" if path.is_dir() and any(path.rglob("*.parquet")) else format_of(path)
        self._headers: dict[str, str] = {}  # the header in the file, by the name of the column
        self._header_units: dict[str, str | None] = {}
        self._mixed: set[str] = set()  # the columns whose cells have several units
        self.columns: dict[str, Column] = self._described()

    def chunks(self, size: int, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
        """Tables of `size` rows each, but for the last. Raises InputError."""
        wanted = list(columns) if columns is not None else list(self.columns)
        for name in wanted:
            if name not in self.columns:
                raise TableError(f"{self.path.name} has no column '{name[:60]}'", did_you_mean(name, self.columns))
        first = 0
        for batch in _resized(self._batches(size, wanted), size):
            yield self._typed(batch, wanted, first)
            first += batch.num_rows

    def _batches(self, size: int, wanted: Sequence[str] | None) -> Iterator[pa.Table]:
        headers = None if wanted is None else [self._headers[name] for name in wanted]
        if self.kind == "parquet":
            return _with_columns(parquet_batches(self.path, size, headers), headers)
        if self.kind == "csv":
            return delimited_batches(self.path, headers, self._on_bad)
        if self.kind == "smiles":
            return smiles_batches(self.path, size, headers, self._on_bad)
        return self._whole(headers)

    def _whole(self, headers: Sequence[str] | None) -> Iterator[pa.Table]:
        import pyarrow as pa

        dataset = self._dataset
        tell = self._on_bad or (lambda _: None)
        for record in dataset.set_aside:
            tell(record)
        table = pa.Table.from_pandas(dataset.frame, preserve_index=False)
        yield table if headers is None else table.select(list(headers))

    @cached_property
    def _dataset(self) -> Dataset:
        from matloop.datasets.reading import read_any

        return read_any(self.path)

    def _described(self) -> dict[str, Column]:
        quiet, self._on_bad = self._on_bad, lambda _: None  # what is wrong there is told when it is read in earnest
        try:
            head = next(_resized(self._batches(SEEN, None), SEEN), None)
        finally:
            self._on_bad = quiet
        if head is None or not head.num_columns:
            raise TableError(f"{self.path.name} has no rows")
        saved = facts_of(head.schema, self.path.name)
        if saved is None:
            return self._guessed(head)
        known = {column.name: column for column in saved["columns"] if column.name in head.column_names}
        self._headers = {name: name for name in known}
        self._header_units = {name: column.unit for name, column in known.items()}
        return {name: self._with_unit(column, column.unit) for name, column in known.items()}

    def _guessed(self, head: pa.Table) -> dict[str, Column]:
        frame, kinds, units, values = head.to_pandas(), {}, {}, {}
        for header, (name, unit) in zip(head.column_names, read_headers(head.column_names), strict=True):
            is_number = is_numeric(header, frame[header], unit)
            title = name if is_number else header
            kinds[title] = "number" if is_number else guessed_kind(header, frame[header])
            self._headers[title] = header
            self._header_units[title] = unit if is_number else None
            if is_number:
                read = numeric.numbers(frame[header], unit, self._units.get(title), name)
                units[title], values[title] = read.unit, read.values
                self._mixed |= {title} if read.is_mixed else set()
        seen = {title: frame[self._headers[title]] for title in kinds} | values
        labels = [title for title, kind in kinds.items() if names_records(title, kind, seen[title])]
        guessed = guessed_roles(kinds, {}, labels)
        return {name: self._with_unit(column, units.get(name)) for name, column in guessed.items()}

    def _with_unit(self, column: Column, unit: str | None) -> Column:
        unit = self._units.get(column.name) or unit
        return column.model_copy(update={"unit": unit}) if column.kind == "number" else column

    def _typed(self, batch: pa.Table, wanted: Sequence[str], first: int) -> pd.DataFrame:
        """The cells as numbers or text, under the names of the columns; rows with bad cells are told."""
        import pandas as pd

        made: dict[str, Any] = {}
        bad: dict[int, str] = {}
        for name in wanted:
            cells, column = batch.column(self._headers[name]), self.columns[name]
            if column.kind != "number":
                made[name] = _texts(cells)
                continue
            read = numeric.numbers(cells, self._header_units[name], column.unit, name, name in self._mixed)
            made[name] = read.values
            for row, reason in read.problems.items():
                bad.setdefault(row, f"{name}: {reason}")
        if bad and self._on_bad is None:
            row, reason = min(bad.items())
            raise TableError(
                f"{self.path.name}, row {first + row + 1}: {reason}", "matloop import reads the file and sets it aside"
            )
        for row, reason in sorted(bad.items()):
            said = {name: batch.column(self._headers[name])[row].as_py() for name in wanted}
            self._on_bad(SetAside(f"{self.path.name}, row {first + row + 1}", reason, str(said)[:500]))  # type: ignore[misc]
        return pd.DataFrame(made)


def _texts(cells: Any) -> Any:
    """Texts as str or None, whatever pandas would make of them."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_nested(cells.type) or pa.types.is_binary(cells.type):
        texts = [None if cell is None else str(cell) for cell in cells.to_pylist()]
        made = np.empty(len(texts), dtype=object)
        made[:] = texts
    else:
        made = pc.cast(cells, pa.string()).to_numpy(zero_copy_only=False)
    return pd.Series(made, dtype=object)


def _with_columns(batches: Iterator[pa.Table], wanted: Sequence[str] | None) -> Iterator[pa.Table]:
    """Tables of several files: a column that one of them lacks is empty there."""
    import pyarrow as pa

    types: dict[str, pa.DataType] = {}
    for batch in batches:
        types = {field.name: field.type for field in batch.schema} | types
        for name in wanted or ():
            if name not in batch.column_names:
                batch = batch.append_column(name, pa.nulls(len(batch), types.get(name, pa.string())))
        yield batch


def _resized(batches: Iterator[pa.Table], size: int) -> Iterator[pa.Table]:
    """The same rows in tables of this size."""
    held: list[pa.Table] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        if count < size:
            continue
        whole = _joined(held)
        for start in range(0, count - count % size, size):
            yield whole.slice(start, size)
        rest = whole.slice(count - count % size)
        held, count = ([rest], rest.num_rows) if rest.num_rows else ([], 0)
    if count:
        yield _joined(held)


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    """One table; a column of numbers in one and of text in another is text in all."""
    import pyarrow as pa

    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowTypeError:
        known: dict[str, set[pa.DataType]] = {}
        for table in tables:
            for field in table.schema:
                known.setdefault(field.name, set()).add(field.type)
        differ = [name for name, types in known.items() if len(types) > 1]
        return pa.concat_tables([_with_texts(table, differ) for table in tables], promote_options="permissive")


def _with_texts(table: pa.Table, names: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    for name in names:
        if name in table.column_names:
            cells = pa.array(_texts(table.column(name)), pa.string(), from_pandas=True)
            table = table.set_column(table.column_names.index(name), name, cells)
    return table
