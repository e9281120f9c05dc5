"""What a model has learned: which parameters matter, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from matloop.core.insight import Slice
from matloop.reports.columns import MOST_SHOWN, Column
from matloop.reports.figures.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    RED,
    Figure,
    axis,
    layout,
    legend_above,
    named,
    numbers,
    places,
    title,
    titled,
)
from matloop.reports.wording import number, plain


def relevance(shares: Mapping[str, Mapping[str, float]]) -> Figure:
    """How much of what moves each objective each parameter has, the strongest on top."""
    strength: dict[str, float] = {}
    for by in shares.values():
        for name, share in by.items():
            strength[name] = max(strength.get(name, 0.0), share)
    names = sorted(strength, key=lambda name: strength[name])[-MOST_SHOWN:]
    colours = [BLUE, ORANGE, GREEN, RED]
    bars = [
        _bars(objective, [by.get(name, 0.0) for name in names], colours[i % len(colours)])
        for i, (objective, by) in enumerate(shares.items())
    ]
    ticks: dict[str, Any] = {"tickvals": list(range(len(names))), "ticktext": [plain(name, 22) for name in names]}
    return Figure(
        bars,
        layout(
            xaxis=titled("share of what moves it (%)", rangemode="tozero"),
            yaxis=named(**ticks),
            showlegend=len(bars) > 1,
            legend=legend_above() | {"traceorder": "normal"},
            bargap=0.35,
        ),
        alt="Relevance of each parameter",
        height=90 + len(names) * (14 + 16 * len(bars)) + 24 * (len(bars) > 1),
    )


def _bars(objective: str, shares: Sequence[float], colour: str) -> dict[str, Any]:
    percent = [100 * share for share in shares]
    return {
        "type": "bar",
        "orientation": "h",
        "name": plain(objective, 30),
        "x": numbers(percent),
        "y": list(range(len(shares))),
        "text": [f"{share:.0f} %" for share in percent],
        "textposition": "auto",
        "marker": {"color": colour},
        "hoverinfo": "skip",
    }


def slice_figure(
    cut: Slice, column: Column, quantity: Column, y_range: tuple[float, float], at_best: Any | None
) -> Figure:
    """The prediction along one parameter with ± 2 standard deviations; `at_best` marks where the best point lies."""
    mean, spread = np.asarray(cut.mean, float), 2 * np.asarray(cut.std, float)
    is_named = column.options is not None or any(isinstance(v, str | bool) for v in cut.at)
    if is_named:
        shown = Column(column.name, column.unit, tuple(dict.fromkeys(column.options or ())) or _names(cut))
        x = places(shown, cut.at)
        data = [_error_bars(x, mean, spread)]
    else:
        shown, x = column, numbers(float(v) for v in cut.at)
        data = _band(x, mean, spread)
    mark = places(shown, [at_best])[0] if at_best is not None else None
    return Figure(
        data,
        layout(
            xaxis=axis(shown),
            yaxis=titled(title(quantity, 26), range=list(y_range)),
            shapes=[] if mark is None else [_upright(mark)],
        ),
        alt=f"Predicted {quantity.name} along {column.name}",
        height=260,
    )


def _names(cut: Slice) -> tuple[str, ...]:
    return tuple(dict.fromkeys(number(v) for v in cut.at))


def _band(x: Sequence[float | None], mean: np.ndarray, spread: np.ndarray) -> list[dict[str, Any]]:
    edge = {"x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    line = {"color": BLUE, "width": 2.5}
    return [
        edge | {"y": numbers(mean - spread)},
        edge | {"y": numbers(mean + spread), "fill": "tonexty", "fillcolor": "rgba(0,114,178,.16)"},
        {
            "x": x,
            "y": numbers(mean),
            "text": [f"{2 * s:.2g}" for s in spread / 2],
            "mode": "lines",
            "line": line,
            "hovertemplate": "%{x}: %{y:.4g} ± %{text}<extra></extra>",
        },
    ]


def _error_bars(x: Sequence[float | None], mean: np.ndarray, spread: np.ndarray) -> dict[str, Any]:
    return {
        "x": x,
        "y": numbers(mean),
        "error_y": {"type": "data", "array": numbers(spread), "color": BLUE, "thickness": 1.5},
        "mode": "markers",
        "marker": {"color": BLUE, "size": 9},
        "hovertemplate": "%{y:.4g}<extra></extra>",
    }


def _upright(at: float) -> dict[str, Any]:
    line = {"color": INK, "width": 1, "dash": "dot"}
    return {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": at, "x1": at, "line": line}
