"""A campaign's journal in hand: its state, kept in step with the store, and the way to add to it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from matloop.core.errors import SequenceConflict
from matloop.core.event import AnyEvent
from matloop.core.state import CampaignState, fold
from matloop.store.sql import SqlStore

#: Given the present state, the events that follow from it: none if there is nothing to say any more.
Decision = Callable[[CampaignState], Sequence[AnyEvent]]


class Journal:
    """The state of one campaign and the only way to change it.

    Durations come from the monotonic clock: `elapsed` counts on from the last event while this object lives, so that
    a clock that jumps, or a night with the machine off, changes no decision.
    """

    def __init__(self, store: SqlStore, campaign: str) -> None:
        self.store = store
        self.campaign = campaign
        self.state = fold(store.read(campaign))
        self.listeners: list[Callable[[AnyEvent], None]] = []
        self._elapsed_before = self.state.elapsed
        self._opened = time.monotonic()
        self.is_working = False

    @property
    def elapsed(self) -> float:
        """The seconds that engines have worked on this campaign."""
        if not self.is_working:
            return self._elapsed_before
        return self._elapsed_before + time.monotonic() - self._opened

    def start_clock(self) -> None:
        """From here on time counts as work."""
        self._elapsed_before, self._opened, self.is_working = self.elapsed, time.monotonic(), True

    def stop_clock(self) -> None:
        self._elapsed_before, self.is_working = self.elapsed, False

    @contextmanager
    def heard_by(self, listener: Callable[[AnyEvent], None] | None) -> Iterator[None]:
        """Call the listener with every event that comes in within this context."""
        if listener is None:
            yield
            return
        self.listeners.append(listener)
        try:
            yield
        finally:
            self.listeners.remove(listener)

    def refresh(self) -> list[AnyEvent]:
        """Take in what others have appended; returns it."""
        return self._take(self.store.read(self.campaign, after=self.state.sequence))

    def commit(self, decide: Decision) -> list[AnyEvent]:
        """Append what follows from the state; where someone was faster, decide again on the new state.

        The events are on the disk when this returns. They must not be acted upon before.
        """
        while True:
            events = [self._stamped(event) for event in decide(self.state)]
            if not events:
                return []
            try:
                return self._take(self.store.append(self.campaign, events, self.state.sequence))
            except SequenceConflict:
                if not self.refresh():  # nobody was faster: the store has lost what was read from it
                    raise

    def add(self, *events: AnyEvent) -> list[AnyEvent]:
        """Append events that hold whatever else has happened."""
        return self.commit(lambda _: events)

    def _stamped(self, event: AnyEvent) -> AnyEvent:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return event.model_copy(update={"time": now, "elapsed": round(self.elapsed, 3)})

    def _take(self, events: Sequence[AnyEvent]) -> list[AnyEvent]:
        for event in events:
            self.state.apply(event)
        for event in events:
            self._tell(event)
        return list(events)

    def _tell(self, event: AnyEvent) -> None:
        """Whoever only watches must not stop the work: trials in flight would be lost with the engine."""
        for listener in self.listeners:
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001 - a foreign function may raise anything
                warnings.warn(f"a listener of {self.campaign} failed: {error!r}", RuntimeWarning, stacklevel=2)
