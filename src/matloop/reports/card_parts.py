"""What the sections of a model card are made of: sentences, tables and figures, the same for HTML and for Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matloop.reports.backtest import Table
from matloop.reports.columns import Column
from matloop.reports.figures.style import Figure
from matloop.reports.tables import Cell
from matloop.reports.wording import number

if TYPE_CHECKING:
    from matloop.discovery.card import Card, Quantity


@dataclass(frozen=True)
class Section:
    """One section: sentences first, then tables and figures, each with a title."""

    place: str
    title: str
    sentences: Sequence[str] = ()
    tables: Sequence[Table] = ()
    figures: Sequence[tuple[str, Figure]] = ()
    points: Sequence[str] = ()


def column(quantity: Quantity) -> Column:
    """A quantity of the card as an axis knows it."""
    return Column(quantity.name, quantity.unit)


def with_unit(card: Card, score_name: str, value: float) -> str:
    """A score with the target's unit where it has one: '0.36 eV', '0.93'."""
    unit = card.data.target.unit if score_name in ("MAE", "RMSE", "median absolute error") else None
    return f"{number(value, 3)} {unit}" if unit else number(value, 3)


def words(text: str, small: str = "") -> Cell:
    """A cell of text."""
    return Cell(text, small, is_number=False)


def figure_cell(value: float | None) -> Cell:
    """A cell with a number; a dash where there is none."""
    return Cell("–" if value is None else number(value))


def facts_table(facts: Sequence[tuple[str, str]]) -> Table:
    """Pairs of what and what it is, those without a text left out."""
    return Table([("what", False), ("of this model", False)], [[words(k), words(v)] for k, v in facts if v])


def counts_table(title: str, counts: Mapping[str, int]) -> Table:
    """Reasons with the number of rows of each."""
    rows = [[words(reason), Cell(f"{n:,}")] for reason, n in counts.items()]
    return Table([(title, False), ("rows", True)], rows)


def doi(text: str) -> str:
    """A DOI as one cites it; other texts as they are."""
    return f"doi:{text}" if text.startswith("10.") else text
