"""One reported quantity: a number, a text such as "31.2 kJ" or {"value": …, "unit": …, "std": …}, made a float."""

from __future__ import annotations

import math
import numbers
import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from matloop.core.errors import UnitError
from matloop.core.units import convert, parse_quantity


class Refused(Exception):
    """What came cannot be taken; the text says why, in a sentence for the person at the lab."""


def shown(value: Any, length: int = 80) -> str:
    """A value for a message: short, on one line, whatever it is."""
    brief = reprlib.Repr()
    brief.maxstring = brief.maxother = brief.maxlong = length
    brief.maxdict = brief.maxlist = brief.maxtuple = max(4, length // 20)
    try:
        text = brief.repr(value)
    except Exception:  # noqa: BLE001 - a foreign __repr__ may raise anything; a message must still be made
        text = f"a {type(value).__name__}"
    return clean(text if len(text) <= length else text[: length - 1] + "…")


def clean(text: str) -> str:
    """Text that any file and database can keep: no lone surrogates, no NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "�")


def number_of(value: Any, name: str) -> float:
    """The finite float that a value is. Raises Refused."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.size == 1):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise Refused(f"{name} is {shown(value)}, which is not a number")
    try:
        number = float(value)
    except (OverflowError, ValueError):
        raise Refused(f"{name} is too large for a number") from None
    if not math.isfinite(number):
        raise Refused(f"{name} is {number}, which is not a finite number")
    return number


def quantity_of(value: Any, name: str, unit: Any, target: str | None) -> tuple[float, float | None]:
    """The value in the unit `target`, and its standard deviation where it came along.

    `unit` is the one it was given in, unless the value names its own. Raises Refused.
    """
    std: Any = None
    if isinstance(value, Mapping):
        if "value" not in value:
            raise Refused(f"{name} is {shown(value)}, which has no 'value'")
        unit, std, value = value.get("unit", unit), value.get("std"), value["value"]
    if isinstance(value, str):
        value, own = _parsed(value, name)
        unit = own or unit
    number = _converted(number_of(value, name), name, unit, target)
    return number, None if std is None else std_of(std, name, unit, target)


def std_of(value: Any, name: str, unit: Any, target: str | None) -> float:
    """A standard deviation in the unit `target`: a difference, so that 5 °C is 5 K. Raises Refused."""
    if isinstance(value, str):
        value, own = _parsed(value, f"the std of {name}")
        unit = own or unit
    number = number_of(value, f"the std of {name}")
    if number < 0:
        raise Refused(f"the std of {name} is negative: {number:g}")
    scale = _converted(1.0, name, unit, target) - _converted(0.0, name, unit, target)
    return number_of(number * abs(scale), f"the std of {name}")


def _parsed(text: str, name: str) -> tuple[float, str | None]:
    try:
        return parse_quantity(text)
    except (UnitError, ValueError):
        raise Refused(f"{name} is {shown(text)}, which is not a number") from None


def _converted(number: float, name: str, unit: Any, target: str | None) -> float:
    if unit is not None and not isinstance(unit, str):
        raise Refused(f"the unit of {name} is {shown(unit)}, which is not text")
    try:
        return number_of(convert(number, unit, target), name)
    except UnitError as error:
        raise Refused(f"{name}: {error.message}") from None
    except (ArithmeticError, ValueError, TypeError):
        raise Refused(f"{name} = {number:g} {unit} cannot be expressed in {target}") from None
