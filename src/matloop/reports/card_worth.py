"""The sections of a model card that say what the model is worth: validation, uncertainty, domain, use.

What was not done is said, not left out: an empty section tells more than a missing one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matloop.reports.backtest import Table
from matloop.reports.card_parts import Section, column, figure_cell, with_unit, words
from matloop.reports.figures import validation as figures
from matloop.reports.figures.style import Figure
from matloop.reports.tables import Cell
from matloop.reports.wording import counted, labelled, number

if TYPE_CHECKING:
    from matloop.discovery.card import Card, Coverage, OutOfFold, Score, Split


def validation(card: Card) -> Section:
    """What the model is worth on rows that it has not seen."""
    told = card.validation
    if not told.splits:
        return Section("validation", "Validation", ["The model was not validated: nothing is known of its errors."])
    sentences = [_gap(card)] if told.gap else []
    sentences.append(
        "Everything that was chosen was chosen anew inside each outer fold (nested validation)."
        if told.is_nested
        else "The same folds chose the model and scored it, so that the scores are somewhat too good."
    )
    sentences += [f"{split.name}: {split.remark}" for split in told.splits if split.remark]
    names = list(dict.fromkeys(score.name for split in told.splits for score in split.scores))
    unit = card.data.target.unit if card.task == "regression" else None
    drawn = [pair for rows in told.out_of_fold for pair in _out_of_fold(card, rows)]
    if names:
        drawn.append((f"{names[0]} of each fold", figures.folds(told.splits, names[0], unit)))
    return Section("validation", "Validation", sentences, [_scores(card, names)] if names else [], drawn)


def _gap(card: Card) -> str:
    gap = card.validation.gap
    assert gap is not None
    random, grouped = (with_unit(card, gap.score, value) for value in (gap.random, gap.grouped))
    if not gap.is_worse:
        return (
            f"Split at random the {gap.score} is {random}, grouped by {gap.grouped_by} {grouped}: "
            "it does as well on what is unlike its training rows."
        )
    share = f" ({100 * abs(gap.difference / gap.random):.0f} %)" if gap.random else ""
    return (
        f"The gap: split at random the {gap.score} is {random}, grouped by {gap.grouped_by} it is {grouped}, "
        f"worse by {with_unit(card, gap.score, abs(gap.difference))}{share}. "
        "For new materials the grouped figure is the one to expect."
    )


def _scores(card: Card, names: Sequence[str]) -> Table:
    headings = [("split", False), ("folds", True), *((name, True) for name in names)]
    rows: list[list[Cell]] = []
    for split in card.validation.splits:
        groups = f"{split.n_groups:,} groups" if split.n_groups else ""
        cells = [_score_cell(card, split.score(name)) for name in names]
        rows.append([words(_split_name(split), groups), Cell(str(split.n_folds or "–")), *cells])
        if split.baseline:
            without: dict[str, Score] = {score.name: score for score in split.baseline}
            cells = [_score_cell(card, without.get(name)) for name in names]
            rows.append([words("without a model", _split_name(split)), Cell(""), *cells])
    return Table(headings, rows)


def _split_name(split: Split) -> str:
    return f"grouped by {split.name}" if split.is_grouped else split.name


def _score_cell(card: Card, score: Score | None) -> Cell:
    if score is None or score.mean is None:
        return Cell("–")
    spread = f"± {number(score.spread, 2)} over folds" if score.spread is not None else ""
    return Cell(with_unit(card, score.name, score.mean), spread)


def _out_of_fold(card: Card, told: OutOfFold) -> list[tuple[str, Figure]]:
    from_split = f"{told.split}, {counted(told.n_rows, 'row')}"
    target = column(card.data.target)
    if told.labels:
        drawn = [(f"Classes, measured and predicted ({from_split})", figures.confusion(told))]
        if told.roc:
            drawn.append((f"ROC ({from_split})", figures.roc(told)))
        return drawn
    if not told.measured:
        return []
    return [
        (f"Measured and predicted ({from_split})", figures.parity(target, told)),
        (f"Residuals ({from_split})", figures.residuals(target, told)),
    ]


def uncertainty(card: Card) -> Section:
    """How sure it says it is, and whether that is so."""
    told = card.uncertainty
    title, place = "Uncertainty", "uncertainty"
    if not told.method:
        return Section(place, title, ["The model does not say how sure it is."])
    sentences = [f"Method: {told.method}."]
    if not told.coverage:
        return Section(place, title, [*sentences, "Whether its intervals hold what they mean to was not measured."])
    where = f" ({told.split}, {counted(told.n_rows, 'row')})" if told.split else ""
    sentences += [f"Measured on rows held out{where}.", *([told.remark] if told.remark else [])]
    if card.task == "classification":
        return _reliability(told.coverage, place, title, sentences)
    sentences.append("An interval that means to hold 95 % of the values should hold 95 % of them.")
    unit = card.data.target.unit
    headings = [("means to hold", True), ("holds", True), (labelled("median width", unit), True)]
    rows = [
        [Cell(f"{100 * c.expected:.0f} %"), Cell(f"{100 * c.observed:.1f} %"), figure_cell(c.width)]
        for c in told.coverage
    ]
    return Section(
        place, title, sentences, [Table(headings, rows)], [("Calibration", figures.calibration(told.coverage))]
    )


def _reliability(coverage: Sequence[Coverage], place: str, title: str, sentences: list[str]) -> Section:
    """Of classes: how often what was said with a probability came true."""
    told = [*sentences, "What is said with a probability of 80 % should come true in 80 % of the cases."]
    rows = [[Cell(f"{100 * c.expected:.1f} %"), Cell(f"{100 * c.observed:.1f} %")] for c in coverage]
    table = Table([("probability said", True), ("came true", True)], rows)
    drawn = figures.calibration(coverage, "probability said (%)", "came true (%)")
    return Section(place, title, told, [table], [("Calibration", drawn)])


def domain(card: Card) -> Section:
    """Which materials it can judge."""
    told = card.domain
    title, place = "Applicability domain", "domain"
    if not told.method:
        return Section(place, title, ["It was not determined which materials the model can judge."])
    sentences = [f"Method: {told.method}."]
    if told.share_inside is not None:
        where = f" by the split '{told.split}'" if told.split else ""
        sentences.append(f"{100 * told.share_inside:.1f} % of the rows held out{where} lie within.")
    if told.score_name and told.score_inside is not None and told.score_outside is not None:
        inside, outside = (with_unit(card, told.score_name, v) for v in (told.score_inside, told.score_outside))
        sentences.append(f"{told.score_name} of rows within: {inside}; beyond: {outside}.")
    if told.elements:
        sentences.append(f"Elements of the training rows ({len(told.elements)}): {', '.join(told.elements)}.")
    rows = [[words(name), figure_cell(low), figure_cell(high)] for name, (low, high) in list(told.ranges.items())[:40]]
    table = Table([("input", False), ("least", True), ("most", True)], rows)
    return Section(place, title, sentences, [table] if rows else [])


def use(card: Card) -> Section:
    """What it is for, and what it is not for."""
    sentences = [card.use.intended] if card.use.intended else ["Nobody has said what it is meant for."]
    return Section("use", "Intended use and limits", sentences, points=card.use.limits)
