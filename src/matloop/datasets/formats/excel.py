"""Excel workbooks (.xlsx): one sheet of one, the values of its cells and not their formulas."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matloop.core.errors import InputError, TableError, did_you_mean
from matloop.core.progress import Progress, silent
from matloop.datasets.archive import MOST_OF_ONE, MOST_OF_WORKBOOK, open_zip
from matloop.datasets.dataset import SetAside
from matloop.datasets.decimal_commas import has_decimal_commas, with_points
from matloop.datasets.formats.delimited import unnamed_column
from matloop.datasets.options import Options
from matloop.datasets.raw import Raw, of_records
from matloop.datasets.units_below import LOOKED_AT_BELOW, with_units_below
from matloop.files.table import require_distinct

_AT_ONCE = 5000
_AREA = re.compile(r'<mergeCell [^>]*ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')


def read(path: Path, options: Options, progress: Progress = silent) -> Raw:
    """The rows below the first one that has anything in it. Raises TableError, and InputError for an unknown sheet."""
    open_zip(path, MOST_OF_WORKBOOK).close()
    book = _opened(path, data_only=True)
    try:
        sheet = _sheet(book, options.sheet, path.name)
        rows = _with_merged(_rows(sheet, progress), _merged(path, sheet))
    finally:
        book.close()
    if not rows:
        raise TableError(f"{path.name} is empty")
    header, below = _header(rows, options.names, path.name)
    raw = _raw(header, below, f"{path.name}:{sheet.title}", path.name)
    return _with_decimal_points(_with_formulas(raw, path, sheet.title, header))


def _opened(path: Path, data_only: bool) -> Any:
    import warnings

    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that hold no data
            return load_workbook(path, read_only=True, data_only=data_only)
    except Exception as error:  # openpyxl raises whatever its parts raise
        told = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise TableError(f"{path.name} is no Excel workbook: {told}", "save it as .xlsx, or as CSV") from error


def _sheet(book: Any, wanted: str | None, file: str) -> Any:
    names = [sheet.title for sheet in book.worksheets]
    if wanted is not None:
        if wanted not in names:
            raise InputError(f"{file} has no sheet '{wanted[:40]}'", did_you_mean(wanted, names))
        return book[wanted]
    filled = [sheet for sheet in book.worksheets if next(_filled(sheet), None)]
    if len(filled) > 1:
        filled = [sheet for sheet in filled if sheet.sheet_state == "visible"] or filled
    if len(filled) > 1:
        several = ", ".join(f"'{sheet.title}'" for sheet in filled)
        raise InputError(f"{file} has {len(filled)} sheets: {several}", f"say which: --sheet '{filled[0].title}'")
    if not filled:
        raise TableError(f"{file} is empty")
    return filled[0]


def _filled(sheet: Any) -> Any:
    sheet.reset_dimensions()  # what a workbook says of its size is often wrong
    return ((i, row) for i, row in enumerate(sheet.iter_rows(values_only=True), 1) if any(c is not None for c in row))


def _rows(sheet: Any, progress: Progress) -> list[tuple[int, list[Any]]]:
    rows = []
    try:
        for i, row in _filled(sheet):
            rows.append((i, [_plain(cell) for cell in row]))
            if not i % _AT_ONCE:
                progress(i, None, "reading rows")
    except Exception as error:  # a damaged sheet fails only when it is read, and in many ways
        told = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise TableError(f"the sheet '{sheet.title}' is damaged: {told}") from error
    return rows


def _merged(path: Path, sheet: Any) -> list[tuple[int, int, int]]:
    """(column, first row, last row) of the cells, all counted from 1, that are merged with those below them."""
    name = str(sheet._worksheet_path).lstrip("/")
    with zipfile.ZipFile(path) as archive:
        if name not in archive.namelist() or archive.getinfo(name).file_size > MOST_OF_ONE:
            return []
        areas = _AREA.findall(archive.read(name).decode("utf-8", "replace"))
    return [
        (column, int(top), int(bottom))
        for left, top, right, bottom in areas
        if int(bottom) > int(top)
        for column in range(_number(left), _number(right) + 1)
    ]


def _number(letters: str) -> int:
    from openpyxl.utils import column_index_from_string

    return int(column_index_from_string(letters))


def _with_merged(
    rows: list[tuple[int, list[Any]]], areas: Sequence[tuple[int, int, int]]
) -> list[tuple[int, list[Any]]]:
    """The rows, with what a merged cell says in each of the rows that it stands beside."""
    by_number = dict(rows)
    for column, top, bottom in areas:
        above = by_number.get(top, [])
        for i in range(top + 1, bottom + 1):
            cells = by_number.get(i, [])
            if column <= min(len(cells), len(above)):
                cells[column - 1] = above[column - 1]
    return rows


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    if isinstance(cell, datetime.timedelta):
        return str(cell)
    return (cell.strip() or None) if isinstance(cell, str) else cell


def _header(rows: list[tuple[int, list[Any]]], names: Sequence[str], file: str) -> tuple[list[str], Any]:
    rows = _without_title(rows)
    first = rows[0][1]
    while first and first[-1] is None:
        first.pop()
    if names:
        if len(names) != len(first):
            raise TableError(f"{file} has {len(first)} columns, but {len(names)} names were given for them")
        return list(names), rows
    if all(isinstance(cell, int | float) for cell in first):
        raise TableError(f"{file} has no header: its first row is all numbers", "--names a,b,c gives them names")
    header = ["" if cell is None else str(cell).strip() for cell in first]
    require_distinct(header, file)
    below = [["" if cell is None else str(cell) for cell in cells] for _, cells in rows[1 : LOOKED_AT_BELOW + 1]]
    titled = with_units_below(header, below)
    return titled or header, rows[1 if titled is None else 2 :]


def _without_title(rows: list[tuple[int, list[Any]]]) -> list[tuple[int, list[Any]]]:
    """The rows from the header on: a title stands alone in its row, above rows with several cells."""
    counts = [sum(cell is not None for cell in cells) for _, cells in rows[:20]]
    above = next((i for i, count in enumerate(counts) if count > 1), 0)
    is_title = len(counts) > above + 1 and counts[above + 1] > 1 and rows[above][1][0] is not None
    return rows[above:] if is_title else rows


def _raw(header: Sequence[str], rows: Sequence[tuple[int, list[Any]]], where: str, file: str) -> Raw:
    records, places, set_aside = [], [], []
    for i, cells in rows:
        beyond = [cell for cell in cells[len(header) :] if cell is not None]
        if beyond:
            told = f"the row has {len(cells)} cells, but the header {len(header)}"
            set_aside.append(SetAside(f"{where}!{i}", told, str(cells)[:500]))
            continue
        padded = cells + [None] * (len(header) - len(cells))
        records.append(dict(zip(header, padded, strict=False)))
        places.append(f"{where}!{i}")
    if not records and not set_aside:
        raise TableError(f"{file} has no rows below its header")
    unnamed = [record.pop("") for record in records if "" in record]
    if any(cell is not None for cell in unnamed):
        raise unnamed_column(file, header, list(header).index(""))
    return of_records(records, places, names=[name for name in header if name], set_aside=set_aside)


def _with_decimal_points(raw: Raw) -> Raw:
    """Numbers that were typed as text, '149,3' beside 151.2, as a spreadsheet of another language leaves them."""
    import pandas as pd
    import pyarrow as pa

    for name in raw.table.columns:
        cells = raw.table[name].tolist()
        places = [i for i, cell in enumerate(cells) if isinstance(cell, str)]
        texts = pa.chunked_array([pa.array([cells[i] for i in places], pa.string())])
        if not has_decimal_commas(texts, ","):
            continue
        for i, text in zip(places, with_points(texts).to_pylist(), strict=True):
            cells[i] = text
        raw.table[name] = pd.Series(cells, index=raw.table.index, dtype=object)
    return raw


def _with_formulas(raw: Raw, path: Path, sheet: str, header: Sequence[str]) -> Raw:
    """A formula whose value was never computed looks like an empty cell: it is put there, to be set aside.

    Only spreadsheet programs compute; what a script wrote has no values until one of them has saved it.
    """
    if not raw.table.isna().any(axis=None):
        return raw
    book = _opened(path, data_only=False)
    try:
        formulas = {f"{path.name}:{sheet}!{i}": row for i, row in _filled(book[sheet])}
    finally:
        book.close()
    for row, place in enumerate(raw.places):
        for name, cell in zip(header, formulas.get(place, ()), strict=False):
            if isinstance(cell, str) and cell.startswith("=") and raw.table.at[row, name] is None:
                raw.table.at[row, name] = cell
    return raw
