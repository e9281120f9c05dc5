"""A row of units below the header, as instruments and spreadsheets write it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from matloop.datasets.headers import NO_UNIT, is_meant, known_unit, read_headers
from matloop.datasets.numeric import is_missing, looks_numeric

#: A row of units is known by so many rows, itself one of them, and the numbers in them.
LOOKED_AT_BELOW = 20
_WORD = re.compile(r"[^\W\d_]|[%°]")
#: What stands beside units, and says that they are.
_TITLES = {"unit", "units", "unit:", "units:"}


def with_units_below(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str] | None:
    """The header with the units of the first row below it, 'gap [eV]'; None where that is no row of units.

    Such a row has a unit or nothing under each name, and at least half of what stands under each unit are numbers, as
    for a unit in the header itself. A unit that the header has, too, stands once.
    """
    if not rows or len(rows[0]) > len(header):
        return None
    titled = list(header)
    is_row_of_units = False
    for i, cell in enumerate(rows[0]):
        text = cell.strip().strip("()[] ")
        if not text or text.casefold() in NO_UNIT or (i == 0 and text.casefold() in _TITLES):
            continue
        unit = known_unit(text, header[i]) if _WORD.search(text) else None
        if (
            unit is None
            or not is_meant(unit, header[i])
            or not _are_numbers([row[i] for row in rows[1:] if len(row) > i])
        ):
            return None
        is_row_of_units = True
        if read_headers([header[i]])[0][1] != unit:
            titled[i] = f"{header[i]} [{text}]"
    return titled if is_row_of_units else None


def _are_numbers(cells: Sequence[str]) -> bool:
    said = [cell.strip() for cell in cells if not is_missing(cell)]
    return bool(said) and 2 * sum(looks_numeric(cell.replace(",", ".", 1)) for cell in said) >= len(said)
