"""Features on the disk, found again by what was described and how: never older than the code, never half a file.

Each writer adds files of its own and changes none: processes that compute at the same time cannot harm each other. A
file that cannot be read counts as absent.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from matloop.features.base import TOO_LARGE, Array, Features, Featurizer
from matloop.features.catalogue import packages
from matloop.files.whole import write_whole

#: The cache forgets what was used longest ago where it would become larger, in bytes.
LIMIT = 2_000_000_000
SUFFIX = ".features.npz"
_DIGEST = 16


class Known(NamedTuple):
    """What the cache knows of n cells: values (n, d), whether each row is known (n,), and failures."""

    values: Array
    is_known: np.ndarray
    failures: dict[int, str]


class Cache:
    """Features of single cells in a folder; of all featurizers together it holds at most `limit` bytes."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self.folder = Path(folder)
        self.limit = limit

    def known(self, featurizer: Featurizer, digests: Sequence[bytes | None]) -> Known:
        """What is known of the cells with these digests."""
        n, d = len(digests), len(featurizer.names)
        known = Known(np.full((n, d), np.nan), np.zeros(n, dtype=bool), {})
        wanted = {digest: i for i, digest in enumerate(digests) if digest is not None}
        for path in sorted(self._shards(featurizer)):
            if not wanted:
                break
            self._take(path, wanted, known)
        return known

    def _take(self, path: Path, wanted: dict[bytes, int], known: Known) -> None:
        try:
            with np.load(path, allow_pickle=False) as shard:
                there = [bytes(row) for row in shard["digests"]]
                rows = [i for i, digest in enumerate(there) if digest in wanted]
                if not rows:
                    return
                values, failures = shard["values"][rows], json.loads(str(shard["failures"]))
            if values.shape[1] != known.values.shape[1]:
                return
            os.utime(path)
        except Exception:  # noqa: BLE001 - removed or harmed meanwhile: a harmed byte can mean anything to zipfile
            return
        for value, row in zip(values, rows, strict=True):
            place = wanted.pop(there[row], None)
            if place is None:
                continue
            known.values[place], known.is_known[place] = value, True
            if str(row) in failures:
                known.failures[place] = failures[str(row)]

    def add(self, featurizer: Featurizer, digests: Sequence[bytes | None], features: Features) -> None:
        """Remember these features; a disk that is full, or a folder that is read-only, is no reason to fail."""
        rows = [i for i, each in enumerate(digests) if each is not None and features.failures.get(i) != TOO_LARGE]
        if not rows:
            return
        place = {row: str(i) for i, row in enumerate(rows)}
        failures = {place[row]: reason for row, reason in features.failures.items() if row in place}
        packed = io.BytesIO()
        np.savez(
            packed,
            digests=np.frombuffer(b"".join(digests[i] or b"" for i in rows), dtype=np.uint8).reshape(-1, _DIGEST),
            values=features.values[rows],
            failures=json.dumps(failures),
        )
        try:
            write_whole(self._folder(featurizer) / f"{uuid.uuid4().hex}{SUFFIX}", packed.getvalue())
        except OSError:
            return
        self._forget()

    def _forget(self) -> None:
        """Remove what was used longest ago until the rest fits."""
        sizes = [
            (stat.st_mtime, stat.st_size, path) for path in self.folder.rglob(f"*{SUFFIX}") if (stat := _stat(path))
        ]
        excess = sum(size for _, size, _ in sizes) - self.limit
        for _, size, path in sorted(sizes):
            if excess <= 0:
                return
            try:
                path.unlink(missing_ok=True)
            except OSError:  # someone reads it just now, on Windows
                continue
            excess -= size

    def _shards(self, featurizer: Featurizer) -> Iterable[Path]:
        return self._folder(featurizer).glob(f"*{SUFFIX}")

    def _folder(self, featurizer: Featurizer) -> Path:
        return self.folder / f"{featurizer.name}-{identity(featurizer)}"


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def identity(featurizer: Featurizer) -> str:
    """What values depend on beside the cell: the featurizer's version, its parameters, and the packages it uses."""
    parameters = {name: value for name, value in featurizer.get_params().items() if name != "on_failure"}
    kind = type(featurizer)
    facts = [kind.__module__, kind.__qualname__, featurizer.version, parameters, featurizer.names]
    facts.append(packages(featurizer.extra))
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=repr).encode()).hexdigest()[:24]


def digest(cell: Any) -> bytes | None:
    """What identifies a cell by its content, None where it is neither text nor made of numbers and texts."""
    if isinstance(cell, np.ndarray) and cell.dtype.kind in "fiub":
        cell = cell.tolist()
    if not isinstance(cell, str):
        if hasattr(cell, "to_json"):
            cell = cell.to_json()
        try:
            cell = "json:" + json.dumps(cell, sort_keys=True)
        except (TypeError, ValueError):
            return None
    return hashlib.blake2b(cell.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()
