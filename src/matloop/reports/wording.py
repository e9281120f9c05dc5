"""Numbers, quantities and names as a report writes them."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any


def number(value: Any, digits: int = 4) -> str:
    """A number with so many significant digits; other values as text, true and false as files write them."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return "–"
    return f"{value:.0f}" if 10**digits <= abs(value) < 1e6 else f"{value:.{digits}g}"


def setting(value: Any) -> str:
    """A parameter's value: exact where that is short, so that a person can set it again."""
    exact = f"{value:.10g}" if isinstance(value, float) else ""
    return exact if 0 < len(exact) <= 7 else number(value)


def measured(value: float, std: float | None) -> str:
    """A measured value with its uncertainty, where it is known."""
    return number(value) if std is None else f"{number(value)} ± {number(std, 2)}"


def labelled(name: str, unit: str | None) -> str:
    """A name with its unit."""
    return f"{name} ({unit})" if unit else name


def shortened(text: str, length: int) -> str:
    """One line of at most so many letters."""
    line = " ".join(str(text).split())
    return line if len(line) <= length else line[: length - 1] + "…"


def plain(text: object, length: int = 60) -> str:
    """Text that plotly shows as it is: plotly reads a few tags, links among them, in every label."""
    short = shortened(str(text), length)
    return short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def listed(words: Iterable[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    items = list(words)
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else ""


def counted(n: int, noun: str) -> str:
    """'1 trial', '2 trials'."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def moment(text: str) -> str:
    """A time of ISO 8601 as a page writes it, to the minute; other text as it is."""
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{then:%Y-%m-%d %H:%M}" + (" UTC" if then.utcoffset() == timedelta(0) else f"{then: %z}".rstrip())


def duration(seconds: float) -> str:
    """A length of time in the unit that people would use."""
    for size, unit in ((86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 1.5 * size:
            return f"{number(seconds / size, 3)} {unit}"
    return f"{number(float(seconds), 3)} s"


def given_on_command_line(values: Mapping[str, Any]) -> str:
    """Values as a command takes them: `a=1 'b c=2'`."""
    return " ".join(shlex.quote(f"{name}={value}") for name, value in values.items())
