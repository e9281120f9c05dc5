"""How the values of a column are spread, and how those of replicates differ."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from matloop.datasets.examination.outliers import Scale, outliers
from matloop.reports.columns import Column
from matloop.reports.figures.style import BLUE, INK, RED, Figure, counting, layout, numbers, title, titled
from matloop.reports.wording import number

#: More replicates than this would make the page heavy; a sample of them shows the same.
MOST_POINTS = 2000
#: So few different values have a bar each, at its place.
MOST_VALUES = 8


def histogram(column: Column, values: np.ndarray, scale: Scale | None) -> Figure:
    """Counts of values (n,), on a logarithmic axis where they are skewed; outliers as red marks below.

    Outliers would press all else into one bar: the axis reaches as far again as the others do, and says what is beyond.
    """
    is_log = scale is not None and scale.is_log
    known = values[np.isfinite(values)]
    placed = known[known > 0] if is_log else known
    n_without = len(known) - len(placed)  # zeros, which a logarithm has no place for
    far = values[outliers(values, scale)] if scale is not None else np.zeros(0)
    if is_log:
        placed, far = np.log10(placed), np.log10(far)
    low, high = _reach(placed[~np.isin(placed, far)])
    n_below, n_above = int(sum(far < low)) + n_without, int(sum(far > high))
    n_far = len(far)
    placed, far = (x[(x >= low) & (x <= high)] for x in (placed, far))
    n_bins = int(np.clip(np.ceil(2 * len(placed) ** (1 / 3)), 8, 60))  # the rule of Rice
    counts, edges = np.histogram(placed, bins=n_bins)
    ends = 10**edges if is_log else edges
    centres, widths = (edges[:-1] + edges[1:]) / 2, np.diff(edges)
    texts = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(ends)]
    ticks = _powers(edges) if is_log else {}
    few, its = np.unique(placed, return_counts=True)
    if 0 < len(few) <= MOST_VALUES and (apart := _apart(few)):  # such as -1 and 1: classes, or whole numbers
        centres, counts, widths = few, its, np.full(len(few), 0.8 * apart)
        texts = [number(float(value)) for value in (10**few if is_log else few)]
        ticks = {"tickvals": numbers(few), "ticktext": texts}
    bars = {
        "type": "bar",
        "x": numbers(centres),
        "y": counts.tolist(),
        "width": numbers(widths),
        "marker": {"color": BLUE, "line": {"color": "#fff", "width": 0.5}},
        "text": texts,
        "textposition": "none",
        "hovertemplate": "%{text}: %{y}<extra></extra>",
    }
    marks = {
        "x": numbers(far),
        "y": [0] * len(far),
        "mode": "markers",
        "marker": {"color": RED, "size": 9, "symbol": "line-ns-open", "line": {"width": 2}},
        "cliponaxis": False,
        "text": [f"{value:.4g}" for value in (10**far if is_log else far)],
        "hovertemplate": "far from all others: %{text}<extra></extra>",
    }
    axis = titled(title(column), **ticks)
    words = f", {n_far} of them far from all others" if n_far else ""
    note = {"xref": "paper", "yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False}
    where = "at zero" if n_below == n_without else "below"
    lower = note | {"x": 0, "xanchor": "left", "text": f"◂ {n_below:,} {where}"}
    upper = note | {"x": 1, "xanchor": "right", "xshift": -52, "text": f"{n_above:,} above ▸"}  # beside the buttons
    return Figure(
        [bars, marks] if len(far) else [bars],
        layout(
            xaxis=axis,
            yaxis=counting("records", max(counts, default=0), rangemode="tozero"),
            bargap=0,
            annotations=[*([lower] if n_below else []), *([upper] if n_above else [])],
        ),
        alt=f"How many records have which {column.name}{words}",
        height=280,
    )


def _apart(few: np.ndarray) -> float:
    """How far sorted values (n,) are apart at least, 1 for a single one; 0 where bars of them would be too thin."""
    if len(few) == 1:
        return 1.0
    least = float(np.diff(few).min())
    return least if least >= np.ptp(few) / 20 else 0.0


def _reach(near: np.ndarray) -> tuple[float, float]:
    """How far the axis goes at most, of values (n,) that lie among the others."""
    if not len(near):
        return -np.inf, np.inf
    low, high = float(near.min()), float(near.max())
    return low - (high - low), high + (high - low)


def _powers(edges: np.ndarray) -> dict[str, object]:
    """Ticks at powers of ten, of narrow ranges at multiples of them, too."""
    low, high = int(np.floor(edges[0])), int(np.ceil(edges[-1]))
    every = max(1, (high - low) // 8)
    steps = range(1, 10) if np.ptp(edges) < 0.8 else (1, 2, 5) if high - low <= 3 else (1,)
    values = [step * 10.0**power for power in range(low, high + 1, every) for step in steps]
    shown = [value for value in values if edges[0] - 0.05 <= np.log10(value) <= edges[-1] + 0.05]
    return {"tickvals": numbers(np.log10(shown)), "ticktext": [f"{value:g}" for value in shown]}


def replicates(column: Column, values: np.ndarray, groups: np.ndarray) -> Figure | None:
    """Each value of a condition that comes more than once, over the mean of its condition."""
    known = np.isfinite(values) & (groups >= 0)
    y, group = values[known], groups[known]
    counts = np.bincount(group, minlength=1)
    several = counts[group] > 1
    if not several.any() or not np.ptp(y[several]):  # all of them equal, as zeros often are: one point shows nothing
        return None
    means = np.bincount(group, y, minlength=1) / np.maximum(counts, 1)
    x, y = means[group][several], y[several]
    if len(y) > MOST_POINTS:
        chosen = np.random.default_rng(0).choice(len(y), MOST_POINTS, replace=False)
        x, y = x[chosen], y[chosen]
    points = {
        "x": numbers(x),
        "y": numbers(y),
        "mode": "markers",
        "marker": {"color": BLUE, "size": 5, "opacity": 0.5},
        "hovertemplate": "mean %{x:.4g}, this record %{y:.4g}<extra></extra>",
    }
    ends = numbers([min(x.min(), y.min()), max(x.max(), y.max())])
    line = {"color": INK, "width": 1, "dash": "dash"}
    diagonal = {"x": ends, "y": ends, "mode": "lines", "hoverinfo": "skip", "line": line}
    return Figure(
        [diagonal, points],
        layout(xaxis=titled(title(column, 34, "mean ")), yaxis=titled(title(column, 34))),
        alt=f"The {column.name} of records that share all conditions, over the mean of each condition",
        height=320,
    )
