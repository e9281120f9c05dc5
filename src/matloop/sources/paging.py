"""Page after page from a host into a part: with progress, past pages that cannot be read, up to the end or a number."""

from __future__ import annotations

from typing import Protocol

from matloop.core.errors import BadAnswer, QueryRefused, SourceError
from matloop.core.progress import Progress, silent
from matloop.sources.part import Link, Page, Part

#: So many pages that cannot be read, one after the other, and it is the host that is ill, not the pages.
MOST_BAD = 3


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

    A page that cannot be read is left out with its reason where the book knows what follows it; elsewhere its error is
    raised, and what came before is kept.
    """
    link = book.first() if part.last is None else part.last.next
    total = part.last.total if part.last else None
    unreadable: list[Page] = []  # they count once a page behind them has been read
    seen = {repr(link)}
    while link is not None and (most is None or part.n_records < most):
        try:
            page = book.turn_to(link)
        except BadAnswer as error:
            link = _past(book, link, error, unreadable)
        except QueryRefused:
            if not unreadable:
                raise
            link = None  # there is no page behind the ones that could not be read
        else:
            for left_out in unreadable:
                part.commit(left_out)
            unreadable.clear()
            part.commit(page)
            link, total = page.next, page.total if page.total is not None else total
        if link is not None and repr(link) in seen:
            raise SourceError("the pages lead in a circle", "what was fetched is kept; tell the provider")
        seen.add(repr(link))
        progress(part.n_records, None if total is None else min(total, most or total))
    for left_out in unreadable:
        part.commit(left_out)


def _past(book: Book, link: Link, error: BadAnswer, unreadable: list[Page]) -> Link | None:
    following = book.after(link)
    if following is None or len(unreadable) + 1 >= MOST_BAD:
        hint = "what came before is kept: the same command later goes on from there"
        raise BadAnswer(error.message, hint) from error
    unreadable.append(Page([], following, aside=[[book.named(link), error.message]]))
    return following
