"""How the best value grew, beside random search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from matloop.core import merit
from matloop.core.insight import Baseline
from matloop.core.objective import Objective
from matloop.core.state import TrialState
from matloop.core.trial import Observation
from matloop.reports.columns import Column
from matloop.reports.figures.style import (
    BLUE,
    GREY,
    ORANGE,
    RED,
    Figure,
    counting,
    layout,
    legend_above,
    numbers,
    title,
    titled,
)
from matloop.reports.figures.wishes import wished_line
from matloop.reports.wording import plain


def progress(
    goal: Objective,
    thresholds: Sequence[Objective],
    trials: Sequence[TrialState],
    observations: Sequence[Observation],
    baseline: Baseline | None,
) -> Figure:
    """Each result in the order in which it came, and the best so far; `trials[i]` gave `observations[i]`."""
    values = merit.values(goal, observations)
    best = merit.best_so_far([goal, *thresholds], observations)
    floor = _below(values)
    data = [*(_random_search(baseline) if baseline else []), _points(trials, values, True)]
    data += [_points(trials, values, False), _failures(trials, values, floor), _best(best)]
    return Figure(
        [trace for trace in data if trace["x"]],
        layout(
            xaxis=counting("results, in the order they came", len(trials), rangemode="tozero"),
            yaxis=titled(title(Column(goal.name, goal.unit))),
            shapes=wished_line(goal),
            showlegend=True,
            legend=legend_above(),
        ),
        alt=f"Best {goal.name} so far after each result",
        height=420,
    )


def _random_search(baseline: Baseline) -> list[dict[str, Any]]:
    x = list(range(1, len(baseline.median) + 1))
    edge = {"x": x, "mode": "lines", "line": {"width": 0, "shape": "hv"}, "hoverinfo": "skip", "legendgroup": "random"}
    name = f"random search, median and quartiles of {baseline.n_repeats:,}<br>campaigns, {plain(baseline.source)}"
    return [
        edge | {"y": numbers(baseline.lower), "showlegend": False},
        edge
        | {"y": numbers(baseline.upper), "fill": "tonexty", "fillcolor": "rgba(138,143,152,.22)", "showlegend": False},
        {
            "x": x,
            "y": numbers(baseline.median),
            "name": name,
            "mode": "lines",
            "legendgroup": "random",
            "line": {"color": GREY, "width": 2, "dash": "dash", "shape": "hv"},
            "hovertemplate": "random search, median %{y:.4g}<extra></extra>",
        },
    ]


def _points(trials: Sequence[TrialState], values: np.ndarray, by_model: bool) -> dict[str, Any]:
    shown = [i for i, t in enumerate(trials) if bool(t.predicted) is by_model and np.isfinite(values[i])]
    colour, symbol = (BLUE, "circle") if by_model else (ORANGE, "diamond-open")
    return {
        "x": [i + 1 for i in shown],
        "y": numbers(values[shown]),
        "text": [f"trial {trials[i].number}" for i in shown],
        "name": "chosen by the model" if by_model else "chosen without a model (start, design, person)",
        "mode": "markers",
        "marker": {"color": colour, "symbol": symbol, "size": 7, "opacity": 0.45 if by_model else 0.75},
        "hovertemplate": "%{text}: %{y:.4g}<extra></extra>",
    }


def _failures(trials: Sequence[TrialState], values: np.ndarray, floor: float) -> dict[str, Any]:
    lost = [i for i in range(len(trials)) if not np.isfinite(values[i])]
    return {
        "x": [i + 1 for i in lost],
        "y": numbers([floor] * len(lost)),
        "text": [f"trial {trials[i].number}: failed" for i in lost],
        "name": "failed, no value",
        "mode": "markers",
        "marker": {"color": RED, "symbol": "x-thin-open", "size": 8, "line": {"width": 1.5}},
        "hovertemplate": "%{text}<extra></extra>",
    }


def _best(best: np.ndarray) -> dict[str, Any]:
    return {
        "x": list(range(1, len(best) + 1)),
        "y": numbers(best),
        "name": "best so far",
        "mode": "lines",
        "line": {"color": BLUE, "width": 3, "shape": "hv"},
        "hovertemplate": "best after %{x}: %{y:.4g}<extra></extra>",
    }


def _below(values: np.ndarray) -> float:
    """A place under all values, where failures are marked."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0
    return float(known.min() - 0.08 * (np.ptp(known) or abs(known.max()) or 1.0))
