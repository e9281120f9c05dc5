"""How a run is stopped: Ctrl-C once finishes what is in flight, twice ends the process at once.

It needs no queue, no lock and no database: the second signal leaves through the operating system.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopSwitch:
    """Set once to stop softly; whoever waits on it wakes at once."""

    def __init__(self) -> None:
        self._event = threading.Event()

    @property
    def is_set(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        self._event.set()

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until the switch is set for the first time."""
        if self.is_set:
            threading.Event().wait(seconds)
        else:
            self._event.wait(seconds)


@contextmanager
def stopping_on_signals(switch: StopSwitch) -> Iterator[None]:
    """Ctrl-C and SIGTERM set the switch; the second one ends the process. Only the main thread can hear signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def heard(_: int, __: FrameType | None) -> None:
        if switch.is_set:
            _leave_at_once()
        switch.set()
        _say("stopping: what is in flight is finished first; Ctrl-C again stops at once")

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_at_once() -> None:
    show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""
    _say(show_cursor + "stopped at once; the journal is complete, run the same command to resume")
    os._exit(130)


def _say(message: str) -> None:
    # not print: a handler may interrupt a print that holds the stream's lock
    os.write(2, f"\n{message}\n".encode())
