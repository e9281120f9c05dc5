"""A bar with rate and time left, for commands that take more than two seconds; in a log file a line now and then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from matloop.core.progress import Progress

if TYPE_CHECKING:
    from rich.console import Console

#: Work that is done sooner needs no bar, in seconds.
PATIENCE = 1.0
#: Where there is no terminal to redraw, a line is printed at most so often, in seconds.
LINE_EVERY = 10.0
#: A terminal with fewer columns has no room for what is counted.
WIDE = 100


@contextmanager
def shown(what: str, unit: str = "", is_quiet: bool = False) -> Iterator[Progress]:
    """A Progress to hand to the work; `what` stands before the bar, `unit` behind the count: 'rows'."""
    if is_quiet:
        from matloop.core.progress import silent

        yield silent
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    view = _Bar(what, unit, console) if console.is_terminal else _Lines(what, unit, console)
    try:
        yield view
    finally:
        view.close()


class _Pace:
    """How fast it goes from here; what an earlier process has done is no merit of this one."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._began = 0.0

    def words(self, done: float, total: float | None) -> str:
        """The rate and the time left, as far as they are known: '1,250/s, 12 min left'."""
        if self._first is None or done < self._first:  # less than before: another piece of work
            self._first, self._began = done, time.monotonic()
        if done == self._first:
            return ""
        rate = (done - self._first) / max(time.monotonic() - self._began, 1e-9)
        left = f", {time_words((total - done) / rate)} left" if total and total > done else ""
        return (f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.2g}/s") + left


class _Lines:
    def __init__(self, what: str, unit: str, console: Console) -> None:
        self._what, self._unit, self._console = what, unit, console
        self._pace, self._said = _Pace(), time.monotonic()

    def __call__(self, done: float, total: float | None, told: str = "") -> None:
        pace, now = self._pace.words(done, total), time.monotonic()
        if now - self._said < LINE_EVERY:
            return
        self._said = now
        of = f" of {total:,.0f}" if total else ""
        line = f"{self._what}: {done:,.0f}{of} {self._unit}".rstrip()
        line += f" ({pace})" if pace else ""
        self._console.print(line + (f"; {told}" if told else ""), markup=False, soft_wrap=True)

    def close(self) -> None:
        pass


class _Bar:
    def __init__(self, what: str, unit: str, console: Console) -> None:
        self._what, self._unit, self._console = what, unit, console
        self._began, self._pace = time.monotonic(), _Pace()
        self._bar: Any = None
        self._task: Any = None

    def __call__(self, done: float, total: float | None, told: str = "") -> None:
        pace = self._pace.words(done, total)
        if self._bar is None:
            if time.monotonic() - self._began < PATIENCE:
                return
            self._bar = _rich_bar(self._console)
            self._task = self._bar.add_task(self._what, total=total, words="", start=True)
            self._bar.start()
        of = f"/{total:,.0f}" if total else ""
        unit = f" {self._unit}" if self._unit and self._console.width >= WIDE else ""
        words = ", ".join(filter(None, [f"{done:,.0f}{of}{unit}", pace, told]))
        self._bar.update(self._task, completed=done, total=total, words=words)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def _rich_bar(console: Console) -> Any:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    text = TextColumn("{task.description}", markup=False)
    words = TextColumn("{task.fields[words]}", markup=False)
    return Progress(SpinnerColumn(), text, BarColumn(bar_width=30), words, console=console, transient=True)


def time_words(seconds: float) -> str:
    """A duration for people: '40 s', '12 min', '3.5 h'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
