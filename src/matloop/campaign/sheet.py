"""The table that a person fills in: written for a spreadsheet, read back whatever the spreadsheet made of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matloop.campaign.headers import OWN, Role, with_unit
from matloop.core.errors import InputError, TableError
from matloop.core.spec import CampaignSpec
from matloop.core.state import TrialState
from matloop.files.table import dialect_of, read_table, read_text, require_distinct
from matloop.files.whole import write_whole

_TEXT = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
LARGEST_FILE = 100_000_000
#: A cell may hold several lines, but not so many: then a quotation mark was forgotten.
MOST_LINES = 50


@dataclass(frozen=True)
class Row:
    """The cells of a row, a text for each column; `problem` says why it cannot be used."""

    line: int
    cells: list[str]
    problem: str = ""


@dataclass(frozen=True)
class Sheet:
    """A table as it stands in its file; `decimal` is the mark that its kind of file has before the decimals."""

    header: list[str]
    rows: list[Row]
    decimal: str = "."


# -- writing --------------------------------------------------------------------------------------------------


def require_writable(path: Path) -> None:
    """Raise InputError where no sheet could be written: to be asked before anything is planned for it."""
    if path.suffix.lower() not in _TEXT:
        raise InputError(f"cannot write a sheet to {path.name}", "use a name that ends in .csv or .tsv")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent}", "make it, or name another with -o")


def write_sheet(spec: CampaignSpec, trials: Sequence[TrialState], path: Path) -> Path:
    """Write a row for each trial, with empty cells for the results; returns the path of the file.

    An existing file may have been filled in: the new one then gets a number of its own (name-2.csv), unless it would
    be the same. Raises InputError where it cannot be written.
    """
    require_writable(path)
    content = _content(spec, trials, _TEXT[path.suffix.lower()])
    try:
        path = _free(path, content)
        if not path.exists():
            write_whole(path, content)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error
    return path


def _content(spec: CampaignSpec, trials: Sequence[TrialState], delimiter: str) -> bytes:
    units, taken = spec.space.units, {*spec.space.variables, *(wish.name for wish in spec.objectives)}
    header = [_own("trial", taken), _own("number", taken)]
    header += [with_unit(variable, units.get(variable)) for variable in spec.space.variables]
    header += [with_unit(wish.name, wish.unit) for wish in spec.objectives] + [_own("note", taken)]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(header)
    for trial in trials:
        point = [_written(trial.point[variable]) for variable in spec.space.variables]
        writer.writerow([trial.id, trial.number, *point, *("" for _ in spec.objectives), ""])
    return text.getvalue().encode("utf-8-sig")


def _own(role: Role, taken: set[str]) -> str:
    """The first spelling that is not the name of a variable or an objective."""
    folded = {name.casefold() for name in taken}
    return next((spelling for spelling in OWN[role] if spelling not in folded), OWN[role][-1])


def _written(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _free(path: Path, content: bytes) -> Path:
    candidate, number = path, 1
    while candidate.exists() and not (candidate.is_file() and candidate.read_bytes() == content):
        number += 1
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return candidate


# -- reading --------------------------------------------------------------------------------------------------


def read_sheet(path: Path) -> Sheet:
    """The table in a CSV, TSV, Parquet or JSON Lines file, all its cells as text; blank rows are left out.

    Raises TableError for a file that cannot be read and for a header that names a column twice.
    """
    try:
        if path.is_file() and path.stat().st_size > LARGEST_FILE:
            raise TableError(f"{path.name} is too large for a table of results")
        if path.suffix.lower() not in _TEXT:
            return _from_columns(path)
        if not path.is_file():
            raise TableError(f"there is no file {path}")
        text = read_text(path)
    except OSError as error:
        raise TableError(f"cannot read {path}: {error.strerror}") from error
    return _from_text(text, path.name)


def _from_columns(path: Path) -> Sheet:
    table = read_table(path)
    columns = [[_cell(value) for value in column.tolist()] for column in table.values()]
    rows = [Row(line, list(cells)) for line, cells in enumerate(zip(*columns, strict=True), start=1)]
    return Sheet(list(table), [row for row in rows if any(row.cells)])


def _cell(value: Any) -> str:
    return "" if value is None or value != value else _written(value).strip()


def _from_text(text: str, name: str) -> Sheet:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if text[:4].lower() == "sep=":  # a line that tells spreadsheets the delimiter
        lines[0] = ""
    dialect = dialect_of("\n".join(lines), name)
    first = next(place for place, line in enumerate(lines) if line.strip())
    header, n_lines = _record(lines, first, dialect["delimiter"], 0)
    if header.problem:
        raise TableError(f"{name}, header: {header.problem}")
    require_distinct(header.cells, name)
    rows = _rows(lines, first + n_lines, dialect["delimiter"], len(header.cells))
    return Sheet(header.cells, list(rows), dialect["decimal"])


def _rows(lines: list[str], at: int, delimiter: str, width: int) -> Iterator[Row]:
    while at < len(lines):
        row, n_lines = _record(lines, at, delimiter, width)
        at += n_lines
        cells = _without_empty_end(row.cells)
        if len(cells) > width:
            why = f"has {len(cells)} cells where the header has {width}: is there a '{delimiter}' inside a cell?"
            yield Row(row.line, cells, row.problem or why)
        elif cells or row.problem:
            yield Row(row.line, cells + [""] * (width - len(cells)), row.problem)


def _record(lines: list[str], at: int, delimiter: str, width: int) -> tuple[Row, int]:
    """The row that begins at a line, and how many lines it takes; a forgotten quotation mark spoils one line only."""
    window = [line + "\n" for line in lines[at : at + MOST_LINES]]
    cells, n_lines = _parsed(window, delimiter, strict=True)
    if cells is None or any(_is_row(line, delimiter, width) for line in window[1:n_lines]):
        cells, n_lines = _parsed([window[0], "\n"], delimiter, strict=False)
        cells = cells if n_lines == 1 else None  # what is still open runs on into the line that was added
    if cells is None:
        return Row(at + 1, [], "a quotation mark is not closed, or a cell is too long"), 1
    return Row(at + 1, [cell.strip() for cell in cells]), n_lines


def _parsed(lines: list[str], delimiter: str, strict: bool) -> tuple[list[str] | None, int]:
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=strict)
    try:
        return next(reader, []), reader.line_num
    except csv.Error:
        return None, 1


def _is_row(line: str, delimiter: str, width: int) -> bool:
    """Whether a line that stands inside a quoted cell looks like a row by itself."""
    cells, _ = _parsed([line], delimiter, strict=False)
    return cells is not None and len(cells) == width > 1


def _without_empty_end(cells: list[str]) -> list[str]:
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]
