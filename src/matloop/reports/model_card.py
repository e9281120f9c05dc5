"""The model card as a page, and as Markdown for a repository: the same sections, filled from the same facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from matloop.reports import card_making, card_worth
from matloop.reports.backtest import Table
from matloop.reports.card_parts import Section, with_unit
from matloop.reports.page import fill
from matloop.reports.wording import labelled

if TYPE_CHECKING:
    from matloop.discovery.card import Card

#: Intervals that mean to hold 95 % and hold less or more than this are worth a word.
WELL_CALIBRATED = (0.93, 0.97)


class Count(NamedTuple):
    """A figure at the head of the card."""

    what: str
    value: str
    tone: str = "calm"


def as_html(card: Card) -> str:
    """The card as one HTML document, to be written as UTF-8."""
    facts = {
        "name": card.name or card.data.target.name,
        "headline": headline(card),
        "counts": counts(card),
        "remarks": remarks(card),
        "sections": sections(card),
        "generated": card.provenance.created,
    }
    return fill("model_card.html.jinja", facts)


def as_markdown(card: Card) -> str:
    """The card without figures, to be read in a repository."""
    lines = [f"# Model card: {_escaped(card.name or card.data.target.name)}", "", _escaped(headline(card)), ""]
    lines += [f"- {_escaped(one.what)}: **{_escaped(one.value)}**" for one in counts(card)]
    lines += [f"\n> {_escaped(remark)}" for remark in remarks(card)]
    for section in sections(card):
        lines += ["", f"## {section.title}", *_markdown(section)]
    return "\n".join(lines) + "\n"


def sections(card: Card) -> list[Section]:
    """All sections, in the order in which they are read."""
    worth = (card_worth.validation, card_worth.uncertainty, card_worth.domain, card_worth.use)
    making = (card_making.data, card_making.cleaning, card_making.representation, card_making.selection)
    return [make(card) for make in (*worth, *making, card_making.provenance, card_making.citing)]


def headline(card: Card) -> str:
    """What is predicted from what, in a sentence."""
    target = labelled(card.data.target.name, card.data.target.unit)
    inputs = ", ".join(quantity.name for quantity in card.data.inputs) or "its inputs"
    return f"Predicts {target} from {inputs}: {card.task} by {card.model or 'an unnamed model'}."


def counts(card: Card) -> list[Count]:
    """The figures that are asked for first."""
    found = [Count("rows learned from", f"{card.data.n_rows:,}")]
    for split in card.validation.splits:
        for score in split.scores[:1]:
            if score.mean is not None:
                by = f"grouped by {split.name}" if split.is_grouped else f"split: {split.name}"
                found.append(Count(f"{score.name}, {by}", with_unit(card, score.name, score.mean)))
    for coverage in card.uncertainty.coverage:
        if coverage.expected == 0.95:
            low, high = WELL_CALIBRATED
            tone = "good" if low <= coverage.observed <= high else "bad"
            found.append(Count("of the 95 % intervals hold", f"{100 * coverage.observed:.1f} %", tone))
    return found


def remarks(card: Card) -> list[str]:
    """What must be known before a prediction is believed."""
    found = []
    gap = card.validation.gap
    if gap is not None and gap.is_worse:
        random, grouped = (with_unit(card, gap.score, value) for value in (gap.random, gap.grouped))
        found.append(
            f"On materials unlike those it has seen, expect {gap.score} {grouped} (grouped by {gap.grouped_by}), "
            f"not the {random} of a random split."
        )
    if not any(split.is_grouped for split in card.validation.splits):
        found.append("No grouped split was made: nothing is known of materials unlike those it has seen.")
    for coverage in card.uncertainty.coverage:
        if coverage.expected == 0.95 and coverage.observed < WELL_CALIBRATED[0]:
            found.append(f"Its 95 % intervals are too narrow: they hold {100 * coverage.observed:.1f} %.")
    if card.data.is_proprietary:
        found.append("Made from proprietary data.")
    return found


def _markdown(section: Section) -> list[str]:
    lines: list[str] = []
    for sentence in section.sentences:
        lines += ["", _escaped(sentence)]
    for table in section.tables:
        lines += ["", *_table(table)]
    if section.points:
        lines += ["", *(f"- {_escaped(point)}" for point in section.points)]
    return lines


def _table(table: Table) -> list[str]:
    heads = [_cell(title) for title, _ in table.headings]
    rules = ["---:" if is_number else "---" for _, is_number in table.headings]
    rows = [[_cell(f"{c.text} ({c.small})" if c.small else c.text) for c in row] for row in table.rows]
    return [f"| {' | '.join(cells)} |" for cells in (heads, rules, *rows)]


def _cell(text: str) -> str:
    return " ".join(_escaped(text).replace("|", "\\|").split())


def _escaped(text: str) -> str:
    """Nothing in a name becomes a tag, a link or emphasis."""
    for sign in "\\`*_[]":
        text = text.replace(sign, "\\" + sign)
    return text.replace("&", "&amp;").replace("<", "&lt;")
