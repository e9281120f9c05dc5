"""What has been fetched so far, in a folder beside the output: a download goes on from there after any end.

`out.parquet.part/` has the query and a file for each finished page, with its records and the link that follows. A page
is there whole or not at all, so that no page is fetched twice and none is missing, whenever the process was killed.
"""

from __future__ import annotations

import gzip
import json
import shutil
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matloop.core.errors import InputError, SourceError
from matloop.files.lock import HeldElsewhere, NamedLock
from matloop.files.whole import write_whole

#: Where a page is: any JSON value that its source understands. None: there is none.
Link = Any


@dataclass(frozen=True)
class Page:
    """A page of records as the host gave them, the link to the next one, and how many there are in all (if known).

    `aside` are [place, reason] of what was left out, `facts` what a source wants to know again when it goes on.
    """

    records: list[Any]
    next: Link | None = None
    total: int | None = None
    aside: list[list[str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


class Part:
    """The finished pages of one download; held by one process at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = NamedLock(folder / "held")
        self.n_pages = self.n_records = 0
        self.last: Page | None = None

    def open(self, query: Mapping[str, Any], is_new: bool = False) -> None:
        """Take up what there is of this query, or with `is_new` begin it again.

        Raises InputError where it is part of another query, or in other hands.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.acquire()
        try:
            self._take_up(json.loads(json.dumps(query)), is_new)
        except BaseException:
            self.close()
            raise

    def acquire(self) -> None:
        """Take it into these hands. Raises InputError where it is in others."""
        try:
            self._lock.acquire()
        except HeldElsewhere as error:
            who = f" (process {error.holder['pid']})" if "pid" in error.holder else ""
            raise InputError(f"another matloop{who} fetches into {self.folder} just now") from None

    def close(self) -> None:
        """Let others have it."""
        self._lock.release()

    def _take_up(self, query: dict[str, Any], is_new: bool) -> None:
        asked = self.folder / "query.json"
        if is_new or not asked.exists():  # pages without a query are part of nobody knows what
            self._empty()
        if asked.exists():
            try:
                earlier = json.loads(asked.read_text(encoding="utf-8"))
            except ValueError:
                earlier = None
            if earlier != query:
                hint = "--restart fetches anew, -o FILE writes elsewhere"
                raise InputError(f"{self.folder} holds part of another query: {_difference(earlier, query)}", hint)
        else:
            write_whole(asked, json.dumps(query, indent=1))
        for left in self.folder.glob(".*.new"):  # of a page that was being written when the process was killed
            left.unlink(missing_ok=True)
        for page in self.pages():
            self.n_pages += 1
            self.n_records += len(page.records)
            self.last = page

    def commit(self, page: Page) -> None:
        """Keep a finished page: once this returns, it will not be fetched again."""
        content = json.dumps(vars(page), separators=(",", ":")).encode()
        write_whole(self.folder / _page_name(self.n_pages + 1), gzip.compress(content, compresslevel=3))
        self.n_pages += 1
        self.n_records += len(page.records)
        self.last = page

    def pages(self) -> Iterator[Page]:
        """The finished pages in their order. Raises SourceError where one is damaged."""
        for number in range(1, sum(1 for _ in self.folder.glob("page-*.json.gz")) + 1):
            path = self.folder / _page_name(number)
            try:
                yield Page(**json.loads(gzip.decompress(path.read_bytes())))
            except FileNotFoundError as error:
                raise SourceError(f"{path} is missing", "--restart fetches all of it anew") from error
            except (OSError, EOFError, ValueError, TypeError, zlib.error) as error:
                raise SourceError(f"{path} cannot be used: {error}", "--restart fetches all of it anew") from error

    def records(self) -> Iterator[Any]:
        """All records so far."""
        for page in self.pages():
            yield from page.records

    def _empty(self) -> None:
        (self.folder / "query.json").unlink(missing_ok=True)  # first: from now on the pages count no more
        for pattern in ("page-*.json.gz", ".*.new"):
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)


def discard(folder: Path) -> None:
    """Delete the folder of a part, or of several; nothing in it counts from the first moment on.

    Raises InputError where another process works in it.
    """
    shutil.rmtree(gone(folder), ignore_errors=True)
    for lock in folder.rglob("held.lock"):
        held = Part(lock.parent)
        held.acquire()
        held.close()
    if folder.is_dir():
        folder.replace(gone(folder))
        shutil.rmtree(gone(folder), ignore_errors=True)


def gone(folder: Path) -> Path:
    """The name that a folder has while it is deleted."""
    return folder.with_name(f".{folder.name}.gone")


def _page_name(number: int) -> str:
    return f"page-{number:07d}.json.gz"


def _difference(earlier: Any, query: Mapping[str, Any]) -> str:
    if not isinstance(earlier, dict):
        return "which cannot be read any more"
    for key in dict.fromkeys([*earlier, *query]):
        if earlier.get(key) != query.get(key):
            return f"{key} was {_short(earlier.get(key))} and is now {_short(query.get(key))}"
    return "of another kind"


def _short(value: Any) -> str:
    return "not given" if value is None else repr(value)[:80]
