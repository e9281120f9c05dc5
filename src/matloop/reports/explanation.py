"""The page that explains a model: what matters, in which direction, and rules, each with how it was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.reports.backtest import Table
from matloop.reports.columns import Column
from matloop.reports.figures import explanation as figures
from matloop.reports.figures.explanation import Bar, Cloud, Curve
from matloop.reports.figures.style import Figure
from matloop.reports.page import fill
from matloop.reports.tables import Cell
from matloop.reports.wording import labelled, number

if TYPE_CHECKING:
    from matloop.discovery.explain_one import Single
    from matloop.discovery.explanation import Explanation

#: What the scale of contributions is called on an axis.
_SCALES = {"log-odds": "log-odds of {}", "probability": "probability of {}"}


def render(name: str, target: Column, told: Explanation | None, singles: Sequence[Single], generated: str) -> str:
    """The page as one HTML document: a model on the whole, or single predictions, or both."""
    facts = {
        "name": name,
        "answer": target.label if told is None else _answer(told).label,
        "whole": None if told is None else _whole(told),
        "singles": [_single(one) for one in singles],
        "generated": generated,
    }
    return fill("explanation.html.jinja", facts)


def _whole(told: Explanation) -> dict[str, Any]:
    return {
        "n_rows": len(told.inputs.X),
        "explained_by": told.explained_by,
        "method": told.contributions.method,
        "remarks": told.remarks,
        "sentences": told.sentences(),
        "judged_on": told.judged_on,
        "importance": _importance(told),
        "clouds": _clouds(told),
        "curves": _curves(told, _answer(told)),
        "sensitivity": _sensitivity(told),
        "rules": _rules(told),
        "agreement": told.rules.agreement,
    }


def _answer(told: Explanation) -> Column:
    return Column(told.answer.name, told.answer.unit)


def scale_of(told: Any, target: Column, label: str | None) -> Column:
    """What contributions sum to, as an axis names it."""
    if told.scale in _SCALES:
        return Column(_SCALES[told.scale].format(label))
    return target


def _importance(told: Explanation) -> Figure | None:
    found = told.importances
    if found is None:
        return None
    unit = told.target.unit if found.loss_name == "MAE" else None
    title = f"{labelled(found.loss_name, unit)} added when shuffled"
    shown = [Bar(g.name, g.mean, g.std) for g in found.groups if g.mean or g.std]
    return figures.bars(shown, title, "Permutation importance")


def _clouds(told: Explanation) -> Figure:
    parts = told.contributions
    order = np.argsort(-parts.mean_absolute)
    found = []
    for i in order[parts.mean_absolute[order] > 0]:
        group = parts.names[i]
        column = told.shown[group]
        alone = len(told.inputs.groups[group]) == 1
        name = told.inputs.names[column] if alone else f"{group} ({len(told.inputs.groups[group])})"
        found.append(Cloud(name, parts.values[:, i], told.inputs.X[:, column]))
    scale = scale_of(parts, Column(told.target.name, told.target.unit), told.label)
    return figures.clouds(found, scale, "Contributions of the inputs in each row")


def _curves(told: Explanation, answer: Column) -> list[Figure]:
    return [
        figures.curves(
            Curve(Column(c.name, c.unit), c.grid, c.average, c.individual, c.data, _effects(told, c.name)), answer
        )
        for c in told.curves
    ]


def _effects(told: Explanation, name: str) -> np.ndarray | None:
    """What the input and those of its group add in each row, upon the base: on the scale of the answer, or None."""
    group = next((g for g, column in told.shown.items() if told.inputs.names[column] == name), None)
    if group is None or told.contributions.scale == "log-odds":
        return None
    parts = told.contributions
    return np.asarray(parts.base + parts.values[:, parts.names.index(group)])


def _sensitivity(told: Explanation) -> Figure:
    found = [Bar(name, 100 * share) for name, share in told.sensitivity.items() if share > 0]
    return figures.bars(found, "share of the sensitivity (%)", "Normalized sensitivity coefficients")


def _rules(told: Explanation) -> Table:
    headings = [("where", False), ("the model says", False), ("precision", True), ("support", True), ("rows", True)]
    rows = []
    for rule in told.rules.rules:
        measured = "" if rule.measured_precision is None else f"{rule.measured_precision:.2f} measured"
        cells = [
            Cell(" and ".join(map(str, rule.conditions)) or "always", is_number=False),
            Cell(rule.then, is_number=False),
            Cell(f"{rule.precision:.2f}", measured),
            Cell(f"{rule.support:.2f}"),
            Cell(f"{rule.n_holds:,}"),
        ]
        rows.append(cells)
    return Table(headings, rows)


def _single(one: Single) -> dict[str, Any]:
    scale = scale_of(one.contributions, Column(one.target.name, one.target.unit), one.label)
    parts = [Bar(part.titled, part.contribution) for part in one.parts]
    headings = [
        ("nearest training rows", False),
        (labelled(one.target.name, one.target.unit), True),
        ("distance", True),
    ]
    rows = [
        [
            Cell(near.name, is_number=False),
            Cell(number(near.measured), is_number=isinstance(near.measured, float)),
            Cell(number(near.distance, 3)),
        ]
        for near in one.neighbours
    ]
    return {
        "name": one.name,
        "sentences": one.sentences(),
        "waterfall": figures.waterfall(one.contributions.base, parts, scale),
        "neighbours": Table(headings, rows) if rows else None,
    }
