"""The page of a screen: the shortlist, how sure its predictions are, and why all others fell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matloop.reports.definition import as_toml
from matloop.reports.figures.style import Figure
from matloop.reports.page import fill
from matloop.reports.tables import Cell


@dataclass(frozen=True)
class Entry:
    """One candidate: its picture as a data URI ("" where it has none), and its cells."""

    picture: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Stage:
    """One stage of the funnel, and why candidates fell there: (reason, how many)."""

    title: str
    entered: int
    kept: int
    reasons: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Page:
    """Everything on the page; the numbers are those of the whole screen, `entries` the first of the shortlist."""

    name: str
    description: str
    counts: Sequence[tuple[str, str]]
    funnel: Figure
    stages: Sequence[Stage]
    #: (title, whether it is a number) of each column.
    headings: Sequence[tuple[str, bool]]
    entries: Sequence[Entry]
    n: int
    figures: Sequence[tuple[str, Figure]] = ()
    remarks: Sequence[str] = ()
    #: (word, what it means here).
    definitions: Sequence[tuple[str, str]] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    screen: Mapping[str, object] = field(default_factory=dict)
    next_command: str = ""
    generated: str = ""


def render(page: Page) -> str:
    """The page as one HTML document, to be written as UTF-8."""
    has_pictures = any(entry.picture for entry in page.entries)
    facts = {"page": page, "has_pictures": has_pictures, "definition": as_toml(page.screen)}
    return fill("shortlist.html.jinja", facts)
