"""The sections of a model card that say how the model came about: data, representation, selection, code; citing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matloop.reports.backtest import Table
from matloop.reports.card_parts import Section, counts_table, doi, facts_table, figure_cell, words
from matloop.reports.figures import validation as figures
from matloop.reports.tables import Cell
from matloop.reports.wording import counted, duration, labelled, listed, number

if TYPE_CHECKING:
    from matloop.discovery.card import Card


def data(card: Card) -> Section:
    """What the model learned from."""
    told = card.data
    sentences = [f"{told.name or 'Unnamed data'}: {counted(told.n_rows, 'row')} learned from."]
    facts = [("origin", told.origin), ("licence", told.licence or "none stated"), ("citation", told.citation or "")]
    facts.append(("content, SHA-256", told.hash))
    if told.is_proprietary:
        sentences.append("The data are proprietary: the model may tell of them, so share it as you may share the told.")
    if told.n_set_aside:
        sentences.append(f"{counted(told.n_set_aside, 'record')} set aside before anything was learned.")
    wish = f", to {told.target.direction}" if told.target.direction else ""
    facts.append(("target", labelled(told.target.name, told.target.unit) + wish))
    facts.append(("inputs", ", ".join(f"{labelled(q.name, q.unit)}: {q.kind}" for q in told.inputs)))
    if told.target_quartiles:
        least, first, median, third, most = (number(v) for v in told.target_quartiles)
        facts.append(("range of the target", f"{least} to {most}, half of it from {first} to {third}, median {median}"))
    if told.target_counts:
        classes = ", ".join(f"{label} {n:,}" for label, n in told.target_counts.items())
        facts.append(("classes", classes))
    tables = [facts_table(facts)]
    if told.set_aside:
        tables.append(counts_table("set aside because", told.set_aside))
    return Section("data", "Data", sentences, tables)


def cleaning(card: Card) -> Section:
    """What was done to the rows before anything was learned."""
    told = card.cleaning
    rows = [[words(step.what), Cell(f"{step.n_before:,}"), Cell(f"{step.n_after:,}")] for step in told.steps]
    table = Table([("step", False), ("rows before", True), ("rows after", True)], rows)
    said = list(told.remarks) or ([] if rows else ["Nothing was done to the rows."])
    return Section("cleaning", "Cleaning", said, [table] if rows else [])


def representation(card: Card) -> Section:
    """How a row becomes numbers."""
    told = card.representation
    if not told.n_features:
        return Section("representation", "Representation", ["How a row becomes numbers was not noted."])
    sentences = [f"A row becomes {counted(told.n_features, 'number')}."]
    if told.preprocessing:
        sentences.append(f"Learned inside each fold: {listed(told.preprocessing)}.")
    if told.n_failed:
        sentences.append(f"{counted(told.n_failed, 'row')} could not be described.")
    rows = [
        [words(f.name), words(f.column), Cell(str(f.n_features)), words(", ".join(map(doi, f.citations)) or "–")]
        for f in told.featurizers
    ]
    headings = [("featurizer", False), ("of column", False), ("numbers", True), ("citation", False)]
    tables = [Table(headings, rows)] if rows else []
    if told.failures:
        tables.append(counts_table("not described because", told.failures))
    return Section("representation", "Representation", sentences, tables)


def selection(card: Card) -> Section:
    """Which models were tried."""
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
            words(c.model, _settings(c.settings)),
            figure_cell(c.score),
            figure_cell(c.seconds),
            Cell(f"{100 * c.weight:.0f} %" if c.weight else "–"),
            words(c.status),
        ]
        for c in told.candidates
    ]
    drawn = []
    if sum(c.score is not None for c in told.candidates) > 1:
        drawn = [("What was tried", figures.candidates(told.candidates, score, unit))]
    return Section("selection", "Selection", sentences, [Table(headings, rows)], drawn)


def _settings(settings: dict[str, str | int | float | bool | None]) -> str:
    return ", ".join(f"{name} {number(value)}" for name, value in list(settings.items())[:6])


def provenance(card: Card) -> Section:
    """What made the model."""
    told = card.provenance
    facts = [("made", told.created), ("command", told.command), ("seed", "" if told.seed is None else str(told.seed))]
    facts.append(("took", "" if told.seconds is None else duration(told.seconds)))
    facts += [(f"SHA-256 of {name}", digest) for name, digest in told.hashes.items()]
    facts.append(("Python", told.python))
    facts += list(told.versions.items())
    return Section("provenance", "Code and versions", tables=[facts_table(facts)])


def citing(card: Card) -> Section:
    """What to cite."""
    version = card.provenance.versions.get("matloop", "")
    points = [f"The model: {card.name or card.model}, made by matloop {version} on {card.provenance.created[:10]}."]
    if card.data.citation:
        points.append(f"The data: {card.data.citation}")
    dois = dict.fromkeys(each for f in card.representation.featurizers for each in f.citations)
    points += [f"The representation: {doi(each)}" for each in dois]
    return Section("citing", "How to cite", points=points)
