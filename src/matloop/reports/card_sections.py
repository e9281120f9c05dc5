"""The sections of a model card in words, tables and figures, the same for HTML and for Markdown.

What was not done is said, not left out: an empty section tells more than a missing one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from matloop.reports.backtest import Table
from matloop.reports.columns import Column
from matloop.reports.figures import validation as figures
from matloop.reports.figures.style import Figure
from matloop.reports.tables import Cell
from matloop.reports.wording import counted, duration, labelled, listed, number

if TYPE_CHECKING:
    from matloop.discovery.card import Card, Coverage, OutOfFold, Quantity, Score, Split


@dataclass(frozen=True)
class Section:
    """One section: sentences first, then tables and figures, each with a title."""

    place: str
    title: str
    sentences: Sequence[str] = ()
    tables: Sequence[Table] = ()
    figures: Sequence[tuple[str, Figure]] = ()
    points: Sequence[str] = field(default_factory=list)


def sections(card: Card) -> list[Section]:
    """All sections, in the order in which they are read."""
    makers = (_validation, _uncertainty, _domain, _use, _data, _cleaning, _representation, _selection, _provenance)
    return [make(card) for make in makers] + [_citing(card)]


def column(quantity: Quantity) -> Column:
    """A quantity of the card as an axis knows it."""
    return Column(quantity.name, quantity.unit)


def with_unit(card: Card, score_name: str, value: float) -> str:
    """A score with the target's unit where it has one: '0.36 eV', '0.93'."""
    unit = card.data.target.unit if score_name in ("MAE", "RMSE", "median absolute error") else None
    return f"{number(value, 3)} {unit}" if unit else number(value, 3)


def _words(text: str, small: str = "") -> Cell:
    return Cell(text, small, is_number=False)


def _figure_number(value: float | None) -> Cell:
    return Cell("–" if value is None else number(value))


# -- what it is worth -------------------------------------------------------------------------------------------------


def _validation(card: Card) -> Section:
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
    share = f" ({abs(gap.difference / gap.random):.0%})" if gap.random else ""
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
        rows.append([_words(_split_name(split), groups), Cell(str(split.n_folds or "–")), *cells])
        if split.baseline:
            without: dict[str, Score] = {score.name: score for score in split.baseline}
            cells = [_score_cell(card, without.get(name)) for name in names]
            rows.append([_words("without a model", _split_name(split)), Cell(""), *cells])
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


def _uncertainty(card: Card) -> Section:
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
    rows = [[Cell(f"{c.expected:.0%}"), Cell(f"{c.observed:.1%}"), _figure_number(c.width)] for c in told.coverage]
    return Section(
        place, title, sentences, [Table(headings, rows)], [("Calibration", figures.calibration(told.coverage))]
    )


def _reliability(coverage: Sequence[Coverage], place: str, title: str, sentences: list[str]) -> Section:
    """Of classes: how often what was said with a probability came true."""
    told = [*sentences, "What is said with a probability of 80 % should come true in 80 % of the cases."]
    rows = [[Cell(f"{c.expected:.0%}"), Cell(f"{c.observed:.1%}")] for c in coverage]
    table = Table([("probability said", True), ("came true", True)], rows)
    drawn = figures.calibration(coverage, "probability said (%)", "came true (%)")
    return Section(place, title, told, [table], [("Calibration", drawn)])


def _domain(card: Card) -> Section:
    told = card.domain
    title, place = "Applicability domain", "domain"
    if not told.method:
        return Section(place, title, ["It was not determined which materials the model can judge."])
    sentences = [f"Method: {told.method}."]
    if told.share_inside is not None:
        sentences.append(f"{told.share_inside:.1%} of the rows held out lie within.")
    if told.score_name and told.score_inside is not None and told.score_outside is not None:
        inside, outside = (with_unit(card, told.score_name, v) for v in (told.score_inside, told.score_outside))
        sentences.append(f"{told.score_name} of rows within: {inside}; beyond: {outside}.")
    if told.elements:
        sentences.append(f"Elements of the training rows ({len(told.elements)}): {', '.join(told.elements)}.")
    rows = [
        [_words(name), _figure_number(low), _figure_number(high)]
        for name, (low, high) in list(told.ranges.items())[:40]
    ]
    table = Table([("input", False), ("least", True), ("most", True)], rows)
    return Section(place, title, sentences, [table] if rows else [])


def _use(card: Card) -> Section:
    sentences = [card.use.intended] if card.use.intended else ["Nobody has said what it is meant for."]
    return Section("use", "Intended use and limits", sentences, points=card.use.limits)


# -- how it came about ------------------------------------------------------------------------------------------------


def _data(card: Card) -> Section:
    data = card.data
    sentences = [f"{data.name or 'Unnamed data'}: {counted(data.n_rows, 'row')} learned from."]
    facts = [("origin", data.origin), ("licence", data.licence or "none stated"), ("citation", data.citation or "")]
    facts.append(("content, SHA-256", data.hash))
    if data.is_proprietary:
        sentences.append("The data are proprietary: the model may tell of them, so share it as you may share the data.")
    if data.n_set_aside:
        sentences.append(f"{counted(data.n_set_aside, 'record')} set aside before anything was learned.")
    wish = f", to {data.target.direction}" if data.target.direction else ""
    facts.append(("target", labelled(data.target.name, data.target.unit) + wish))
    facts.append(("inputs", ", ".join(f"{labelled(q.name, q.unit)}: {q.kind}" for q in data.inputs)))
    if data.target_quartiles:
        least, first, median, third, most = (number(v) for v in data.target_quartiles)
        facts.append(("range of the target", f"{least} to {most}, half of it from {first} to {third}, median {median}"))
    if data.target_counts:
        classes = ", ".join(f"{label} {n:,}" for label, n in data.target_counts.items())
        facts.append(("classes", classes))
    tables = [_facts(facts)]
    if data.set_aside:
        tables.append(_counts("set aside because", data.set_aside))
    return Section("data", "Data", sentences, tables)


def _cleaning(card: Card) -> Section:
    told = card.cleaning
    rows = [[_words(step.what), Cell(f"{step.n_before:,}"), Cell(f"{step.n_after:,}")] for step in told.steps]
    table = Table([("step", False), ("rows before", True), ("rows after", True)], rows)
    said = list(told.remarks) or ([] if rows else ["Nothing was done to the rows."])
    return Section("cleaning", "Cleaning", said, [table] if rows else [])


def _representation(card: Card) -> Section:
    told = card.representation
    if not told.n_features:
        return Section("representation", "Representation", ["How a row becomes numbers was not noted."])
    sentences = [f"A row becomes {counted(told.n_features, 'number')}."]
    if told.preprocessing:
        sentences.append(f"Learned inside each fold: {listed(told.preprocessing)}.")
    if told.n_failed:
        sentences.append(f"{counted(told.n_failed, 'row')} could not be described.")
    rows = [
        [_words(f.name), _words(f.column), Cell(str(f.n_features)), _words(", ".join(map(_doi, f.citations)) or "–")]
        for f in told.featurizers
    ]
    headings = [("featurizer", False), ("of column", False), ("numbers", True), ("citation", False)]
    tables = [Table(headings, rows)] if rows else []
    if told.failures:
        tables.append(_counts("not described because", told.failures))
    return Section("representation", "Representation", sentences, tables)


def _selection(card: Card) -> Section:
    told = card.selection
    if not told.candidates:
        return Section("selection", "Selection", [f"Model: {told.chosen or card.model}. No other one was tried."])
    sentences = [f"Chosen: {told.chosen or card.model}."]
    sentences += [f"Method: {told.method}."] if told.method else []
    if told.seconds is not None:
        of = f" of {duration(told.budget_seconds)} allowed" if told.budget_seconds else ""
        sentences.append(f"It took {duration(told.seconds)}{of}.")
    score = told.score_name or "score"
    unit = card.data.target.unit if score in ("MAE", "RMSE", "median absolute error") else None
    headings = [("model", False), (labelled(score, unit), True), ("seconds", True), ("weight", True), ("status", False)]
    rows = [
        [
            _words(c.model, _settings(c.settings)),
            _figure_number(c.score),
            _figure_number(c.seconds),
            Cell(f"{c.weight:.0%}" if c.weight else "–"),
            _words(c.status),
        ]
        for c in told.candidates
    ]
    drawn = []
    if sum(c.score is not None for c in told.candidates) > 1:
        drawn = [("What was tried", figures.candidates(told.candidates, score, unit))]
    return Section("selection", "Selection", sentences, [Table(headings, rows)], drawn)


def _settings(settings: dict[str, str | int | float | bool | None]) -> str:
    return ", ".join(f"{name} {number(value)}" for name, value in list(settings.items())[:6])


def _provenance(card: Card) -> Section:
    told = card.provenance
    facts = [("made", told.created), ("command", told.command), ("seed", "" if told.seed is None else str(told.seed))]
    facts.append(("took", "" if told.seconds is None else duration(told.seconds)))
    facts += [(f"SHA-256 of {name}", digest) for name, digest in told.hashes.items()]
    facts.append(("Python", told.python))
    facts += list(told.versions.items())
    return Section("provenance", "Code and versions", tables=[_facts(facts)])


def _citing(card: Card) -> Section:
    version = card.provenance.versions.get("matloop", "")
    points = [f"The model: {card.name or card.model}, made by matloop {version} on {card.provenance.created[:10]}."]
    if card.data.citation:
        points.append(f"The data: {card.data.citation}")
    dois = dict.fromkeys(doi for f in card.representation.featurizers for doi in f.citations)
    points += [f"The representation: {_doi(doi)}" for doi in dois]
    return Section("citing", "How to cite", points=points)


def _facts(facts: Sequence[tuple[str, str]]) -> Table:
    return Table([("what", False), ("of this model", False)], [[_words(k), _words(v)] for k, v in facts if v])


def _counts(title: str, counts: dict[str, int]) -> Table:
    rows = [[_words(reason), Cell(f"{n:,}")] for reason, n in counts.items()]
    return Table([(title, False), ("rows", True)], rows)


def _doi(text: str) -> str:
    return f"doi:{text}" if text.startswith("10.") else text
