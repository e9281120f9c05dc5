"""The campaigns rehearsed so far, in a file: who was interrupted goes on, and a planner added later is all it costs.

The first line says what is rehearsed; each other line is one campaign. Lines are only ever added.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from matloop.campaign.rehearsal.loop import Rehearsed
from matloop.core.errors import InputError
from matloop.files.lock import HeldElsewhere, NamedLock

FILE = "campaigns.jsonl"


class Ledger:
    """`with Ledger(folder, about) as ledger:`; a folder of None keeps everything in memory alone.

    `about` is what the records rest on. Raises InputError where the folder holds records of something else.
    """

    def __init__(self, folder: Path | None, about: Mapping[str, Any]) -> None:
        self.path = folder / FILE if folder else None
        self.about = json.loads(json.dumps(about))
        self.known: dict[tuple[str, int], Rehearsed] = {}
        self._lock = NamedLock(self.path) if self.path else None

    def __enter__(self) -> Ledger:
        if self.path and self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._lock.acquire()
            except HeldElsewhere as error:
                who = error.holder.get("pid", "unknown")
                raise InputError(f"another rehearsal (process {who}) writes to {self.path.parent}") from None
            try:
                self._read(self.path)
            except BaseException:
                self._lock.release()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock:
            self._lock.release()

    def add(self, record: Rehearsed) -> None:
        """Keep one campaign; it is in the file when this returns."""
        self.known[record.configuration, record.seed] = record
        if self.path:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(_as_data(record), separators=(",", ":")) + "\n")

    def _read(self, path: Path) -> None:
        if not path.is_file() or not path.stat().st_size:
            path.write_text(json.dumps(self.about) + "\n", encoding="utf-8")
            return
        content = path.read_bytes()
        if not content.endswith(b"\n"):  # a line that was cut off: that campaign is rehearsed again
            content = content[: content.rfind(b"\n") + 1]
            path.write_bytes(content)
        if not content:
            self._read(path)
            return
        self._take(content.decode("utf-8"), path)

    def _take(self, content: str, path: Path) -> None:
        head, *lines = content.splitlines()
        try:
            about = json.loads(head)
            records = [_from_data(json.loads(line)) for line in lines]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} is no file of rehearsals: {error}", "name another folder: --output") from error
        if different := list(_different(about, self.about)):
            raise InputError(
                f"{path.parent} holds rehearsals of something else: {', '.join(different)} differ",
                "name another folder: --output FOLDER, or remove this one",
            )
        self.known = {(record.configuration, record.seed): record for record in records}


def _different(old: Any, new: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(old, dict):
        yield "all"
        return
    yield from (key for key in {**old, **new} if old.get(key) != new.get(key))


def _as_data(record: Rehearsed) -> dict[str, Any]:
    rows = [[None if np.isnan(v) else v for v in row] for row in record.true.tolist()]
    return {**vars(record), "true": rows}


def _from_data(data: dict[str, Any]) -> Rehearsed:
    rows = [[np.nan if v is None else v for v in row] for row in data["true"]]
    return Rehearsed(**{**data, "true": np.array(rows, float).reshape(len(rows), -1)})
