"""The page of a dataset's quality: its columns, what deserves a look, and what was set aside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from matloop.datasets.dataset import Dataset
from matloop.datasets.groups import groups_of
from matloop.datasets.provenance import HASH, LICENCE, ORIGIN, PROPRIETARY
from matloop.datasets.quality import Quality, Summary, numbers_of
from matloop.files.whole import write_whole
from matloop.reports.columns import Column
from matloop.reports.figures.distribution import histogram, replicates
from matloop.reports.figures.explanation import MOST_INPUTS, Bar, bars
from matloop.reports.figures.filled import filled
from matloop.reports.figures.style import Figure
from matloop.reports.page import fill
from matloop.reports.tables import Cell
from matloop.reports.wording import counted, number, shortened

#: So many columns get a figure, so many records set aside a line, and so many letters are shown of each.
MOST_FIGURES, MOST_LINES, MOST_LETTERS = 6, 200, 200
#: So many columns with gaps are drawn.
MOST_GAPS = 40
#: Fewer groups of replicates make no figure.
FEWEST_GROUPS = 3
HEADINGS = (("column", False), ("role", False), ("kind", False), ("unit", False), ("filled", True), ("distinct", True))
QUARTILES = (("minimum", True), ("median", True), ("maximum", True))


def write_page(dataset: Dataset, quality: Quality, path: Path) -> None:
    """Write the page as one HTML file that needs no network."""
    write_whole(path, render(dataset, quality))


def render(dataset: Dataset, quality: Quality) -> str:
    """The page as one HTML document, to be written as UTF-8."""
    shown = [s for s in quality.columns if s.column.name not in (ORIGIN, LICENCE, HASH, PROPRIETARY)]
    facts = {
        "dataset": dataset,
        "n_records": quality.n_records,
        "counts": _counts(dataset, quality),
        "findings": quality.findings,
        "headings": [*HEADINGS, *QUARTILES],
        "columns": [_row(summary, quality.n_records) for summary in shown],
        "figures": _figures(dataset, quality, shown),
        "reasons": quality.set_aside if len(quality.set_aside) < len(dataset.set_aside) else [],
        "set_aside": [(record.place, record.reason, _said(record.raw)) for record in dataset.set_aside[:MOST_LINES]],
        "n_set_aside": len(dataset.set_aside),
    }
    return fill("quality.html.jinja", facts)


def _counts(dataset: Dataset, quality: Quality) -> list[tuple[str, str]]:
    n_aside = len(dataset.set_aside)
    parts = {"input": dataset.inputs, "target": dataset.targets, "finding": quality.findings}
    told = [
        counted(quality.n_records, "record"),
        f"{n_aside:,} set aside",
        *(counted(len(p), w) for w, p in parts.items()),
    ]
    return [(what, n) for n, what in (text.split(" ", 1) for text in told)]


def _said(raw: str) -> str:
    """What a record set aside says: its cells by name where it is a row, else the text as it stands."""
    try:
        cells = json.loads(raw)
    except ValueError:
        cells = None
    if isinstance(cells, dict):
        raw = ", ".join(f"{name} = {cell}" for name, cell in cells.items() if cell not in ("", None))
    return shortened(raw, MOST_LETTERS)


def _row(summary: Summary, n: int) -> list[Cell]:
    column = summary.column
    texts = [column.name, column.role, column.kind, column.unit or ""]
    share = f"{100 * (1 - summary.n_missing / n):.3g} %" if n else "–"
    three = [summary.quartiles[i] for i in (0, 2, 4)] if summary.quartiles else []
    values = [number(value) for value in three] or ["", "", ""]
    small = column.description or (f"to be {column.direction}d" if column.direction else "")
    cells = [Cell(texts[0], small, is_number=False), *(Cell(text, is_number=False) for text in texts[1:])]
    return [*cells, Cell(share), Cell(f"{summary.n_distinct:,}"), *(Cell(value) for value in values)]


def _figures(dataset: Dataset, quality: Quality, shown: Sequence[Summary]) -> list[tuple[str, Figure]]:
    """Histograms of the targets, or of the inputs where there are none; replicates; classes; the gaps."""
    are_numbers = [s for s in shown if s.column.kind == "number" and s.quartiles]
    wanted = [s for s in are_numbers if s.column.role == "target"]
    classes = [s.column.name for s in shown if s.column.role == "target" and s.column.kind == "text"]
    made = [(f"Values of {name}", _classes(dataset, name)) for name in classes[:MOST_FIGURES]]
    wanted = wanted or [s for s in are_numbers if s.column.role == "input" and not classes]
    for summary in wanted[:MOST_FIGURES]:
        values, column = numbers_of(dataset, summary.column.name), Column(summary.column.name, summary.column.unit)
        made.append((f"Values of {column.name}", histogram(column, values, summary.scale)))
        its = quality.replicates.get(column.name)
        if its is not None and its.n_groups >= FEWEST_GROUPS:
            figure = replicates(column, values, groups_of(dataset, "conditions"))
            made += [(f"Replicates of {column.name}", figure)] if figure else []
    gaps = [
        (s.column.name, 1 - s.n_missing / quality.n_records)
        for s in shown
        if s.n_missing and s.column.role != "provenance"
    ]
    more = f", {MOST_GAPS} of {len(gaps)}" if len(gaps) > MOST_GAPS else ""
    return [*made, (f"Columns with gaps{more}", filled(gaps[:MOST_GAPS]))] if gaps else made


def _classes(dataset: Dataset, name: str) -> Figure:
    """How many records each class has, the commonest above."""
    counts = dataset.frame[name].value_counts()
    rest = "" if len(counts) <= MOST_INPUTS else f", {MOST_INPUTS} of {len(counts):,}"
    found = [Bar(str(label), float(n)) for label, n in counts.items()]
    return bars(found, f"records{rest}", f"How many records are of which {name}{rest}")
