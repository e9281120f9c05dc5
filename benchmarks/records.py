"""What was chosen, one line a campaign: append-only while a run goes on, packed when it is to be kept.

A record: {"peer", "version", "pool", "seed", "protocol", "readings", "rows": the starts and then every choice in
order, "cpu": seconds of each choice} and, where the campaign broke off, "error". Every measure is computed from these.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

#: Packed records that came with the repository, and where a run writes its own unless told otherwise.
RESULTS = Path(__file__).parent / "results"
CHOICES = RESULTS / "choices"

Record = dict[str, Any]
Key = tuple[str, str, int, str, str]


def key(record: Record) -> Key:
    """Two records with the same key are the same campaign."""
    return record["peer"], record["pool"], record["seed"], record["protocol"], record["readings"]


def append(folder: Path, record: Record) -> None:
    """One line more in the peer's file, after whatever a killed run left unfinished is cut off."""
    path = folder / f"{record['peer']}.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        file.seek(0)
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)
        file.write(json.dumps(record, separators=(",", ":")).encode() + b"\n")


def read(*folders: Path) -> list[Record]:
    """Every record of these folders, packed or not; of the same campaign the one that was read last."""
    found = {key(record): record for folder in folders for record in _all(folder)}
    return list(found.values())


def _all(folder: Path) -> Iterator[Record]:
    for path in sorted(folder.glob("*.jsonl.gz")):
        yield from _lines(gzip.decompress(path.read_bytes()))
    for path in sorted(folder.glob("*.jsonl")):
        yield from _lines(path.read_bytes())


def _lines(content: bytes) -> Iterator[Record]:
    yield from (json.loads(line) for line in content.splitlines(keepends=True) if line.endswith(b"\n"))


def drop(folder: Path, peer: str) -> None:
    """Forget what this folder has of a peer, packed or not."""
    for ending in ("jsonl", "jsonl.gz"):
        (folder / f"{peer}.{ending}").unlink(missing_ok=True)


def pack(records: Iterable[Record], folder: Path = CHOICES) -> list[Path]:
    """The records as one compressed file a peer, the same bytes for the same records."""
    folder.mkdir(parents=True, exist_ok=True)
    by_peer: dict[str, list[Record]] = {}
    for record in sorted(records, key=key):
        by_peer.setdefault(record["peer"], []).append(record)
    written = []
    for peer, own in by_peer.items():
        content = "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in own)
        path = folder / f"{peer}.jsonl.gz"
        path.write_bytes(gzip.compress(content.encode(), mtime=0))
        written.append(path)
    return written
