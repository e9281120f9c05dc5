"""What a model was worth on rows that it had not seen: predictions, residuals, coverage, classes, folds, candidates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.datasets.examination.outliers import scale_of
from matloop.reports.columns import Column
from matloop.reports.figures.bands import COLOURS, DASHES
from matloop.reports.figures.style import (
    BLUE,
    GREY,
    INK,
    SOFT,
    Figure,
    layout,
    legend_above,
    named,
    numbers,
    title,
    titled,
)
from matloop.reports.wording import number, plain

if TYPE_CHECKING:
    from matloop.discovery.card import Candidate, Coverage, OutOfFold, Split

_LINE = {"color": INK, "width": 1, "dash": "dash"}


def parity(target: Column, told: OutOfFold) -> Figure:
    """Measured values over predicted ones with their intervals; a perfect prediction lies on the line."""
    ends = [*told.measured, *told.predicted]
    low, high = min(ends), max(ends)
    scale = scale_of(np.array(told.measured, float))
    is_log = low > 0 and scale is not None and scale.is_log  # skewed: else all but the largest lie in one corner
    first, last = (math.log10(low), math.log10(high)) if is_log else (low, high)
    room = 0.06 * (last - first or 1)
    across = {"range": numbers([first - room, last + room])} | ({"type": "log"} if is_log else {})
    points: dict[str, Any] = {
        "x": numbers(told.predicted),
        "y": numbers(told.measured),
        "text": [plain(name) for name in told.names],
        "mode": "markers",
        "marker": {"color": BLUE, "size": 6, "opacity": 0.55},
        "hovertemplate": ("%{text}: " if told.names else "") + "predicted %{x:.4g}, measured %{y:.4g}<extra></extra>",
    }
    if told.lower is not None and told.upper is not None:
        points["error_x"] = {
            "type": "data",
            "symmetric": False,
            "array": numbers(u - p for u, p in zip(told.upper, told.predicted, strict=True)),
            "arrayminus": numbers(p - lo for lo, p in zip(told.lower, told.predicted, strict=True)),
            "color": "rgba(0,114,178,.18)",
            "width": 0,
        }
    return Figure(
        [_diagonal(low, high), points],
        layout(
            xaxis=titled(title(target, 40, "predicted "), **across),
            yaxis=titled(title(target, 40, "measured "), **across),
        ),
        alt=f"Measured {target.name} against predicted, of rows that the model had not seen",
        height=400,
    )


def residuals(target: Column, told: OutOfFold) -> Figure:
    """What is left over, measured less predicted: against the prediction, and how often each is."""
    rest = numbers(m - p for m, p in zip(told.measured, told.predicted, strict=True))
    points = {
        "x": numbers(told.predicted),
        "y": rest,
        "text": [plain(name) for name in told.names],
        "mode": "markers",
        "marker": {"color": BLUE, "size": 6, "opacity": 0.55},
        "hovertemplate": ("%{text}: " if told.names else "") + "%{y:.4g} at %{x:.4g}<extra></extra>",
    }
    bars = {
        "type": "histogram",
        "y": rest,
        "xaxis": "x2",
        "nbinsy": 40,
        "marker": {"color": BLUE},
        "opacity": 0.7,
        "hovertemplate": "%{y}: %{x} rows<extra></extra>",
    }
    zero = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0, "line": _LINE}
    return Figure(
        [points, bars],
        layout(
            xaxis=titled(title(target, 34, "predicted "), domain=[0, 0.76]),
            xaxis2=titled("rows", domain=[0.8, 1], nticks=3),
            yaxis=titled(title(target, 34, "residual of ")),
            shapes=[zero],
            bargap=0.05,
        ),
        alt=f"Measured less predicted {target.name} against the prediction, with a histogram",
        height=340,
    )


def calibration(
    coverage: Sequence[Coverage], said: str = "intervals that mean to hold (%)", came: str = "hold so many (%)"
) -> Figure:
    """The share of measured values that intervals held, over the share that they meant to hold; of classes the same
    with probabilities."""
    points = {
        "x": numbers(100 * c.expected for c in coverage),
        "y": numbers(100 * c.observed for c in coverage),
        "mode": "lines+markers",
        "line": {"color": BLUE, "width": 2},
        "marker": {"color": BLUE, "size": 8},
        "hovertemplate": "%{x:.3g} %: %{y:.3g} %<extra></extra>",
    }
    above, below = ("wider than they say", "narrower than they say") if "hold" in said else ("too shy", "too sure")
    notes = [
        {"x": 27, "y": 88, "text": above, "showarrow": False, "font": {"color": SOFT}},
        {"x": 76, "y": 10, "text": below, "showarrow": False, "font": {"color": SOFT}},
    ]
    return Figure(
        [_diagonal(0, 100), points],
        layout(
            xaxis=titled(said, range=[0, 102]),
            yaxis=titled(came, range=[0, 102]),
            annotations=notes,
        ),
        alt="Observed coverage of the intervals against the expected one",
        height=340,
    )


def confusion(told: OutOfFold) -> Figure:
    """How many rows of each class were predicted as each; the colour is the share of the measured class."""
    labels, counts = told.labels or [], told.confusion or []
    shares = [[n / max(1, sum(row)) for n in row] for row in counts]
    shown = [plain(label, 24) for label in labels]
    texts = [
        [f"{n:,}<br>{share:.0%}" for n, share in zip(row, part, strict=True)]
        for row, part in zip(counts, shares, strict=True)
    ]
    cells = {
        "type": "heatmap",
        "x": shown,
        "y": shown,
        "z": [numbers(row) for row in shares],
        "text": texts if len(labels) <= 12 else None,
        "texttemplate": "%{text}" if len(labels) <= 12 else None,
        "colorscale": [[0, "#ffffff"], [1, "#7fb8d8"]],
        "zmin": 0,
        "zmax": 1,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "hovertemplate": "measured %{y}, predicted %{x}: %{z:.1%}<extra></extra>",
    }
    return Figure(
        [cells],
        layout(
            xaxis=named("predicted", type="category"), yaxis=named("measured", type="category", autorange="reversed")
        ),
        alt="Confusion matrix: predicted against measured classes",
        height=min(640, 190 + 60 * len(labels)),
    )


def roc(told: OutOfFold, areas: str = "") -> Figure:
    """True against false positive rates of each class along the thresholds of its probability."""
    curves = [
        {
            "x": numbers(false),
            "y": numbers(true),
            "name": plain(label, 30),
            "mode": "lines",
            "line": {"color": COLOURS[i % len(COLOURS)], "width": 2, "dash": DASHES[i // len(COLOURS) % len(DASHES)]},
            "hovertemplate": plain(label, 30) + ": %{y:.1%} found, %{x:.1%} false alarms<extra></extra>",
        }
        for i, (label, (false, true)) in enumerate(told.roc.items())
    ]
    return Figure(
        [_diagonal(0, 1), *curves],
        layout(
            xaxis=titled("false alarms among all others", range=[0, 1], tickformat=".0%"),
            yaxis=titled("found", range=[0, 1.01], tickformat=".0%"),
            showlegend=len(curves) > 1,
            legend=legend_above(),
        ),
        alt=f"ROC curves {areas}".strip(),
        height=340,
    )


def folds(splits: Sequence[Split], score_name: str, unit: str | None = None) -> Figure:
    """The first score of each fold of each split, their mean, and what a prediction without a model gets."""
    traces: list[dict[str, Any]] = []
    names = [plain(split.name, 24) for split in splits]
    for what, colour, symbol in (("without a model", GREY, "line-ew-open"), ("each fold", BLUE, "circle")):
        x: list[str] = []
        y: list[float | None] = []
        for name, split in zip(names, splits, strict=True):
            kept = split.baseline if what == "without a model" else split.scores
            known = next((score for score in kept if score.name == score_name), None)
            values = [] if known is None else ([known.mean] if what == "without a model" else known.known)
            x += [name] * len(values)
            y += values
        size = 34 if what == "without a model" else 9
        marker = {"color": colour, "symbol": symbol, "size": size, "line": {"width": 2, "color": colour}}
        hover = "%{x}: %{y:.4g}<extra></extra>"
        traces.append(
            {"x": x, "y": numbers(y), "name": what, "mode": "markers", "marker": marker, "hovertemplate": hover}
        )
    means = [split.score(score_name) for split in splits]
    traces.append(
        {
            "x": names,
            "y": numbers(None if score is None else score.mean for score in means),
            "name": "mean",
            "mode": "markers+text",
            "text": [f"   {number(s.mean, 3)}" if s is not None and s.mean is not None else "" for s in means],
            "textposition": "middle right",
            "cliponaxis": False,
            "marker": {"color": INK, "symbol": "diamond", "size": 11},
            "hovertemplate": "%{x}: mean %{y:.4g}<extra></extra>",
        }
    )
    return Figure(
        traces,
        layout(
            xaxis=titled("", type="category", showgrid=False, range=[-0.6, len(splits) - 0.4]),
            yaxis=titled(plain(f"{score_name} ({unit})" if unit else score_name)),
            showlegend=True,
            legend=legend_above(),
            margin={"l": 56, "r": 60, "t": 30, "b": 48},
        ),
        alt=f"{score_name} of each fold of each split",
        height=320,
    )


def candidates(tried: Sequence[Candidate], score_name: str, unit: str | None = None) -> Figure:
    """The score of each model that was tried; what was chosen stands out."""
    known = [c for c in tried if c.score is not None]
    values = numbers(c.score for c in known)
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": [plain(c.model, 40) for c in known],
        "marker": {"color": [BLUE if c.weight > 0 else "#b9c2cc" for c in known]},
        "text": [
            number(v) + (f" ({c.weight:.0%})" if 0 < c.weight < 1 else "") for v, c in zip(values, known, strict=True)
        ],
        "textposition": "auto",
        "hovertemplate": "%{y}: %{x:.4g}<extra></extra>",
    }
    return Figure(
        [bars],
        layout(
            xaxis=titled(plain(f"{score_name} ({unit})" if unit else score_name)),
            yaxis=named(type="category", autorange="reversed"),
            bargap=0.25,
        ),
        alt=f"{score_name} of the models that were tried",
        height=max(200, 90 + 28 * len(known)),
    )


def _diagonal(low: float, high: float) -> dict[str, Any]:
    ends = numbers([low, high])
    return {"x": ends, "y": ends, "mode": "lines", "line": _LINE, "hoverinfo": "skip", "showlegend": False}
