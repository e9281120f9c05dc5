"""What was predicted beside what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matloop.reports.columns import Column
from matloop.reports.figures.style import BLUE, INK, Figure, layout, numbers, title, titled


@dataclass(frozen=True)
class Judged:
    """One prediction that a measurement has judged."""

    number: int
    mean: float
    std: float
    measured: float

    @property
    def is_within(self) -> bool:
        """Whether the measured value lies within two standard deviations."""
        return abs(self.measured - self.mean) <= 2 * self.std


def predicted_against_measured(quantity: Column, judged: Sequence[Judged]) -> Figure:
    """Measured values over predicted ones, with ± 2 standard deviations; a perfect prediction lies on the line."""
    ends = [*(j.mean for j in judged), *(j.measured for j in judged)]
    low, high = min(ends), max(ends)
    spread = {"type": "data", "array": numbers(2 * j.std for j in judged), "color": "rgba(0,114,178,.3)", "width": 0}
    points = {
        "x": numbers(j.mean for j in judged),
        "y": numbers(j.measured for j in judged),
        "text": [f"trial {j.number}" for j in judged],
        "error_x": spread,
        "mode": "markers",
        "marker": {"color": BLUE, "size": 7, "opacity": 0.8},
        "hovertemplate": "%{text}: predicted %{x:.4g}, measured %{y:.4g}<extra></extra>",
    }
    line = {"color": INK, "width": 1, "dash": "dash"}
    diagonal = {
        "x": numbers([low, high]),
        "y": numbers([low, high]),
        "mode": "lines",
        "line": line,
        "hoverinfo": "skip",
    }
    return Figure(
        [diagonal, points],
        layout(xaxis=titled(title(quantity, 40, "predicted ")), yaxis=titled(title(quantity, 34, "measured "))),
        alt=f"Measured {quantity.name} against predicted",
        height=340,
    )
