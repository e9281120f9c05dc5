"""Progress tells the rate of this process, and how long it takes from here."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console

from matloop.cli import progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that is set by hand: `clock.now = 20.0`."""

    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


def test_what_an_earlier_process_did_does_not_count_for_the_rate(clock: Any) -> None:
    out = io.StringIO()
    lines = progress._Lines("Screening", "candidates", Console(file=out, width=80))
    lines(9_000_000, 10_000_000)
    clock.now = 20.0
    lines(9_200_000, 10_000_000, "7 kept")
    assert out.getvalue() == "Screening: 9,200,000 of 10,000,000 candidates (10,000/s, 80 s left); 7 kept\n"


def test_the_bar_has_rate_and_time_left_in_eighty_columns(clock: Any) -> None:
    out = io.StringIO()
    bar = progress._Bar("Screening", "candidates", Console(file=out, width=80, force_terminal=True, color_system=None))
    bar(0, 10_000_000)
    clock.now = 270.0
    bar(3_456_789, 10_000_000, "123,456 kept")
    bar.close()
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue()).replace("\r", "\n").split("\n")
    assert any("3,456,789/10,000,000, 12,803/s, 9 min left, 123,456 kept" in line for line in lines)
    assert max(map(len, lines)) <= 80
