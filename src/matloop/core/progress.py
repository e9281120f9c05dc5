"""How far long work has come: told by whoever works, shown by whoever was asked to."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called again and again during work that may take more than two seconds; cheap, and never raises."""

    def __call__(self, done: float, total: float | None, told: str = "") -> None:
        """`done` of `total` pieces (None: nobody knows how many), and a few words on what is under way."""


def silent(done: float, total: float | None, told: str = "") -> None:
    """Shows nothing."""
