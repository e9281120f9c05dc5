"""Numbers as much of Europe writes them: '1,5' and '1.234,56' become '1.5' and '1234.56', column by column."""

from __future__ import annotations

from typing import Any

#: A number with a comma before its last digits, dots between its thousands, and perhaps a unit; '2,4-xylenol' is none.
_UNIT = r"(?:\s*[A-Za-zµμΩÅ°%‰][^,;]*)?"
_COMMA = rf"^\s*[+-]?(?:\d{{1,3}}(?:\.\d{{3}})+|\d*),\d+(?:[eE][+-]?\d+)?{_UNIT}\s*$"
_POINT = rf"^\s*[+-]?(?:\d{{1,3}}(?:,\d{{3}})+|\d*)\.\d+(?:[eE][+-]?\d+)?{_UNIT}\s*$"
#: What is as well a whole number with a comma between its thousands.
_THOUSANDS = rf"^\s*[+-]?[1-9]\d{{0,2}}(?:,\d{{3}})+{_UNIT}\s*$"
_NUMBER = rf"^\s*[+-]?[\d.,]*\d(?:[eE][+-]?\d+)?{_UNIT}\s*$"
#: As much of a column as has numbers at all must be numbers.
MOST = 0.5


def has_decimal_commas(cells: Any, delimiter: str) -> bool:
    """Whether the texts of an Arrow array are numbers with decimal commas.

    '1,234' alone may be either; where ';' separates the cells, the comma is the decimal mark.
    """
    import pyarrow.compute as pc

    def count(pattern: str) -> int:
        return pc.sum(pc.match_substring_regex(cells, pattern)).as_py() or 0

    commas = count(_COMMA)
    if not commas or count(_POINT):
        return False
    filled = len(cells) - cells.null_count - count(r"^\s*$")
    return count(_NUMBER) >= MOST * filled and (delimiter == ";" or commas > count(_THOUSANDS))


def with_points(cells: Any) -> Any:
    """The same texts with points for decimal commas, and without dots between thousands."""
    import pyarrow.compute as pc

    is_number = pc.fill_null(pc.match_substring_regex(cells, _COMMA), False)
    plain = pc.replace_substring_regex(cells, r"\.(\d{3})", r"\1")
    plain = pc.replace_substring(plain, ",", ".", max_replacements=1)
    return pc.if_else(is_number, plain, cells)
