"""The page of a map: the same points once for each target and once for the clusters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from matloop.reports.columns import Column
from matloop.reports.figures.places import places_by_kind, places_by_number
from matloop.reports.figures.style import Figure
from matloop.reports.page import fill

#: A page draws so many points at most, chosen evenly.
MOST_POINTS = 3000


def render(
    name: str,
    places: np.ndarray,
    axes: tuple[str, str],
    names: Sequence[str],
    colours: Sequence[tuple[Column, Sequence[Any]]],
    sentences: Sequence[str],
    generated: str,
) -> str:
    """The page as one HTML document: `places` (n, 2) with `names` (n,), coloured by the cells (n,) of each column."""
    shown = np.unique(np.linspace(0, len(places) - 1, min(len(places), MOST_POINTS)).round().astype(int))
    told = [names[i] for i in shown]
    figures = [
        (column.label, _figure(places[shown], axes, told, column, [cells[i] for i in shown]))
        for column, cells in colours or [(Column("all rows"), [""] * len(places))]
    ]
    facts = {
        "name": name,
        "n_rows": len(places),
        "n_shown": len(shown),
        "sentences": sentences,
        "figures": figures,
        "generated": generated,
    }
    return fill("map.html.jinja", facts)


def _figure(
    places: np.ndarray, axes: tuple[str, str], names: Sequence[str], column: Column, cells: Sequence[Any]
) -> Figure:
    is_number = all(cell is None or isinstance(cell, int | float) for cell in cells)
    draw = places_by_number if is_number else places_by_kind
    return draw(places, axes, names, column, cells)
