"""The results of costly calculations, in a file to which lines are only ever added: none is calculated twice."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Self

FILE = "calculated.jsonl"


class Calculations:
    """`with Calculations(folder) as known:`; `known.get(key)`, `known.keep(key, result)`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._known: dict[str, Any] = {}

    def __enter__(self) -> Self:
        if self.path.is_file():
            content = self.path.read_bytes()
            if not content.endswith(b"\n"):  # a line that was cut off: that one is calculated again
                content = content[: content.rfind(b"\n") + 1]
                self.path.write_bytes(content)
            self._known = dict(_entries(content))
        self._file = self.path.open("ab")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def forget_failures(self) -> None:
        """They are calculated again."""
        self._known = {key: result for key, result in self._known.items() if "failed" not in result}

    def get(self, key: str) -> Any:
        """The result that is known, or None."""
        return self._known.get(key)

    def keep(self, key: str, result: Any) -> None:
        """It is on disk when this returns."""
        self._known[key] = result
        self._file.write(json.dumps([key, result]).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def _entries(content: bytes) -> Any:
    for line in content.split(b"\n"):
        try:
            key, result = json.loads(line)
        except (ValueError, TypeError):
            continue  # damaged: calculated again
        yield str(key), result
