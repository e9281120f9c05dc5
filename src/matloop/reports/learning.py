"""The section on what a model has learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from matloop.core.insight import FEWEST_RESULTS, Learned, Slice
from matloop.core.state import TrialState
from matloop.reports.columns import Column, location
from matloop.reports.figures.learned import relevance, slice_figure
from matloop.reports.figures.style import Figure
from matloop.reports.wording import number


@dataclass
class Lesson:
    """What was learned about one objective."""

    name: str
    noise: str
    slices: list[Figure] = field(default_factory=list)


def relevance_figure(learned: Learned) -> Figure | None:
    """The bars of relevance, if any were found."""
    return relevance(learned.relevance) if any(learned.relevance.values()) else None


def lessons(
    learned: Learned, parameters: Sequence[Column], objectives: Sequence[Column], best: Sequence[TrialState]
) -> list[Lesson]:
    """One lesson for each objective of which anything is known; slices of the strongest parameters first."""
    found = [_lesson(learned, parameters, objective, best) for objective in objectives]
    return [lesson for lesson in found if lesson.noise or lesson.slices]


def _lesson(learned: Learned, parameters: Sequence[Column], quantity: Column, best: Sequence[TrialState]) -> Lesson:
    columns = {column.name: column for column in parameters}
    share = learned.relevance.get(quantity.name, {})
    cuts = [s for s in learned.slices if s.objective == quantity.name and s.variable in columns]
    cuts.sort(key=lambda cut: -share.get(cut.variable, 0.0))
    at = location(best[0]) if len(best) == 1 else {}
    span = _span(cuts)
    figures = [slice_figure(cut, columns[cut.variable], quantity, span, at.get(cut.variable)) for cut in cuts]
    return Lesson(quantity.name, _noise(learned, quantity), figures)


def _span(cuts: Sequence[Slice]) -> tuple[float, float]:
    """One range for all slices of an objective, so that a flat one looks flat."""
    if not cuts:
        return (0.0, 1.0)
    low = min(float(np.min(np.asarray(cut.mean) - 2 * np.asarray(cut.std))) for cut in cuts)
    high = max(float(np.max(np.asarray(cut.mean) + 2 * np.asarray(cut.std))) for cut in cuts)
    room = 0.05 * (high - low) or 1.0
    return (low - room, high + room)


def _noise(learned: Learned, quantity: Column) -> str:
    if quantity.name not in learned.noise:
        return ""
    unit = f" {quantity.unit}" if quantity.unit else ""
    return f"One measurement scatters by ± {number(learned.noise[quantity.name], 2)}{unit}, as the model estimates it."


def why_nothing(n_results: int) -> str:
    """Why there is no model yet."""
    if n_results < FEWEST_RESULTS:
        return f"A model needs at least {FEWEST_RESULTS} results with a value; so far there are {n_results}."
    return f"No model was fitted for this report, although there are {n_results} results with a value."
