"""The page of a rehearsal: what many simulated campaigns tell about planners, batch sizes and noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matloop.core.spec import CampaignSpec
from matloop.reports import headline
from matloop.reports.definition import as_toml
from matloop.reports.figures.style import Figure
from matloop.reports.page import fill
from matloop.reports.tables import Cell


@dataclass(frozen=True)
class Table:
    """(title, whether it is a number) for each column, and the rows below."""

    headings: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class LevelSection:
    """What was found at one level of noise."""

    title: str
    advice: str
    tables: Sequence[Table]
    figures: Sequence[tuple[str, Figure]]
    #: (the other configuration, the probability that the difference to it is chance).
    tests: Sequence[tuple[str, str]] = ()
    tested: str = ""


@dataclass(frozen=True)
class Page:
    """Everything on the page that is not in the definition of the campaign."""

    counts: Sequence[tuple[str, str]]
    levels: Sequence[LevelSection]
    #: (word, what it means here).
    definitions: Sequence[tuple[str, str]]
    remarks: Sequence[str] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    generated: str = ""


def render(spec: CampaignSpec, page: Page) -> str:
    """The page as one HTML document, to be written as UTF-8."""
    facts = {
        "spec": spec,
        "lab": headline.lab_label(spec),
        "wanted": headline.wanted(spec.objectives),
        "page": page,
        "definition": as_toml(spec.to_dict()),
    }
    return fill("backtest.html.jinja", facts)
