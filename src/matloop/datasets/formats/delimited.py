"""CSV, TSV and what spreadsheets save as such: every row that has as many cells as the header has names is read."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matloop.core.errors import TableError
from matloop.core.progress import Progress, silent
from matloop.datasets.archive import text_of
from matloop.datasets.dataset import SetAside
from matloop.datasets.options import Options
from matloop.datasets.raw import Raw
from matloop.files.table import dialect_of, require_distinct

if TYPE_CHECKING:
    import pandas as pd

#: Rows are turned into columns so many at a time: what is kept of a cell is then its letters alone.
AT_ONCE = 50_000
#: A quoted cell may go over several lines, but no further; behind that a quotation mark was forgotten.
LONGEST_CELL = 131_072


def read(path: Path, options: Options, _progress: Progress = silent) -> Raw:
    """The cells as text. Raises TableError for a file that is no text, or has no header or no rows."""
    text = text_of(path)
    dialect = dialect_of(text, path.name)
    records = _Records(text, dialect["delimiter"])
    header = _header(records, options.names, path.name)
    parts: list[pd.DataFrame] = []
    places: list[str] = []
    set_aside: list[SetAside] = []
    batch: list[list[str]] = []
    for line, cells in records.rest(len(header), set_aside, path.name):
        batch.append(cells)
        places.append(f"{path.name}:{line}")
        if len(batch) == AT_ONCE:
            parts.append(_columns(batch, header))
            batch = []
    parts.append(_columns(batch, header))
    if not places and not set_aside:
        raise TableError(f"{path.name} has no rows")
    return Raw(_together(parts, header, dialect["decimal"], path.name), places, set_aside)


def _header(records: _Records, names: Sequence[str], file: str) -> list[str]:
    first = records.first()
    if not names:
        return header_of(first, file)
    if len(names) != len(first):
        raise TableError(f"{file} has {len(first)} columns, but {len(names)} names were given for them")
    records.go_back()
    require_distinct(list(names), file)
    return list(names)


def header_of(first: Sequence[str], file: str) -> list[str]:
    """The names in a first row. Raises TableError where it has none."""
    if all(_is_number(cell) for cell in first):
        raise TableError(f"{file} has no header: its first line is all numbers", "--names a,b,c gives them names")
    header = [cell.strip() for cell in first]
    require_distinct(header, file)
    return header


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


#: The name of a first column that has none and numbers the rows.
ROW = "row"


class _Records:
    """The rows of a text with the line on which each begins. A row that swallows lines is cut back to its first."""

    def __init__(self, text: str, delimiter: str) -> None:
        self._lines = text.splitlines(keepends=True)
        self._delimiter = delimiter
        self._next = 0

    def first(self) -> list[str]:
        return next((cells for _, cells in self._from(0)), [])

    def go_back(self) -> None:
        self._next = 0

    def rest(self, width: int, set_aside: list[SetAside], file: str) -> Iterator[tuple[int, list[str]]]:
        """(line, cells) of every row with `width` cells; the others go to `set_aside`."""
        while self._next < len(self._lines):
            start = self._next
            for line, cells in self._from(start):
                if len(cells) == width:
                    yield line, cells
                    continue
                spans = self._next - line + 1
                if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
                    yield line, cells[:width]  # delimiters too many, with nothing between them
                    continue
                reason = f"the row has {len(cells)} cells, but the header {width}"
                if spans > 1:
                    reason = "a quotation mark in it is not closed"
                    self._next = line
                set_aside.append(SetAside(f"{file}:{line}", reason, self._lines[line - 1].strip()[:500]))
                if spans > 1:
                    break

    def _from(self, start: int) -> Iterator[tuple[int, list[str]]]:
        """Rows from this line on, each with the number of its first line; `_next` is the line behind it."""
        reader = csv.reader(
            self._lines[start:] if start else self._lines, delimiter=self._delimiter, skipinitialspace=True
        )
        before = 0
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                cells = []
            line, before = start + before + 1, reader.line_num
            self._next = start + before
            if cells and any(cells):
                yield line, cells


def _columns(rows: Sequence[Sequence[str]], header: Sequence[str]) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    cells = zip(*rows, strict=True) if rows else ([] for _ in header)
    return pd.DataFrame(
        {i: pd.array(pa.array(column, pa.string()), dtype="string[pyarrow]") for i, column in enumerate(cells)}
    )


def _together(parts: Sequence[pd.DataFrame], header: Sequence[str], decimal: str, file: str) -> pd.DataFrame:
    """One table with the header's names. Columns without one are empty and go, but for a first one of row numbers."""
    import pandas as pd

    table = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    table.columns = pd.Index(header)
    unnamed = [i for i, name in enumerate(header) if not name]
    for i in unnamed:
        cells = table.iloc[:, i].str.strip()
        if i == 0 and ROW not in header and cells.str.fullmatch(r"\d+").all():
            table.columns = pd.Index([ROW, *header[1:]])  # what pandas writes before a table unless told not to
        elif (cells != "").any():
            raise TableError(f"{file} has a column without a name", "give it one in the first line")
    table = table.iloc[:, [i for i, name in enumerate(table.columns) if name]]
    if decimal == ",":
        table = table.apply(lambda cells: cells.str.replace(r"^\s*([+-]?\d*),(\d+)", r"\1.\2", regex=True))
    return table
