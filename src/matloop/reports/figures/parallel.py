"""Parallel coordinates: each trial a line through all parameters and objectives.

Drawn with plain lines: plotly's own parallel coordinates compile code in the browser, which a report forbids itself,
and know no names on an axis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from matloop.core.state import TrialState
from matloop.reports.columns import Column, location
from matloop.reports.figures.style import COLOUR_SCALE, INK, SEQUENCE, Figure, layout, numbers, places, title
from matloop.reports.wording import number, plain


def parallel(
    parameters: Sequence[Column],
    objectives: Sequence[Column],
    trials: Sequence[TrialState],
    best: Sequence[TrialState],
) -> Figure | None:
    """One line for each trial with a value, coloured by the first objective, the best ones drawn thick."""
    done = [t for t in trials if t.observation is not None and t.observation.failed is None]
    columns = [*parameters, *objectives]
    if len(done) < 2:
        return None
    table = np.array([_row(parameters, objectives, t) for t in done], float)
    low, high = _bounds(columns, table)
    heights = (_scaled(columns, table) - low) / np.where(high > low, high - low, 1.0)
    heights[:, high <= low] = 0.5
    colour = table[:, len(parameters)]
    thick = _thick(heights, [i for i, t in enumerate(done) if t.number in {b.number for b in best}])
    return Figure(
        [*_lines(heights, colour), thick, _colour_bar(objectives[0], colour)],
        layout(
            xaxis={"visible": False, "range": [-0.35, len(columns) - 0.65], "fixedrange": True},
            yaxis={"visible": False, "range": [-0.16, 1.2], "fixedrange": True},
            margin={"l": 8, "r": 8, "t": 28, "b": 8},
            shapes=[_upright(i) for i in range(len(columns))],
            annotations=[note for i, c in enumerate(columns) for note in _labels(i, c, low[i], high[i])],
            dragmode=False,
        ),
        alt="Parallel coordinates of all trials with a value",
        height=400,
        min_width=84 * len(columns) + 90,
    )


def _row(parameters: Sequence[Column], objectives: Sequence[Column], trial: TrialState) -> list[float | None]:
    values = trial.outcome.values if trial.outcome is not None else {}
    place = location(trial)
    cells = [places(c, [place.get(c.name)])[0] for c in parameters]
    return [*cells, *(values.get(c.name) for c in objectives)]


def _scaled(columns: Sequence[Column], table: np.ndarray) -> np.ndarray:
    logs = np.array([c.is_log for c in columns])
    return np.where(logs, np.log(np.where(logs, np.maximum(table, 1e-300), 1.0)), table)


def _bounds(columns: Sequence[Column], table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scaled = _scaled(columns, table)
    low = np.where(np.isnan(scaled), np.inf, scaled).min(axis=0)
    high = np.where(np.isnan(scaled), -np.inf, scaled).max(axis=0)
    for i, column in enumerate(columns):
        if column.options is not None:
            low[i], high[i] = 0.0, len(column.options) - 1.0
    return low, high


def _lines(heights: np.ndarray, colour: np.ndarray) -> list[dict[str, Any]]:
    """One trace for each colour, its trials joined with gaps between: far lighter than a trace for each trial."""
    span = np.nanmax(colour) - np.nanmin(colour) if np.isfinite(colour).any() else 0.0
    share = (colour - np.nanmin(colour)) / span if span > 0 else np.zeros(len(colour))
    level = np.minimum(np.nan_to_num(share) * len(SEQUENCE), len(SEQUENCE) - 1).astype(int)
    opacity = float(np.clip(12 / math.sqrt(len(heights)) / 2, 0.25, 0.8))
    return [
        _trace(heights[level == k], {"color": shade, "width": 1.2}, opacity)
        for k, shade in enumerate(SEQUENCE)
        if (level == k).any()
    ]


def _thick(heights: np.ndarray, best: Sequence[int]) -> dict[str, Any]:
    return _trace(heights[list(best)], {"color": INK, "width": 3 if len(best) == 1 else 2}, 0.9)


def _trace(rows: np.ndarray, line: dict[str, Any], opacity: float) -> dict[str, Any]:
    gap = np.full((len(rows), 1), np.nan)
    x = np.broadcast_to(np.append(np.arange(rows.shape[1], dtype=float), np.nan), (len(rows), rows.shape[1] + 1))
    y = np.hstack([rows, gap])
    return {
        "x": numbers(x.ravel()),
        "y": numbers(np.round(y, 4).ravel()),
        "mode": "lines",
        "line": line,
        "opacity": opacity,
        "hoverinfo": "skip",
    }


def _upright(i: int) -> dict[str, Any]:
    return {"type": "line", "x0": i, "x1": i, "y0": 0, "y1": 1, "line": {"color": INK, "width": 1}}


def _labels(i: int, column: Column, low: float, high: float) -> list[dict[str, Any]]:
    unit = f"<br>({plain(column.unit, 14)})" if column.unit else ""
    name = {"x": i, "y": 1.08, "yanchor": "bottom", "text": f"<b>{plain(column.name, 14)}</b>{unit}"}
    if column.options is None:
        ends = [(low, 0.0, "top", -0.02), (high, 1.0, "bottom", 1.02)] if math.isfinite(low) else []
        back = math.exp if column.is_log else float
        ticks = [{"x": i, "y": y, "yanchor": a, "text": number(back(v), 3)} for v, _, a, y in ends]
    else:
        ticks = _names(i, column.options)
    return [
        {"showarrow": False, "font": {"size": 11}, "bgcolor": "rgba(255,255,255,.8)"} | note for note in (name, *ticks)
    ]


def _names(i: int, options: Sequence[str]) -> list[dict[str, Any]]:
    every = max(1, math.ceil(len(options) / 12))
    heights = np.linspace(0, 1, len(options)).tolist() if len(options) > 1 else [0.5]
    return [
        {"x": i, "y": heights[k], "xanchor": "left", "xshift": 3, "text": plain(options[k], 12)}
        for k in range(0, len(options), every)
    ]


def _colour_bar(column: Column, colour: np.ndarray) -> dict[str, Any]:
    """An empty trace that carries the colour bar of the lines."""
    known = colour[np.isfinite(colour)]
    bar = {"title": {"text": title(column, 30), "side": "right"}, "thickness": 12, "outlinewidth": 0}
    marker = {
        "color": [0.0],
        "colorscale": COLOUR_SCALE,
        "cmin": float(known.min()) if len(known) else 0.0,
        "cmax": float(known.max()) if len(known) else 1.0,
        "showscale": True,
        "colorbar": bar,
    }
    return {"x": [None], "y": [None], "mode": "markers", "marker": marker, "hoverinfo": "skip"}
