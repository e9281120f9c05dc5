"""What the tests of labs share: a space, a trial, and waiting for an answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from matloop.core.objective import Maximize
from matloop.core.parameter import Real
from matloop.core.space import Space
from matloop.core.trial import Running, Trial

SPACE = Space(x=Real(0, 1), temperature=Real(20, 200, unit="degC"))
OBJECTIVES = [Maximize("y", unit="J")]


def trial(id: str = "t-1", attempt: int = 1, **point: Any) -> Trial:
    return Trial(id, "camp", 1, attempt, {"x": 0.5, "temperature": 100.0, **point}, {"temperature": "degC", "y": "J"})


def settled(lab: Any, id: str = "t-1", seconds: float = 20.0) -> Any:
    """The first answer that is not Running."""
    end = time.monotonic() + seconds
    while isinstance(answer := lab.poll(id), Running):
        assert time.monotonic() < end, "still running"
        time.sleep(0.005)
    return answer


def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)
