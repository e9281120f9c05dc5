"""Page after page from a host into a part: with progress, past pages that cannot be read, up to the end or a number."""

from __future__ import annotations

from typing import Any, Protocol

from matloop.core.errors import BadAnswer, QueryRefused, SourceError
from matloop.core.progress import Progress, silent
from matloop.sources.links import at_home
from matloop.sources.part import Link, Page, Part

#: So many pages that cannot be read, one after the other, and it is the host that is ill, not the pages.
MOST_BAD = 3
#: So many pages without a record, one after the other, and there is no end behind them.
MOST_EMPTY = 20


#: A fact of a page of which only the beginning came: the same page is asked for again.
BEGUN = "begun"


class Book(Protocol):
    """A query as the pages that answer it."""

    def first(self) -> Link:
        """Where the first page is."""

    def turn_to(self, link: Link) -> Page:
        """The page there. Raises BadAnswer where it cannot be read, even when asked for again."""

    def after(self, link: Link) -> Link | None:
        """The page that follows one which could not be read; None where only that page itself would have told."""

    def named(self, link: Link) -> str:
        """The page in words: 'page at offset 200'."""


def read_on(book: Book, part: Part, most: int | None = None, progress: Progress = silent) -> None:
    """Fetch the pages that are not in the part yet, each committed before the next is asked for.

    A page that cannot be read is left out with its reason where the book knows what follows it, but for the records
    that are whole in it; elsewhere its error is raised, and what came is kept. Raises SourceError also where pages
    never end: in a circle, the same one again and again, or nothing but empty ones.
    """
    link = book.first() if part.last is None else part.last.next
    total = part.last.total if part.last else None
    unreadable: list[Page] = []  # they count once a page behind them has been read
    way = _Way(link)
    while link is not None and (most is None or part.n_records < most):
        try:
            page = book.turn_to(link)
        except BadAnswer as error:
            link = _past(book, part, link, error, unreadable)
        except QueryRefused:
            if not unreadable:
                raise
            link = None  # there is no page behind the ones that could not be read
        else:
            way.require_news(page, part)
            for left_out in unreadable:
                part.commit(left_out)
            unreadable.clear()
            part.commit(page)
            link, total = page.next, page.total if page.total is not None else total
        way.require_end(link, part)
        progress(part.n_records, None if total is None else min(total, most or total))
    for left_out in unreadable:
        part.commit(left_out)


def next_of(link: Link, told: Any, name: str) -> tuple[Link | None, list[list[str]]]:
    """The page that follows as a host tells it; or, under the page's name, why what follows it cannot be fetched."""
    if told is None or told == "":
        return None, []
    try:
        if not isinstance(told, str):
            raise SourceError(f"'{told}'"[:100] + " is no link")
        return at_home(link, told), []
    except SourceError as error:
        return None, [[name, f"what follows it is not fetched: {error.message}"]]


class _Way:
    """The way from page to page, which must lead somewhere; it needs no more memory however long it is."""

    def __init__(self, link: Link) -> None:
        self._mark = repr(link)
        self._steps, self._next_mark = 0, 1
        self._n_empty = 0

    def require_end(self, link: Link | None, part: Part) -> None:
        """Notice a circle within thrice its length, by marks at each power of two (Brent 1980, 10.1007/BF01933190)."""
        if link is None:
            return
        if repr(link) == self._mark:
            raise SourceError("the pages lead in a circle", "tell the provider")
        self._steps += 1
        if self._steps == self._next_mark:
            self._mark, self._next_mark = repr(link), 2 * self._next_mark

    def require_news(self, page: Page, part: Part) -> None:
        """Notice a host that gives one page for every link, or no record any more."""
        last = part.last
        if page.records and last is not None and page.records == last.records and BEGUN not in last.facts:
            raise SourceError("the host gives the same page again and again", "tell the provider")
        self._n_empty = 0 if page.records or page.facts else self._n_empty + 1
        if page.next is not None and self._n_empty >= MOST_EMPTY:
            raise SourceError(f"{self._n_empty} pages came without a record", "tell the provider")


def _past(book: Book, part: Part, link: Link, error: BadAnswer, unreadable: list[Page]) -> Link | None:
    following = book.after(link)
    if following is None or len(unreadable) + 1 >= MOST_BAD:
        begun = Page(list(error.records), link, facts={BEGUN: True})
        if begun.records and not unreadable and (part.last is None or part.last.records != begun.records):
            part.commit(begun)
        hint = "what came before is kept: the same command later goes on from there"
        raise BadAnswer(error.message, hint) from error
    whole = f"; {len(error.records)} whole records of it are kept" if error.records else ""
    unreadable.append(Page(list(error.records), following, aside=[[book.named(link), error.message + whole]]))
    return following
