"""Figures of many campaigns at once: a median line for each configuration, and the band of its middle half."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from matloop.reports.figures.style import BLUE, GREEN, GREY, INK, ORANGE, RED, Figure, counting, layout, numbers, titled
from matloop.reports.wording import plain

#: After Okabe & Ito, the two that style.py does not name last; grey is left to random search.
COLOURS = (BLUE, ORANGE, GREEN, RED, "#cc79a7", "#56b4e9")
DASHES = ("solid", "dot", "dashdot")


@dataclass(frozen=True)
class Band:
    """One configuration: x (n,), and the quartiles of y over the seeds, (3, n)."""

    name: str
    x: np.ndarray
    quartiles: np.ndarray
    #: Which of the configurations it is, for its colour and kind of line; None for random search, which is grey.
    place: int | None


@dataclass(frozen=True)
class Level:
    """A horizontal line at something to be reached, with its name."""

    at: float
    name: str


def banded(
    bands: Sequence[Band], x: str, y: str, alt: str, levels: Sequence[Level] = (), height: int = 400, **y_axis: Any
) -> Figure:
    """The bands with their medians over them; `x` and `y` are titles that are safe for plotly."""
    steps = [trace for band in bands for trace in _traces(band)]
    return Figure(
        steps,
        layout(
            xaxis=counting(x, max(int(max(band.x, default=0)) for band in bands), rangemode="tozero"),
            yaxis=titled(y, **y_axis),
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 11}},
            shapes=[_line(level) for level in levels],
            annotations=[_name(level) for level in levels],
            margin={"l": 56, "r": 44 if levels else 14, "t": 30, "b": 48},
        ),
        alt=alt,
        height=height,
    )


def _traces(band: Band) -> list[dict[str, Any]]:
    turn, colour_of = divmod(band.place or 0, len(COLOURS))
    colour, dash = (GREY, "dash") if band.place is None else (COLOURS[colour_of], DASHES[turn % len(DASHES)])
    x = [float(v) for v in band.x]
    low, middle, high = (numbers(row) for row in band.quartiles)
    name = plain(band.name)
    edge = {"x": x, "mode": "lines", "line": {"width": 0, "shape": "hv"}, "hoverinfo": "skip", "legendgroup": name}
    return [
        edge | {"y": low, "showlegend": False},
        edge | {"y": high, "fill": "tonexty", "fillcolor": _pale(colour), "showlegend": False},
        {
            "x": x,
            "y": middle,
            "name": name,
            "mode": "lines",
            "legendgroup": name,
            "line": {"color": colour, "width": 2.5, "dash": dash, "shape": "hv"},
            "hovertemplate": f"{name}<br>%{{x}}: median %{{y:.4g}}<extra></extra>",
        },
    ]


def _pale(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},.16)"


def _line(level: Level) -> dict[str, Any]:
    line = {"color": "#aab1bb", "width": 1, "dash": "dot"}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": level.at, "y1": level.at, "line": line}


def _name(level: Level) -> dict[str, Any]:
    return {
        "xref": "paper",
        "x": 1.005,
        "y": level.at,
        "xanchor": "left",
        "text": plain(level.name, 12),
        "showarrow": False,
        "font": {"size": 10, "color": INK},
    }
