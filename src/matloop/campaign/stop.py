"""How a run is stopped: Ctrl-C once finishes what is in flight, twice ends the process at once.

It needs no queue, no lock and no database. Signals are heard by a thread of their own, since Python runs a handler
only when the main thread comes back from whatever it waits for: a locked database, a lab that does not answer.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_HEARD = (signal.SIGINT, signal.SIGTERM)


class StopSwitch:
    """Set once to stop softly; a plain flag, since a lock may be held by whoever is interrupted."""

    def __init__(self) -> None:
        self.is_set = False

    def set(self) -> None:
        self.is_set = True

    def wait(self, seconds: float) -> None:
        """Sleep; so short that nobody needs to be woken."""
        time.sleep(seconds)


@contextmanager
def stopping_on_signals(switch: StopSwitch) -> Iterator[None]:
    """Ctrl-C and SIGTERM set the switch; the second one ends the process. Only the main thread can hear signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ear, mouth = socket.socketpair()
    mouth.setblocking(False)
    listener = threading.Thread(target=_listen, args=(ear, switch), name="matloop stop", daemon=True)
    listener.start()
    before = {number: signal.signal(number, lambda *_: None) for number in _HEARD}
    wakeup_before = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        mouth.close()
        listener.join()
        ear.close()


def _listen(ear: socket.socket, switch: StopSwitch) -> None:
    """Each signal arrives as a byte, its number; the end of the stream is the end of the run."""
    while numbers := ear.recv(64):
        for number in numbers:
            if number not in _HEARD:
                continue
            if switch.is_set:
                _leave_at_once()
            switch.set()
            _say("stopping: what is in flight is finished first; Ctrl-C again stops at once")


def _leave_at_once() -> None:
    show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""
    _say(show_cursor + "stopped at once; the journal is complete, run the same command to resume")
    os._exit(130)


def _say(message: str) -> None:
    # not print: the main thread may hold the stream's lock
    os.write(2, f"\n{message}\n".encode())


def _be_deaf() -> None:
    """A process that a lab forks must not count its own Ctrl-C as one more of ours."""
    signal.set_wakeup_fd(-1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_be_deaf)
