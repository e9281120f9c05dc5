"""Why a model says what it says: bars of importance, clouds of contributions, curves of dependence, a waterfall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from matloop.reports.columns import Column
from matloop.reports.figures.style import (
    BLUE,
    COLOUR_SCALE,
    GREY,
    INK,
    ORANGE,
    Figure,
    layout,
    named,
    numbers,
    title,
    titled,
    upright,
)
from matloop.reports.wording import number, plain

#: Bars and clouds are drawn of so many inputs at most; curves of so many rows.
MOST_INPUTS, MOST_CURVES = 15, 40


@dataclass(frozen=True)
class Bar:
    """One input with its value, and what the error bar spans to either side."""

    name: str
    value: float
    spread: float = 0.0


@dataclass(frozen=True)
class Cloud:
    """One input: what it contributed in each row (n,), and its value there (n,), NaN where there is none to show."""

    name: str
    contributions: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Curve:
    """Answers along an input: grid (g,), their average (g,), single rows (n, g), and where the data lie (m,).

    `effects` (m,) are what the input, with all that goes with it, makes of the answer in each of these rows.
    """

    input: Column
    grid: np.ndarray
    average: np.ndarray
    individual: np.ndarray
    data: np.ndarray
    effects: np.ndarray | None = None


def bars(found: Sequence[Bar], axis_title: str, alt: str) -> Figure:
    """Horizontal bars, the longest above."""
    shown = sorted(found, key=lambda bar: -bar.value)[:MOST_INPUTS]
    drawn: dict[str, Any] = {
        "type": "bar",
        "orientation": "h",
        "x": numbers(bar.value for bar in shown),
        "y": [plain(bar.name, 26) for bar in shown],
        "marker": {"color": BLUE},
        "hovertemplate": "%{y}: %{x:.3g}<extra></extra>",
    }
    if any(bar.spread for bar in shown):
        drawn["error_x"] = {"type": "data", "array": numbers(b.spread for b in shown), "color": INK, "thickness": 1}
    return Figure([drawn], layout(xaxis=titled(plain(axis_title)), yaxis=_names(), bargap=0.3), alt, *_size(shown))


def clouds(found: Sequence[Cloud], answer: Column, alt: str) -> Figure:
    """A point for each row: how far the input moved its answer; the colour is the input's own value, low to high."""
    shown = list(found)[:MOST_INPUTS]
    traces = [_cloud(cloud, -i) for i, cloud in enumerate(shown)]
    ticks: dict[str, Any] = {
        "tickvals": [-i for i in range(len(shown))],
        "ticktext": [plain(cloud.name, 26) for cloud in shown],
    }
    zero = {"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1, "line": {"color": GREY, "width": 1}}
    return Figure(
        traces,
        layout(
            xaxis=titled(title(answer, 44, "contribution to ")),
            yaxis=named(range=[0.6 - len(shown), 0.6], **ticks),
            shapes=[zero],
        ),
        alt,
        *_size(shown),
    )


def _cloud(cloud: Cloud, height: int) -> dict[str, Any]:
    known = np.isfinite(cloud.values)
    colours = np.full(len(cloud.values), 0.5)
    if known.sum() > 1:
        order = np.argsort(np.argsort(cloud.values[known], kind="stable"), kind="stable")
        same = np.ptp(cloud.values[known]) == 0
        colours[known] = 0.5 if same else order / (known.sum() - 1)
    texts = [number(float(v)) if np.isfinite(v) else "" for v in cloud.values]
    return {
        "x": numbers(cloud.contributions),
        "y": numbers(height + _spread(cloud.contributions)),
        "text": texts,
        "mode": "markers",
        "marker": {
            "color": numbers(colours) if known.any() else GREY,
            "colorscale": COLOUR_SCALE,
            "cmin": 0,
            "cmax": 1,
            "size": 5,
            "opacity": 0.8,
        },
        "hovertemplate": plain(cloud.name, 40) + " %{text}: %{x:+.3g}<extra></extra>",
    }


def _spread(contributions: np.ndarray) -> np.ndarray:
    """Heights around 0 that keep like contributions apart: the n-th of a bin stands n steps from the middle."""
    span = np.ptp(contributions) or 1.0
    bins = np.floor((contributions - contributions.min()) / span * 80).astype(int)
    heights = np.zeros(len(contributions))
    for one in np.unique(bins):
        members = np.flatnonzero(bins == one)
        steps = np.arange(1, len(members) + 1) // 2 * np.where(np.arange(len(members)) % 2, 1, -1)
        heights[members] = steps * min(0.05, 0.8 / max(1, len(members)))
    return heights


def curves(found: Curve, answer: Column) -> Figure:
    """The average answer along one input, single rows behind it, and marks where the data lie.

    The curves of single rows are shifted to the level of the average: it matters where they go, not where they are.
    """
    step = max(1, len(found.individual) // MOST_CURVES)
    level = float(found.average.mean()) if len(found.average) else 0.0
    x = numbers(found.grid)
    single: dict[str, Any] = {"x": [], "y": []}
    for row in found.individual[::step]:
        single["x"] += [*x, None]
        single["y"] += [*numbers(row - row.mean() + level), None]
    behind = single | {"mode": "lines", "line": {"color": "rgba(0,114,178,.16)", "width": 1}, "hoverinfo": "skip"}
    average = {
        "x": x,
        "y": numbers(found.average),
        "mode": "lines+markers" if len(x) <= 12 else "lines",
        "line": {"color": BLUE, "width": 3},
        "hovertemplate": "%{x:.4g}: %{y:.4g}<extra></extra>",
    }
    low, high = (float(found.grid[0]), float(found.grid[-1])) if len(found.grid) else (0.0, 0.0)
    inside = found.data[(found.data >= low) & (found.data <= high)]
    marks = {
        "x": numbers(inside[:: max(1, len(inside) // 200)]),
        "y": [0] * len(inside[:: max(1, len(inside) // 200)]),
        "yaxis": "y2",
        "mode": "markers",
        "marker": {"symbol": "line-ns-open", "size": 7, "color": GREY, "opacity": 0.6},
        "hoverinfo": "skip",
    }
    dots = {
        "x": numbers(found.data),
        "y": numbers(found.effects if found.effects is not None else ()),
        "mode": "markers",
        "marker": {"color": ORANGE, "size": 4, "opacity": 0.8},
        "hovertemplate": "%{x:.4g}: %{y:.4g} with its group<extra></extra>",
    }
    traces = [behind, dots, average, marks] if found.effects is not None else [behind, average, marks]
    return Figure(
        traces,
        layout(
            xaxis=titled(title(found.input, 40), anchor="y2"),
            yaxis=titled(upright(answer), domain=[0.08, 1]),
            yaxis2={"domain": [0, 0.06], "visible": False, "range": [-1, 1], "fixedrange": True},
        ),
        alt=f"{answer.name} along {found.input.name}",
        height=270,
    )


def waterfall(base: float, parts: Sequence[Bar], answer: Column, base_name: str = "on average") -> Figure:
    """From what the model says on average to what it says here, step by step; the largest steps above."""
    ordered = sorted(parts, key=lambda part: -abs(part.value))
    shown, rest = ordered[: MOST_INPUTS - 1], ordered[MOST_INPUTS - 1 :]
    if rest:
        shown.append(Bar(f"{len(rest)} others", sum(part.value for part in rest)))
    names, values = [base_name, *(part.name for part in shown), "prediction"], [part.value for part in shown]
    steps = {
        "type": "waterfall",
        "orientation": "h",
        "measure": ["absolute", *(["relative"] * len(shown)), "total"],
        "y": [plain(name, 40) for name in names],
        "x": numbers([base, *values, 0]),
        "text": [number(base), *(f"{value:+.3g}" for value in values), number(base + sum(values))],
        "textposition": "outside",
        "cliponaxis": False,
        "increasing": {"marker": {"color": BLUE}},
        "decreasing": {"marker": {"color": ORANGE}},
        "totals": {"marker": {"color": INK}},
        "connector": {"line": {"color": GREY, "width": 1}},
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }
    reached = np.cumsum([base, *values])
    room = 0.18 * (float(np.ptp(reached)) or abs(base) or 1.0)
    across = numbers([reached.min() - room, reached.max() + room])
    return Figure(
        [steps],
        layout(
            xaxis=titled(title(answer, 40), range=across), yaxis=_names(), margin={"l": 56, "r": 30, "t": 30, "b": 48}
        ),
        alt=f"What each input adds to the prediction of {answer.name}",
        height=110 + 28 * len(names),
    )


def _names() -> dict[str, Any]:
    return named(type="category", autorange="reversed")


def _size(shown: Sequence[Bar | Cloud]) -> tuple[int, int]:
    """Height and least width in pixels: beside long names, nothing would be left of a narrow screen."""
    longest = max((len(one.name) for one in shown), default=0)
    return 110 + 26 * len(shown), 460 if longest > 18 else 0
