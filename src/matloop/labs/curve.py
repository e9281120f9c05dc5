"""One reported curve: a list of y on the target's grid, {"x": […], "y": […], "unit": …}, or a file of two columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matloop.core.curve import Curve
from matloop.core.errors import TableError, UnitError
from matloop.core.objective import Match
from matloop.core.units import convert
from matloop.files.curves import is_curve_file, read_curve, reason
from matloop.labs.quantity import Refused, shown

#: Characters of a refused answer with curves that a log keeps, so that a person can still save it.
LONGEST_SHOWN = 200_000


def curve_of(given: Any, wish: Match, unit: Any = None, folder: Path | None = None) -> tuple[Curve, float]:
    """The curve in the objective's unit, and its distance to the target. Raises Refused.

    `unit` is that of y, unless the curve names its own; files count from `folder`.
    """
    try:
        curve, unit = _read(given, wish, unit, folder)
        curve = _converted(curve, unit, wish.unit)
        return curve, wish.distance_of(curve)
    except UnitError as error:
        raise Refused(f"{wish.name}: {error.message}") from None
    except TableError as error:
        raise Refused(f"{wish.name}: {error.message}") from None
    except (ValueError, ArithmeticError) as error:
        raise Refused(f"{wish.name}: {reason(error) if isinstance(error, ValueError) else error}") from None


def _read(given: Any, wish: Match, unit: Any, folder: Path | None) -> tuple[Curve, Any]:
    if isinstance(given, Curve):
        return given, unit
    if isinstance(given, str) and is_curve_file(given):
        return read_curve((folder or Path()) / given.strip()), unit
    if isinstance(given, Mapping):
        if "y" not in given or given.keys() - {"x", "y", "unit"}:
            raise Refused(f"{wish.name} is {shown(given)}, which is no curve: it needs x and y")
        own = given.get("unit", unit)
        return (wish.curve(given["y"]) if given.get("x") is None else Curve(given["x"], given["y"])), own
    if isinstance(given, str | bytes) or not hasattr(given, "__len__"):
        raise Refused(f"{wish.name} is {shown(given)}, which is no curve: give a list of y, x and y, or a file")
    return wish.curve(given), unit


def _converted(curve: Curve, unit: Any, target: str | None) -> Curve:
    """In the unit `target`; conversions are linear."""
    if unit is None or unit == target:
        return curve
    if not isinstance(unit, str):
        raise Refused(f"the unit of a curve is {shown(unit)}, which is not text")
    zero, one = convert(0.0, unit, target), convert(1.0, unit, target)
    return Curve(curve.x, tuple(zero + (one - zero) * y for y in curve.y))
