"""Answers of hosts, kept on disk: the same question within a few days does not trouble the host again."""

from __future__ import annotations

import gzip
import hashlib
import json
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from matloop.files.whole import write_whole


@dataclass(frozen=True)
class Answer:
    """What a host answered: where it finally came from, its status, its headers (names in small letters), its body."""

    url: str
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Answers:
    """A folder of answers, none older than `days`, together no more than `most_bytes`: the oldest go first.

    Without `is_read` answers are only put there.
    """

    def __init__(self, folder: Path, days: float = 1.0, most_bytes: int = 1_000_000_000, is_read: bool = True) -> None:
        self.folder, self._seconds, self._most, self._is_read = folder, days * 86400, most_bytes, is_read
        self._written = 0

    def get(self, question: str) -> Answer | None:
        """The answer to this question, if it is here and not too old."""
        path = self._path(question)
        try:
            if not self._is_read or time.time() - path.stat().st_mtime > self._seconds:
                return None
            head, _, body = gzip.decompress(path.read_bytes()).partition(b"\n")
            return Answer(body=body, **json.loads(head))
        except (OSError, EOFError, ValueError, TypeError, zlib.error):  # not here, or damaged: the host will be asked
            return None

    def put(self, question: str, answer: Answer) -> None:
        """Keep an answer; on a full disk it is not kept."""
        head = json.dumps({"url": answer.url, "status": answer.status}).encode()  # how busy it was is past by then
        content = gzip.compress(head + b"\n" + answer.body, compresslevel=3)
        with suppress(OSError):
            if self._written % (self._most // 10 or 1) + len(content) >= self._most // 10 or not self._written:
                self._prune()
            self._written += len(content)
            write_whole(self._path(question), content)

    def _path(self, question: str) -> Path:
        return self.folder / f"{hashlib.sha256(question.encode()).hexdigest()}.gz"

    def _prune(self) -> None:
        """Remove what is too old, and then the oldest until there is a tenth of the room left."""
        kept = []
        for path in self.folder.glob("*.gz"):
            with suppress(OSError):
                facts = path.stat()
                if time.time() - facts.st_mtime > self._seconds:
                    path.unlink()
                else:
                    kept.append((facts.st_mtime, facts.st_size, path))
        total = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if total <= self._most * 0.9:
                break
            with suppress(OSError):
                path.unlink()
            total -= size
