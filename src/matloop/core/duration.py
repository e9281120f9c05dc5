"""Durations as people write them, "30 s", "1.5 h", "7 days" or a plain number of seconds; kept in seconds."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

_SECONDS = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "minute", "minutes"), MINUTE),
    **dict.fromkeys(("h", "hr", "hour", "hours"), HOUR),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("week", "weeks"), 7 * DAY),
}
_WRITTEN = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([a-zA-Z]*)\s*")


def seconds_of(value: Any) -> float:
    """The seconds that a number or a text such as "30 s" means. Raises ValueError."""
    if isinstance(value, str):
        match = _WRITTEN.fullmatch(value)
        unit = match.group(2).lower() if match else ""
        if not match or (unit and unit not in _SECONDS):
            raise ValueError(f"'{value[:60]}' is no duration: write '30 s', '10 min', '2 h', '7 days' or seconds")
        value = float(match.group(1)) * _SECONDS.get(unit, 1.0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a duration is text such as '30 s' or a number of seconds")
    if not 0 <= value < math.inf:
        raise ValueError("a duration is finite and not negative")
    return float(value)


_SCHEMA = WithJsonSchema({"anyOf": [{"type": "string", "examples": ["30 s", "2 h", "1 day"]}, {"type": "number"}]})

#: A duration that may be zero, and one that may not.
Duration = Annotated[float, BeforeValidator(seconds_of), _SCHEMA]
Deadline = Annotated[float, Field(gt=0), BeforeValidator(seconds_of), _SCHEMA]
