"""What was measured, against each parameter and against each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from matloop.core.objective import Maximize, Minimize, Objective
from matloop.core.state import TrialState
from matloop.reports.columns import Column, location
from matloop.reports.figures.style import COLOUR_SCALE, INK, RED, Figure, axis, layout, numbers, places, title, titled
from matloop.reports.figures.wishes import wished_line


def against_parameter(
    wish: Objective, column: Column, trials: Sequence[TrialState], best: Sequence[TrialState]
) -> Figure:
    """One objective against one parameter, the best trials ringed, failures marked under the axis."""
    done = _with_value(trials, wish)
    x = places(column, [location(t)[column.name] for t, _ in done])
    ringed = _with_value(best, wish)
    rings = _rings(places(column, [location(t)[column.name] for t, _ in ringed]), [y for _, y in ringed])
    failed = [t for t in trials if t.outcome is not None and t.outcome.failed is not None]
    return Figure(
        [_cloud(x, [y for _, y in done], [t for t, _ in done], len(trials)), rings, _failures(column, failed)],
        layout(
            xaxis=axis(column, anchor="y2"),
            yaxis=titled(title(Column(wish.name, wish.unit), 26), domain=[0.07, 1]),
            yaxis2={"domain": [0, 0.05], "visible": False, "range": [-1, 1], "fixedrange": True},
            shapes=wished_line(wish),
        ),
        alt=f"{wish.name} against {column.name}",
        height=270,
    )


def against_each_other(
    wishes: Sequence[Objective], trials: Sequence[TrialState], best: Sequence[TrialState]
) -> list[Figure]:
    """Each pair of objectives, the Pareto front ringed; joined by a line where there are just two goals."""
    goals = [wish for wish in wishes if not wish.is_threshold]
    is_flat = len(goals) == 2 and all(isinstance(goal, Maximize | Minimize) for goal in goals)
    return [_pair(a, b, trials, best, is_flat and a in goals and b in goals) for a, b in combinations(wishes, 2)]


def _pair(
    a: Objective, b: Objective, trials: Sequence[TrialState], best: Sequence[TrialState], is_joined: bool
) -> Figure:
    done = [t for t in trials if _value(t, a) is not None and _value(t, b) is not None]
    numbers_of_best = {t.number for t in best}
    front = sorted((t for t in done if t.number in numbers_of_best), key=lambda t: _value(t, a) or 0.0)
    rings = _rings([_value(t, a) for t in front], [_value(t, b) for t in front])
    if is_joined:
        # the edge of what was reached: between two trials counts the one that is no worse in the first goal
        shape = "vh" if isinstance(a, Maximize) else "hv"
        rings |= {"mode": "lines+markers", "line": {"color": INK, "width": 1, "dash": "dot", "shape": shape}}
    return Figure(
        [_cloud([_value(t, a) for t in done], [_value(t, b) for t in done], done, len(trials)), rings],
        layout(
            xaxis=titled(title(Column(a.name, a.unit))),
            yaxis=titled(title(Column(b.name, b.unit), 34)),
            shapes=wished_line(b) + [_turned(line) for line in wished_line(a)],
        ),
        alt=f"{b.name} against {a.name}",
        height=340,
    )


def _with_value(trials: Sequence[TrialState], wish: Objective) -> list[tuple[TrialState, float]]:
    return [(trial, value) for trial in trials if (value := _value(trial, wish)) is not None]


def _value(trial: TrialState, wish: Objective) -> float | None:
    observation = trial.observation
    return None if observation is None or observation.failed is not None else observation.values.get(wish.name)


def _cloud(x: Sequence[Any], y: Sequence[Any], trials: Sequence[TrialState], n: int) -> dict[str, Any]:
    return {
        "x": numbers(x),
        "y": numbers(y),
        "text": [f"trial {t.number}" for t in trials],
        "mode": "markers",
        "marker": {
            "color": [t.number for t in trials],
            "colorscale": COLOUR_SCALE,
            "cmin": 1,
            "cmax": max(2, n),
            "size": 7,
            "opacity": 0.85,
        },
        "hovertemplate": "%{text}: %{x}, %{y:.4g}<extra></extra>",
    }


def _rings(x: Sequence[Any], y: Sequence[Any]) -> dict[str, Any]:
    marker = {"symbol": "circle-open", "size": 13, "color": INK, "line": {"width": 2}}
    return {"x": numbers(x), "y": numbers(y), "mode": "markers", "marker": marker, "hoverinfo": "skip"}


def _failures(column: Column, failed: Sequence[TrialState]) -> dict[str, Any]:
    return {
        "x": places(column, [location(t)[column.name] for t in failed]),
        "y": [0] * len(failed),
        "yaxis": "y2",
        "text": [f"trial {t.number}: failed" for t in failed],
        "mode": "markers",
        "marker": {"color": RED, "symbol": "x-thin-open", "size": 7, "line": {"width": 1.5}},
        "hovertemplate": "%{text}<extra></extra>",
    }


def _turned(line: dict[str, Any]) -> dict[str, Any]:
    at = line["y0"]
    return {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": at, "x1": at, "line": line["line"]}
