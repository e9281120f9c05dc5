"""What every source that asks hosts shares: a polite client, a folder for what is fetched, and words while it waits."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

from matloop.core.errors import SourceError
from matloop.core.progress import Progress, silent
from matloop.files.cache import cache_folder
from matloop.sources.answers import Answers
from matloop.sources.http import Client
from matloop.sources.part import Page, Part


class Told:
    """A Progress that counts on from `before`, and shows the words of a client that waits."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self.before = progress, 0
        self._done: float = 0
        self._total: float | None = None

    def __call__(self, done: float, total: float | None, told: str = "") -> None:
        self._done, self._total = self.before + done, None if total is None else self.before + total
        self._progress(self._done, self._total, told)

    def wait(self, words: str) -> None:
        self._progress(self._done, self._total, words)


class PoliteSource:
    """Asks each host at most `per_second` times a second. `remarks` are what should be said of the last download.

    `is_fresh` leaves the cache of answers unread; what comes is kept in it all the same.
    """

    def __init__(self, per_second: float = 4.0, is_fresh: bool = False) -> None:
        self._per_second, self._is_fresh = per_second, is_fresh
        self.remarks: list[str] = []

    @contextmanager
    def _working(self, keep: Path | None, progress: Progress = silent) -> Iterator[tuple[Path, Client, Told]]:
        folder, remark = cache_folder("answers")
        if remark:
            self.remarks.append(remark)
        told = Told(progress)
        answers = Answers(folder, is_read=not self._is_fresh)
        with (
            tempfile.TemporaryDirectory(prefix="matloop-") as temporary,
            Client(self._per_second, answers, told.wait) as client,
        ):
            yield keep or Path(temporary), client, told

    @contextmanager
    def _kept_on_failure(self, part: Part) -> Iterator[None]:
        """Say in an error how much of a download is kept."""
        try:
            yield
        except SourceError as error:
            kept = f" ({part.n_records:,} records are kept)" if part.n_records else ""
            raise type(error)(f"{error.message}{kept}", error.hint) from error


def first_records(pages: Iterable[Page], most: int | None) -> Iterator[Any]:
    """The records of the pages, no more than `most`."""
    return islice(chain.from_iterable(page.records for page in pages), most)
