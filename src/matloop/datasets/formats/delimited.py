"""CSV, TSV and what spreadsheets save as such: every row that has as many cells as the header has names is read."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matloop.core.errors import TableError
from matloop.core.progress import Progress, silent
from matloop.datasets.archive import text_of
from matloop.datasets.dataset import SetAside
from matloop.datasets.decimal_commas import has_decimal_commas, with_points
from matloop.datasets.options import Options
from matloop.datasets.raw import Raw
from matloop.datasets.units_below import LOOKED_AT_BELOW, with_units_below
from matloop.files.table import DELIMITERS, dialect_of, lines_of, require_distinct

if TYPE_CHECKING:
    import pandas as pd

#: Rows are turned into columns so many at a time: what is kept of a cell is then its letters alone.
AT_ONCE = 50_000
#: A cell has no more letters than this: behind so many, a quotation mark was forgotten. Large structures take 100,000.
LONGEST_CELL = 4_000_000
#: The header stands within the first letters of a file.
_LOOKED_AT = 100_000


def read(path: Path, options: Options, _progress: Progress = silent) -> Raw:
    """The cells as text. Raises TableError for a file that is no text, or has no header or no rows."""
    text = without_preamble(text_of(path, takes_nul=True))
    delimiter = dialect_of(text, path.name)["delimiter"]
    records = Records(text, delimiter)
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
    return Raw(_together(parts, header, delimiter, path.name), places, set_aside)


def without_preamble(text: str) -> str:
    """The text, with empty lines for the title and the comments behind '#' that stand above its header.

    A line behind '#' that has as many cells as the line below it is the header itself.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    filled = [(i, line) for i, line in enumerate(text[:_LOOKED_AT].split("\n")) if line.strip()]
    for place, (i, line) in enumerate(filled):
        below = [_n_cells(other) for _, other in filled[place + 1 : place + 4]]
        is_comment = line.startswith("#") and below and (_n_cells(line) != below[0] or filled[place + 1][1][0] == "#")
        if is_comment or (
            _is_alone(line) and _is_header_below(filled[place + 1 : place + 2], below, _n_cells(line) == 1)
        ):
            continue
        rest = text.split("\n", i)[-1]
        is_header = bool(below) and below[0] == _n_cells(line)
        return "\n" * i + (re.sub(r"\A#\s*(?=\w)", "", rest) if is_header else rest)
    return text


def _is_alone(line: str) -> bool:
    """Whether the line has one cell, with nothing in those behind it: spreadsheets save a title as 'Results;;;'."""
    if _n_cells(line) == 1:
        return True
    first, *others = line.split(line[-1]) if line[-1] in DELIMITERS else [""]
    return bool(first.strip()) and not "".join(others).strip()


def _n_cells(line: str) -> int:
    plain = re.sub(r'"[^"]*"', "", line)
    return 1 + max(map(plain.count, DELIMITERS))


def _is_header_below(following: Sequence[tuple[int, str]], counts: Sequence[int], may_have_numbers: bool) -> bool:
    """Whether the line below has several cells, words (among them), and the lines below it as many."""
    if len(counts) < 2 or counts[0] < 2 or len(set(counts)) > 1:
        return False
    cells = [cell for cell in re.split(f"[{DELIMITERS}]", following[0][1]) if cell.strip()]
    return len(cells) > 1 and not (all if may_have_numbers else any)(map(_is_number, cells))


def _header(records: Records, names: Sequence[str], file: str) -> list[str]:
    if not names:
        return read_header(records, file)
    first = records.first()
    if len(names) != len(first):
        raise TableError(f"{file} has {len(first)} columns, but {len(names)} names were given for them")
    records.go_back()
    require_distinct(list(names), file)
    return list(names)


def read_header(records: Records, file: str) -> list[str]:
    """The names in the first row, with the units in the second one if they stand there. Raises TableError."""
    first = records.first()
    if not first:
        raise TableError(f"{file} has no header: its first line is {csv.field_size_limit():,} letters long, or more")
    if all(_is_number(cell) for cell in first):
        raise TableError(f"{file} has no header: its first line is all numbers", "--names a,b,c gives them names")
    header = [cell.strip() for cell in first]
    require_distinct(header, file)
    titled = with_units_below(header, records.ahead(LOOKED_AT_BELOW))
    if titled is None:
        return header
    records.first()
    return titled


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def unnamed_column(file: str, header: Sequence[str], place: int) -> TableError:
    """The error of a column with cells but no name; its header may well be the upper one of two."""
    told = "all names stand in one row; this one reads " + ", ".join(name or "''" for name in header)
    return TableError(f"{file} has a column without a name: column {place + 1}", told[:200])


#: The name of a first column that has none and numbers the rows.
ROW = "row"


class Records:
    """The rows of a text, each with the line on which it begins.

    A quoted cell may go over several lines. Where that makes no row of the right width, a quotation mark was forgotten:
    the first of these lines is set aside, and reading goes on with the next one, so that no mark swallows what follows.
    """

    def __init__(self, text: str, delimiter: str) -> None:
        self._lines = [f"{line}\n" for line in lines_of(text)]
        self._how: dict[str, Any] = {"delimiter": delimiter, "skipinitialspace": True}
        #: How many lines have been read.
        self.n_read = 0

    def first(self) -> list[str]:
        """The first row that is not empty; without cells where it is too long to be a header."""
        while self.n_read < len(self._lines):
            line = self._lines[self.n_read]
            cells = self._cells(line)
            self.n_read += 1
            if line.strip() and not cells:
                return []
            if any(cell.strip() for cell in cells):
                return cells
        return []

    def ahead(self, n: int) -> list[list[str]]:
        """The next n rows that are not empty, which are read again."""
        filled = (line for line in itertools.islice(self._lines, self.n_read, None) if line.strip())
        return [self._cells(line) for line in itertools.islice(filled, n)]

    def _cells(self, line: str) -> list[str]:
        """Of a line by itself; none where it is too long."""
        return next(csv.reader([line], **self._how), []) if len(line) <= csv.field_size_limit() else []

    def go_back(self) -> None:
        self.n_read = 0

    def rest(self, width: int, set_aside: list[SetAside], file: str) -> Iterator[tuple[int, list[str]]]:
        """(line, cells) of every further row with `width` cells; the others go to `set_aside`."""
        before = csv.field_size_limit(LONGEST_CELL)
        try:
            while self.n_read < len(self._lines):
                yield from self._until_broken(width, set_aside, file)
        finally:
            csv.field_size_limit(before)

    def _until_broken(self, width: int, set_aside: list[SetAside], file: str) -> Iterator[tuple[int, list[str]]]:
        begin = self.n_read
        reader = csv.reader(map(self._lines.__getitem__, range(begin, len(self._lines))), strict=True, **self._how)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                self.n_read = len(self._lines)
                return
            except csv.Error:
                cells = []
            line, self.n_read = self.n_read, begin + reader.line_num
            is_one_line = self.n_read == line + 1
            if not cells and is_one_line:  # an empty line, or marks within a cell that strict CSV does not allow
                cells = next(csv.reader(self._lines[line : self.n_read], **self._how), [])
            if not any(cells) and is_one_line:
                continue
            if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
                cells = cells[:width]  # delimiters too many, with nothing between them
            has_nul = any("\0" in cell for cell in cells)
            if len(cells) == width and not has_nul:
                yield line + 1, cells
                continue
            is_swallowed = not is_one_line and not has_nul
            reason = f"the row has {len(cells)} cells, but the header {width}"
            reason = "a quotation mark in it is not closed" if is_swallowed else reason
            reason = "it has a byte 0 in it, which no text has" if has_nul else reason
            set_aside.append(SetAside(f"{file}:{line + 1}", reason, self._lines[line].strip()[:500]))
            if is_swallowed:
                self.n_read = line + 1
                return


def _columns(rows: Sequence[Sequence[str]], header: Sequence[str]) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    cells = zip(*rows, strict=True) if rows else ([] for _ in header)
    return pd.DataFrame(
        {i: pd.array(pa.array(column, pa.string()), dtype="string[pyarrow]") for i, column in enumerate(cells)}
    )


def _together(parts: Sequence[pd.DataFrame], header: Sequence[str], delimiter: str, file: str) -> pd.DataFrame:
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
            raise unnamed_column(file, header, i)
    table = table.iloc[:, [i for i, name in enumerate(table.columns) if name]]
    return table.apply(_with_decimal_points, delimiter=delimiter)


def _with_decimal_points(cells: pd.Series, delimiter: str) -> pd.Series:
    import pandas as pd
    import pyarrow as pa

    texts = pa.chunked_array(pa.array(cells))
    if not has_decimal_commas(texts, delimiter):
        return cells
    return pd.Series(pd.array(with_points(texts), dtype="string[pyarrow]"), index=cells.index)
