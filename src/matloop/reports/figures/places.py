"""Points on a map, coloured by a number or by what kind each is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from matloop.reports.columns import Column
from matloop.reports.figures.style import (
    BLUE,
    COLOUR_SCALE,
    GREEN,
    GREY,
    ORANGE,
    POWERS,
    RED,
    Figure,
    layout,
    legend_above,
    numbers,
    title,
    titled,
)
from matloop.reports.wording import plain

#: After Okabe & Ito; what is rarer than the kinds that have one of these colours is grey.
_COLOURS = (BLUE, ORANGE, GREEN, RED, "#cc79a7", "#56b4e9", "#f0e442", "#000000")


def places_by_number(
    places: np.ndarray, axes: tuple[str, str], names: Sequence[str], column: Column, cells: Sequence[Any]
) -> Figure:
    """Each point in the colour of its number, from low to high; points without one are grey and lie below."""
    values = np.array([np.nan if cell is None else float(cell) for cell in cells])
    known = np.isfinite(values)
    bar = {"title": {"text": title(column, 20), "side": "right"}, "thickness": 12, "outlinewidth": 0, **POWERS}
    marker = {"color": numbers(values[known]), "colorscale": COLOUR_SCALE, "colorbar": bar, "size": 6, "opacity": 0.8}
    traces = [
        _points(places[~known], [n for n, k in zip(names, known, strict=True) if not k], {"color": GREY, "size": 5})
    ]
    shown = _points(places[known], [n for n, k in zip(names, known, strict=True) if k], marker)
    shown["customdata"] = numbers(values[known])
    shown["hovertemplate"] = "%{text}: %{customdata:.4g}<extra></extra>"
    return _drawn([*traces, shown], axes, f"Map coloured by {column.name}", has_legend=False)


def places_by_kind(
    places: np.ndarray, axes: tuple[str, str], names: Sequence[str], column: Column, cells: Sequence[Any]
) -> Figure:
    """Each kind in a colour of its own, the commonest first."""
    words = ["none" if cell is None or cell != cell else str(cell) for cell in cells]
    kinds = [word for word, _ in Counter(words).most_common()]
    coloured = [word for word in kinds if word != "none"][: len(_COLOURS)]
    traces = []
    for word in kinds:
        here = np.array([other == word for other in words])
        colour = _COLOURS[coloured.index(word)] if word in coloured else GREY
        part = [name for name, is_here in zip(names, here, strict=True) if is_here]
        trace = _points(places[here], part, {"color": colour, "size": 6, "opacity": 0.8})
        traces.append(
            trace | {"name": plain(word, 30), "hovertemplate": f"%{{text}}: {plain(word, 30)}<extra></extra>"}
        )
    return _drawn(traces, axes, f"Map coloured by {column.name}", has_legend=len(kinds) <= 20)


def _points(places: np.ndarray, names: Sequence[str], marker: dict[str, Any]) -> dict[str, Any]:
    return {
        "x": numbers(places[:, 0]),
        "y": numbers(places[:, 1]),
        "text": [plain(name) for name in names],
        "mode": "markers",
        "marker": marker,
        "hovertemplate": "%{text}<extra></extra>",
    }


def _drawn(traces: Sequence[dict[str, Any]], axes: tuple[str, str], alt: str, has_legend: bool) -> Figure:
    across, up = (titled(plain(axis), showgrid=False) for axis in axes)
    made = layout(xaxis=across, yaxis=up, showlegend=has_legend, legend=legend_above())
    return Figure([trace for trace in traces if trace["x"]], made, alt, height=560)
