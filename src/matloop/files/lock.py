"""A lock on a file that names who holds it and that the operating system frees when the holder dies."""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout


class HeldElsewhere(Exception):
    """Someone else holds the lock; `holder` is what they wrote about themselves."""

    def __init__(self, holder: dict[str, Any]) -> None:
        super().__init__(str(holder))
        self.holder = holder


class NamedLock:
    """Held from `acquire` until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        self._lock = FileLock(str(path) + ".lock", thread_local=False)
        self._name = Path(str(path) + ".holder.json")

    def acquire(self, **about: Any) -> None:
        """Take the lock and write down who we are. Raises HeldElsewhere at once if someone else has it."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise HeldElsewhere(self.holder()) from None
        about |= {"pid": os.getpid(), "host": socket.gethostname()}
        with suppress(OSError):  # on a full disk a lock without a name is better than none
            self._name.write_text(json.dumps(about), encoding="utf-8")

    def release(self) -> None:
        if self._lock.is_locked:
            self._name.unlink(missing_ok=True)
            self._lock.release()

    def holder(self) -> dict[str, Any]:
        """What the present holder wrote about itself; empty where that cannot be read."""
        try:
            about = json.loads(self._name.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return about if isinstance(about, dict) else {}
