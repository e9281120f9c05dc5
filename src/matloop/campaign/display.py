"""The live display of a run: trials, the best so far, what is in flight, the time left."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from matloop.campaign.forecast import Outlook
from matloop.campaign.journal import Journal
from matloop.campaign.stop import StopSwitch
from matloop.campaign.summary import counts, describe, leader, n_over
from matloop.core.event import AnyEvent, Failed, Finished, Lost, Noted, Observed, Paused
from matloop.core.spec import CampaignSpec
from matloop.core.trial import Status

#: Redrawn so many times a second.
RATE = 8
#: Where there is no terminal to redraw, a line is printed at most so often, in seconds.
LINE_EVERY = 10.0


@contextmanager
def live_display(
    spec: CampaignSpec, journal: Journal, stop: StopSwitch, console: Console | None = None
) -> Iterator[None]:
    """Show the run on standard error while it lasts; in a log file, a line now and then."""
    console = console or Console(stderr=True)
    view = _View(spec, journal, stop)
    if not console.is_terminal:
        with journal.heard_by(_LinePrinter(view, console)):
            yield
        return
    with journal.heard_by(view.heard), Live(get_renderable=view.render, console=console, refresh_per_second=RATE):
        yield


class _View:
    """What to show; recomputed only when the journal has grown, so that drawing never slows the engine."""

    def __init__(self, spec: CampaignSpec, journal: Journal, stop: StopSwitch) -> None:
        self.spec = spec
        self.journal = journal
        self.stop = stop
        self._began = time.monotonic()
        self._done_before = n_over(journal.state)
        self._lock = threading.Lock()
        self._leader = leader(spec, journal.state)
        self._counts = counts(journal.state)
        self._end = ""
        #: What the engine has remarked on trials that are still open.
        self._remarks: dict[str | None, str] = {}
        self._outlook = Outlook(spec)

    def heard(self, event: AnyEvent) -> None:
        state = self.journal.state
        with self._lock:
            self._counts = counts(state)
            if isinstance(event, Observed):
                self._leader = leader(self.spec, state)
                self._outlook.look(state)
            if isinstance(event, Paused | Finished):
                self._end = event.reason
            if isinstance(event, Noted) and is_remark(event):
                self._remarks[event.trial] = event.text
            elif isinstance(event, Observed | Failed | Lost):
                self._remarks.pop(event.trial, None)

    @property
    def n_done(self) -> int:
        return sum(self._counts[s] for s in (Status.DONE, Status.FAILED, Status.DISCARDED))

    def seconds_left(self) -> float | None:
        """By the pace of this run; None before the first result."""
        budget, done_here = self.spec.campaign.budget, self.n_done - self._done_before
        if budget is None or done_here < 1:
            return None
        return max(0.0, (time.monotonic() - self._began) / done_here * (budget - self.n_done))

    def render(self) -> RenderableType:
        with self._lock:
            return self._drawn()

    def _drawn(self) -> RenderableType:
        budget = self.spec.campaign.budget
        line = Table.grid(padding=(0, 2))
        line.add_row(
            Text(self.spec.campaign.name, style="bold"),
            ProgressBar(total=budget or max(self.n_done, 1), completed=self.n_done, width=30),
            f"{self.n_done}/{budget}" if budget else f"{self.n_done} trials",
            f"{self._counts[Status.RUNNING]} in flight",
            Text("" if self._end else "stopping" if self.stop.is_set else time_left(self.seconds_left())),
        )
        told = [Text(f"  ended: {self._end}")] if self._end else []
        told += [Text(f"  best so far  {describe(self.spec, self._leader)}" if self._leader else "  no result yet")]
        if self._outlook.sentence and not self._end:
            told.append(Text(f"  {self._outlook.sentence}"))
        if self.stop.is_set and not self._end:
            told.append(Text("  what is in flight is finished first; Ctrl-C again stops at once", style="yellow"))
        trouble = [f"{self._counts[s]} {s.value}" for s in (Status.FAILED, Status.UNKNOWN) if self._counts[s]]
        if trouble:
            told.append(Text("  " + ", ".join(trouble), style="yellow"))
        told += [Text(f"  {trial}: {text}", style="yellow") for trial, text in list(self._remarks.items())[-3:]]
        return Group(line, *told)

    def line(self) -> str:
        """The same in one line of plain text."""
        budget = self.spec.campaign.budget
        done = f"{self.n_done}/{budget}" if budget else str(self.n_done)
        best_words = f"; best so far {describe(self.spec, self._leader)}" if self._leader else ""
        return f"{self.spec.campaign.name}: {done} trials, {self._counts[Status.RUNNING]} in flight{best_words}"


class _LinePrinter:
    """For a log file: a line at the start, now and then, at every failure, and at the end."""

    def __init__(self, view: _View, console: Console) -> None:
        self._view = view
        self._console = console
        self._said = time.monotonic()

    def __call__(self, event: AnyEvent) -> None:
        self._view.heard(event)
        is_important = isinstance(event, Failed | Lost | Paused | Finished) or is_remark(event)
        if is_important or time.monotonic() - self._said > LINE_EVERY:
            self._said = time.monotonic()
            self._console.print(self._view.line() + _of(event), markup=False, highlight=False, soft_wrap=True)


def _of(event: AnyEvent) -> str:
    match event:
        case Failed():
            return f" (trial {event.trial} failed: {event.outcome.failed})"
        case Lost():
            return f" (trial {event.trial} is unknown: {event.reason})"
        case Noted() if is_remark(event):
            return f" (trial {event.trial}: {event.text})"
        case Paused() | Finished():
            return f" ({event.kind}: {event.reason})"
    return ""


def is_remark(event: AnyEvent) -> bool:
    """Whether the engine itself remarks on a trial: that something is wrong."""
    return isinstance(event, Noted) and event.trial is not None and event.by == "matloop"


def time_left(seconds: float | None) -> str:
    """How long it will still take, in words."""
    if seconds is None:
        return "time left: not known yet"
    if seconds < 90:
        return f"about {seconds:.0f} s left"
    minutes = seconds / 60
    return f"about {minutes:.0f} min left" if minutes < 90 else f"about {minutes / 60:.1f} h left"
