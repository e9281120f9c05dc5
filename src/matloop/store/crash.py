"""Named points at which a fault test kills the process, to prove that nothing is lost there.

`MATLOOP_CRASH="commit.after:submitted"` kills at the first such point, `"commit.after:submitted#3"` at the third.
Points: `commit.before:KIND`, `commit.after:KIND` (the kind of the last event committed), `send.before`, `send.after`.
"""

from __future__ import annotations

import os
import signal

_passed = 0


def crash_point(name: str) -> None:
    """Die here, as by a power cut, if the environment asks for it; otherwise do nothing."""
    wanted = os.environ.get("MATLOOP_CRASH")
    if not wanted:
        return
    global _passed
    point, _, count = wanted.partition("#")
    _passed += point == name
    if point == name and _passed >= int(count or 1):
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
