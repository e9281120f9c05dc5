"""The curve of the best trial over the target that it is to match."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matloop.core.objective import Match, Objective
from matloop.core.state import TrialState
from matloop.reports.columns import Column
from matloop.reports.figures.style import BLUE, RED, Figure, layout, legend_above, numbers, title, titled
from matloop.reports.wording import number, plain

#: Of a Pareto front so many curves are drawn.
MOST_DRAWN = 6


def best_curves(wishes: Sequence[Objective], best: Sequence[TrialState]) -> list[Figure]:
    """A figure for each target curve that a best trial has a measured curve for."""
    matches = [wish for wish in wishes if isinstance(wish, Match)]
    drawn = [(wish, [t for t in best if t.outcome and wish.name in t.outcome.curves]) for wish in matches]
    return [_over_target(wish, trials[:MOST_DRAWN]) for wish, trials in drawn if trials]


def _over_target(wish: Match, trials: Sequence[TrialState]) -> Figure:
    target = _line(wish.target.x, wish.target.y, "target", {"color": RED, "width": 2, "dash": "dash"})
    measured = [_measured(wish, trial, i) for i, trial in enumerate(trials)]
    return Figure(
        [target, *measured],
        layout(
            xaxis=titled(plain(wish.axis or "x", 40)),
            yaxis=titled(title(Column(wish.name, wish.unit))),
            showlegend=True,
            legend=legend_above(),
        ),
        alt=f"Measured curve of {wish.name} of the best trial over the target",
        height=340,
    )


def _measured(wish: Match, trial: TrialState, i: int) -> dict[str, Any]:
    assert trial.outcome is not None
    curve, distance = trial.outcome.curves[wish.name], trial.outcome.values.get(wish.name)
    told = "" if distance is None else f", {wish.distance} {number(distance, 3)}"
    width = 2.0 if i == 0 else 1.0
    return _line(curve.x, curve.y, f"trial {trial.number}{told}", {"color": BLUE, "width": width})


def _line(x: Sequence[float], y: Sequence[float], name: str, line: dict[str, Any]) -> dict[str, Any]:
    return {
        "x": numbers(x),
        "y": numbers(y),
        "name": plain(name, 60),
        "mode": "lines",
        "line": line,
        "hovertemplate": "%{x:.4g}: %{y:.4g}<extra>%{fullData.name}</extra>",
    }
