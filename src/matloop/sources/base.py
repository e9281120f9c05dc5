"""What every source that asks hosts shares: a polite client, a folder for what is fetched, and words while it waits."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from matloop.core.errors import MatloopError, SourceError
from matloop.core.progress import Progress, silent
from matloop.files.cache import cache_folder
from matloop.sources.answers import Answers
from matloop.sources.http import Client
from matloop.sources.part import Page, Part

E = TypeVar("E", bound=MatloopError)


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
    """Asks each host at most `per_second` times a second, four unless given.

    `remarks` are what should be said of the last download. `is_fresh` leaves the cache of answers unread; what comes is
    kept in it all the same.
    """

    def __init__(self, per_second: float | None = None, is_fresh: bool = False) -> None:
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

    def _compare(self, name: str, part: Part, most: int | None) -> None:
        """Remark where a host gave fewer records than it says that there are."""
        totals = [page.total for page in part.pages() if page.total is not None] if most is None else []
        if totals and part.n_records < totals[-1]:
            self.remarks.append(f"{name} says that {totals[-1]:,} records match, and gave {part.n_records:,}")

    @contextmanager
    def _kept_on_failure(self, part: Part) -> Iterator[None]:
        """Say in an error how much of a download is kept."""
        try:
            yield
        except SourceError as error:
            raise with_what_is_kept(error, error.message, error.hint, part.n_records) from error


def with_what_is_kept(error: E, message: str, hint: str, n: int) -> E:
    """An error of the same kind that says how many records are kept, and how they become a dataset as they are."""
    if not n:
        return type(error)(message, hint)
    so_far = f"the same command with --max {n} makes a dataset of what is kept"
    return type(error)(f"{message} ({n:,} records are kept)", "; ".join(filter(None, [hint, so_far])))


def first_records(pages: Iterable[Page], most: int | None) -> Iterator[Any]:
    """The records of the pages, no more than `most`."""
    return islice(chain.from_iterable(page.records for page in pages), most)
