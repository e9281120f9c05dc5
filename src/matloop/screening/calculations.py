"""The results of costly calculations, in a file to which lines are only ever added: none is calculated twice."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

FILE = "calculated.jsonl"
#: What a result has that was not waited for: how long it was, in seconds.
DEADLINE = "deadline"


class Calculations:
    """`known = Calculations(folder, deadline)`; `known.get(key)`, `known.keep(key, result)`."""

    def __init__(self, folder: Path, deadline: float | None = None) -> None:
        self.path = folder / FILE
        self._deadline = deadline or math.inf
        self._known: dict[str, Any] = {}
        if self.path.is_file():
            content = self.path.read_bytes()
            if not content.endswith(b"\n"):  # a line that was cut off: that one is calculated again
                content = content[: content.rfind(b"\n") + 1]
                self.path.write_bytes(content)
            self._known = dict(_entries(content))

    def forget_failures(self) -> None:
        """They are calculated again."""
        self._known = {key: result for key, result in self._known.items() if "failed" not in result}

    def get(self, key: str) -> Any:
        """The result that is known, or None; also where it took too long and may now take longer."""
        result = self._known.get(key)
        return None if result and result.get(DEADLINE, math.inf) < self._deadline else result

    def keep(self, key: str, result: Any) -> None:
        """It is on disk when this returns."""
        append(self.path, key, result)
        self._known[key] = result

    def note(self, key: str, result: Any) -> None:
        """One that another process has put on disk."""
        self._known[key] = result


def append(path: Path, key: str, result: Any) -> None:
    """Add a line in one piece, whoever else adds some; it is on disk when this returns."""
    line = json.dumps([key, result]).encode() + b"\n"
    with path.open("ab", buffering=0) as file:
        if file.write(line) != len(line):
            raise OSError(28, os.strerror(28), str(path))
        os.fsync(file.fileno())


def _entries(content: bytes) -> Any:
    for line in content.split(b"\n"):
        try:
            key, result = json.loads(line)
        except (ValueError, TypeError):
            continue  # damaged: calculated again
        yield str(key), result
