"""Lines for what was wished: a limit to keep, a value to come near to."""

from __future__ import annotations

from typing import Any

from matloop.core.objective import AtLeast, AtMost, Near, Objective
from matloop.reports.figures.style import RED


def wished_line(wish: Objective) -> list[dict[str, Any]]:
    """A horizontal line at the wish's number, if it has one."""
    if isinstance(wish, AtMost | AtLeast):
        return [_line(wish.limit)]
    return [_line(wish.value)] if isinstance(wish, Near) else []


def _line(at: float) -> dict[str, Any]:
    line = {"color": RED, "width": 1, "dash": "dash"}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at, "line": line}
