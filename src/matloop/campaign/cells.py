"""One cell of a person's table: a number with or without a unit, nothing at all, or a failure in words.

Nothing is guessed. The mark before the decimals is the one that the whole table shows; a cell such as "1,234", which
may be a thousand or a little more than one, is refused where the table shows another mark or none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from matloop.core.curve import Curve
from matloop.core.errors import InputError, did_you_mean
from matloop.core.objective import Match
from matloop.core.parameter import Value
from matloop.core.units import convert
from matloop.labs.curve import curve_of
from matloop.labs.quantity import Refused

#: What people and spreadsheets write where there is nothing; errors of a spreadsheet begin with '#' in any language.
_NOTHING = {"", "-", "--", "–", "—", "?", "n/a", "na", "n.a.", "nan", "null", "none", "nil"}
_NUMERAL = re.compile(r"([+-]?)([0-9.,]*[0-9][0-9.,]*)((?:[eE][+-]?[0-9]+)?)\s*(.*)", re.DOTALL)
_MAYBE_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_FAILURE = re.compile(r"fail(?:ed|ure)?\b[\s:;,–-]*(.*)", re.DOTALL | re.IGNORECASE)
_LONGEST_NUMBER, _LONGEST_UNIT = 400, 60


class Quantity(NamedTuple):
    """A number in the unit that was wanted, and the unit in which it was given."""

    value: float
    unit: str | None


def is_missing(cell: object) -> bool:
    """Whether a cell says that there is nothing."""
    if not isinstance(cell, str):
        return cell is None
    text = cell.strip().casefold()
    return text in _NOTHING or text.startswith("#")


def failure(cell: object) -> str | None:
    """The reason in a cell such as 'failed: cracked', or None where it names no failure."""
    match = _FAILURE.match(cell.strip()) if isinstance(cell, str) else None
    return (match.group(1).strip() or "failed") if match else None


def said_failure(cell: object) -> str | None:
    """The reason in a cell of a column 'failed', where yes and no are answers too."""
    if cell is False or is_missing(cell):
        return None
    text = str(cell).strip()
    if text.casefold() in ("no", "n", "false", "0", "0.0"):
        return None
    return "failed" if text.casefold() in ("yes", "y", "true", "x", "1", "1.0") else failure(text) or text


def decimal_mark(cells: Iterable[str], otherwise: str) -> str:
    """The mark before the decimals that the cells prove; `otherwise` where none does, '' where they differ."""
    proven = {mark for cell in cells if (mark := _proven_mark(cell))}
    return proven.pop() if len(proven) == 1 else "" if proven else otherwise


def quantity(cell: object, given: str | None, wanted: str | None, decimal: str = ".") -> Quantity:
    """The number in a cell, in the unit `wanted`; `given` is the unit of a cell that names none.

    Raises InputError for what is no finite number, for thousands separators, and (UnitError) for a unit that cannot
    be converted.
    """
    number, unit = _split(cell, decimal)
    unit = unit or given
    value = _converted(number, unit, wanted)
    if not math.isfinite(value):
        raise InputError(f"{_shown(cell)} is not a finite number")
    return Quantity(value, unit)


def spread(cell: object, given: str | None, wanted: str | None, decimal: str = ".") -> float:
    """A standard deviation: converted as a difference, so that 2 kelvin are 2 degC. Raises as `quantity` does."""
    value, unit = quantity(cell, given, wanted, decimal)
    value -= _converted(0.0, unit, wanted)
    if value < 0:
        raise InputError(f"a standard deviation cannot be negative: {_shown(cell)}")
    return value


def curve(cell: object, wish: Match, given: str | None, folder: Path | None) -> tuple[Curve, float]:
    """The curve that a cell names by its file, and its distance to the target. Raises InputError.

    From Python a list of y or a table of x and y does as well.
    """
    try:
        return curve_of(cell, wish, given, folder)
    except Refused as refusal:
        raise InputError(str(refusal).removeprefix(f"{wish.name}: ")) from None


def option(cell: object, options: Mapping[str, Value], decimal: str = ".") -> Value:
    """The option that a cell names, by its text, in any case, or by its number. Raises InputError."""
    text = str(cell).strip()
    if text in options:
        return options[text]
    alike = [value for name, value in options.items() if name.casefold() == text.casefold()]
    alike = alike or [value for value in options.values() if _is_same_number(value, text, decimal)]
    if len(alike) != 1:
        raise InputError(f"{_shown(cell)} is none of the options", did_you_mean(text[:80], list(options)[:1000]))
    return alike[0]


def _split(cell: object, decimal: str) -> tuple[float, str | None]:
    if isinstance(cell, int | float | np.number) and not isinstance(cell, bool):
        return float(cell), None
    match = _NUMERAL.fullmatch(_tidy(cell)) if isinstance(cell, str) and len(cell) <= _LONGEST_NUMBER else None
    if match is None:
        raise InputError(f"{_shown(cell)} is not a finite number")
    sign, digits, exponent, unit = match.groups()
    _refuse_thousands(cell, digits, exponent, unit, decimal)
    if len(unit) > _LONGEST_UNIT:
        raise InputError(f"{_shown(cell)} is not a number with a unit")
    return float(sign + digits.replace(",", ".") + exponent), unit or None


def _converted(number: float, unit: str | None, wanted: str | None) -> float:
    try:
        return convert(number, unit, wanted)
    except (ArithmeticError, ValueError, TypeError) as error:
        raise InputError(f"{number:g} {unit} cannot be expressed in {wanted}") from error


def _refuse_thousands(cell: object, digits: str, exponent: str, rest: str, decimal: str) -> None:
    marks = re.sub(r"[0-9]", "", digits)
    if len(marks) > 1 or re.match(r"['’]?[0-9]", rest):
        raise InputError(f"{_shown(cell)} has thousands separators", "write it without them")
    if marks and marks != decimal and not exponent and _MAYBE_THOUSANDS.fullmatch(digits):
        other = digits.replace(marks, "")
        raise InputError(
            f"{_shown(cell)} is ambiguous: is it {digits.replace(',', '.')} or {other}?",
            f"write {other}, or as many decimals as leave no doubt",
        )


def _proven_mark(cell: str) -> str | None:
    """The decimal mark of a cell that can be read in one way only."""
    match = _NUMERAL.match(_tidy(cell[:_LONGEST_NUMBER]))
    marks = re.sub(r"[0-9]", "", match.group(2)) if match else ""
    if match is None or len(marks) != 1:
        return None
    return marks if match.group(3) or not _MAYBE_THOUSANDS.fullmatch(match.group(2)) else None


def _is_same_number(value: Value, text: str, decimal: str) -> bool:
    if isinstance(value, str | bool):
        return False
    try:
        return math.isclose(value, quantity(text, None, None, decimal).value, rel_tol=1e-9)
    except InputError:
        return False


def _tidy(cell: str) -> str:
    return cell.strip().strip("\"'").strip().replace("−", "-")


def _shown(cell: object) -> str:
    text = str(cell)
    return repr(text if len(text) <= 60 else text[:57] + "…")
