"""The known trials around a point, and how they differ from it in words of the parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from matloop.core.objective import Objective
from matloop.core.parameter import Columns, Value
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.planners.stopping import name_of

#: More differences than so many are counted instead of told.
MOST_TOLD = 4


@dataclass(frozen=True)
class Neighbour:
    """A known trial: its results, and how far each variable of the point lies from it."""

    trial: str
    results: str
    #: In words, the largest first, such as "theta +20 degree" or "solvent water instead of ethanol".
    differences: tuple[str, ...]
    #: The Euclidean distance between the two as a model sees them: each range counts 1.
    distance: float

    def sentence(self) -> str:
        """'trial 12 (toughness 41.3 J), from which it differs by theta +20 degree'."""
        if not self.differences:
            return f"trial {name_of(self.trial)} at the same point ({self.results})"
        told, more = self.differences[:MOST_TOLD], len(self.differences) - MOST_TOLD
        rest = f" and {more} more" if more > 0 else ""
        return f"trial {name_of(self.trial)} ({self.results}), from which it differs by {', '.join(told)}{rest}"


def nearest_known(
    space: Space,
    objectives: Sequence[Objective],
    observations: Sequence[Observation],
    columns: Columns,
    point: Point,
    n: int,
) -> tuple[Neighbour, ...]:
    """The n observations nearest to the point; `columns` hold where these were measured, and the point last."""
    x = space.encode(columns)
    distances = np.linalg.norm(x[:-1] - x[-1], axis=1)
    nearest = np.argsort(distances, kind="stable")[:n]
    spans = {name: _span(column) for name, column in columns.items()}
    return tuple(_neighbour(space, objectives, observations[i], point, float(distances[i]), spans) for i in nearest)


def _span(column: np.ndarray) -> float:
    """Between the lowest and the highest known value; 1 for what is no number."""
    return float(np.ptp(column)) or 1.0 if column.dtype.kind in "fiu" else 1.0


def _neighbour(
    space: Space,
    objectives: Sequence[Objective],
    known: Observation,
    point: Point,
    distance: float,
    spans: Mapping[str, float],
) -> Neighbour:
    results = [
        f"{wish.name} {known.values[wish.name]:.4g}" + (f" {wish.unit}" if wish.unit else "")
        for wish in objectives
        if wish.name in known.values
    ]
    units, found = space.units, []
    for variable in space.variables:
        here, there = point[variable], known.location[variable]
        if here != there:
            found.append(_difference(variable, here, there, units.get(variable), spans[variable]))
    found.sort(key=lambda told: -told[0])
    return Neighbour(known.trial, ", ".join(results), tuple(words for _, words in found), distance)


def _difference(variable: str, here: Value, there: Value, unit: str | None, span: float) -> tuple[float, str]:
    """How large it is, relative to the span, and what it is in words."""
    if isinstance(here, bool | str) or isinstance(there, bool | str):
        return np.inf, f"{variable} {here} instead of {there}"
    change = here - there
    return abs(change) / span, f"{variable} {change:+.3g}" + (f" {unit}" if unit else "")
