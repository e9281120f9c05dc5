"""The live display of a rehearsal: how many campaigns are done, how each configuration does so far, the time left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from matloop.campaign.display import LINE_EVERY, RATE, time_left
from matloop.campaign.rehearsal.loop import Rehearsed
from matloop.campaign.rehearsal.measure import Measure
from matloop.campaign.rehearsal.scene import Scene
from matloop.campaign.rehearsal.truth import utilities_of

#: Configurations that are shown at once; more are only counted.
MOST_LINES = 12


@contextmanager
def shown_while(
    scene: Scene,
    known: Mapping[tuple[str, int], Rehearsed],
    seeds: Sequence[int],
    progress: bool,
    console: Console | None = None,
) -> Iterator[Callable[[Rehearsed], None]]:
    """Show a rehearsal on standard error while it lasts; gives what is to be told of each campaign that is done."""
    console = console or Console(stderr=True)
    view = _View(scene, known, seeds)
    if not progress:
        yield _unheard
    elif not console.is_terminal:
        yield _LinePrinter(view, console).heard
    else:
        with Live(get_renderable=view.render, console=console, refresh_per_second=RATE):
            yield view.heard


def _unheard(record: Rehearsed) -> None:
    """Nobody looks."""


class _View:
    """What to show, kept up with each campaign that is done."""

    def __init__(self, scene: Scene, known: Mapping[tuple[str, int], Rehearsed], seeds: Sequence[int]) -> None:
        self.scene = scene
        self.n_seeds = len(seeds)
        self.total = len(scene.configurations) * len(seeds)
        self._began = time.monotonic()
        self._finals: dict[str, list[float]] = {c.key: [] for c in scene.configurations}
        self._measure = Measure(scene.spec.objectives, np.empty((0, 1)), is_complete=False)
        self._lock = threading.Lock()
        wanted = set(seeds)
        for (key, seed), record in list(known.items()):
            if key in self._finals and seed in wanted:
                self.heard(record)
        self._done_before = self.n_done

    def heard(self, record: Rehearsed) -> None:
        with self._lock:
            table = utilities_of(self.scene.spec.objectives, record.true[: self.scene.budget])
            self._finals[record.configuration].append(float(table[:, 0].max(initial=-np.inf)))

    @property
    def n_done(self) -> int:
        return sum(map(len, self._finals.values()))

    @property
    def left(self) -> str:
        """By the pace of this rehearsal."""
        done_here = self.n_done - self._done_before
        if not done_here:
            return time_left(None)
        return time_left((time.monotonic() - self._began) / done_here * (self.total - self.n_done))

    def render(self) -> RenderableType:
        with self._lock:
            line = Table.grid(padding=(0, 2))
            line.add_row(
                Text(f"rehearsing {self.scene.spec.campaign.name}", style="bold"),
                ProgressBar(total=max(self.total, 1), completed=self.n_done, width=30),
                f"{self.n_done:,}/{self.total:,} campaigns",
                Text(self.left),
            )
            return Group(line, self._lines())

    def _lines(self) -> Table:
        lines = Table.grid(padding=(0, 2))
        several = len(self.scene.levels) > 1
        for c in self.scene.configurations[:MOST_LINES]:
            noise = c.noise.sentence(self.scene.spec.objectives) if several else ""
            finals = self._finals[c.key]
            lines.add_row("", Text(c.name), Text(noise), f"{len(finals)}/{self.n_seeds}", Text(self._told(finals)))
        if len(self.scene.configurations) > MOST_LINES:
            lines.add_row("", f"and {len(self.scene.configurations) - MOST_LINES} more")
        return lines

    def _told(self, finals: list[float]) -> str:
        """The median so far; of several goals there is nothing to tell before all is known."""
        if not finals or self._measure.is_front or not np.isfinite(middle := float(np.median(finals))):
            return ""
        unit = f" {self._measure.unit}" if self._measure.unit else ""
        value = float(self._measure.shown(np.array([middle]))[0])
        return f"{self._measure.name} {value:.4g}{unit} after {self.scene.budget} trials"

    def line(self) -> str:
        """The same in one line of plain text."""
        return f"rehearsing {self.scene.spec.campaign.name}: {self.n_done:,}/{self.total:,} campaigns, {self.left}"


class _LinePrinter:
    """For a log file: a line now and then."""

    def __init__(self, view: _View, console: Console) -> None:
        self._view = view
        self._console = console
        self._said = time.monotonic()

    def heard(self, record: Rehearsed) -> None:
        self._view.heard(record)
        if time.monotonic() - self._said > LINE_EVERY:
            self._said = time.monotonic()
            self._console.print(self._view.line(), markup=False, highlight=False, soft_wrap=True)
