"""How many candidates each stage of a screen left, and how sure the predictions of the shortlist are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matloop.reports.columns import Column
from matloop.reports.figures.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    Figure,
    counting,
    layout,
    legend_above,
    named,
    numbers,
    title,
    titled,
)
from matloop.reports.wording import plain


@dataclass(frozen=True)
class Left:
    """One bar of the funnel."""

    title: str
    n: int


def funnel(stages: Sequence[Left]) -> Figure:
    """A bar for what each stage left, on a logarithmic axis; the first is all that came."""
    names = [plain(f"{i}. {stage.title}" if i else stage.title, 40) for i, stage in enumerate(stages)]
    counts = [stage.n for stage in stages]
    most = max(1, *counts)
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(stages))),
        "x": [max(n, 0.5) if n else 0.5 for n in counts],
        "base": 0,
        "text": [f" {n:,}" for n in counts],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": [GREY, *[BLUE] * (len(stages) - 1)]},
        "hovertemplate": "%{customdata}<extra></extra>",
        "customdata": [f"{name}: {n:,} left" for name, n in zip(names, counts, strict=True)],
    }
    powers = range(math.ceil(math.log10(most)) + 1)
    x = titled(
        "candidates left",
        type="log",
        range=[math.log10(0.5), math.log10(most) * 1.12 + 0.3],
        tickvals=[10**p for p in powers],
        ticktext=[f"{10**p:,}" for p in powers],
    )
    y = named(tickvals=list(range(len(stages))), ticktext=names, autorange="reversed")
    alt = "Candidates left: " + "; ".join(f"{stage.title} {stage.n:,}" for stage in stages)
    return Figure([bars], layout(xaxis=x, yaxis=y, bargap=0.35), alt=alt, height=90 + 34 * len(stages))


@dataclass(frozen=True)
class Predicted:
    """One candidate of the shortlist with its interval."""

    name: str
    value: float
    lower: float
    upper: float
    is_in_domain: bool


def intervals(quantity: Column, shortlist: Sequence[Predicted], confidence: float) -> Figure:
    """Each prediction with its interval, in the order of the shortlist; outside the domain in another colour."""
    traces = []
    for is_in, name, colour in ((True, "in the model's domain", BLUE), (False, "outside of it", ORANGE)):
        own = [(i + 1, each) for i, each in enumerate(shortlist) if each.is_in_domain is is_in]
        if not own:
            continue
        traces.append(
            {
                "x": [i for i, _ in own],
                "y": numbers(each.value for _, each in own),
                "name": name,
                "text": [plain(each.name, 40) for _, each in own],
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": numbers(each.upper - each.value for _, each in own),
                    "arrayminus": numbers(each.value - each.lower for _, each in own),
                    "color": colour,
                    "thickness": 1,
                    "width": 0,
                },
                "mode": "markers",
                "marker": {"color": colour, "size": 7, "line": {"color": INK, "width": 0.5}},
                "hovertemplate": "%{x}. %{text}: %{y:.4g}<extra></extra>",
            }
        )
    return Figure(
        traces,
        layout(
            xaxis=counting("place on the shortlist", len(shortlist)),
            yaxis=titled(title(quantity, 44, "predicted ")),
            showlegend=True,
            legend=legend_above(),
        ),
        alt=f"Predicted {quantity.name} of the shortlist, with intervals of {100 * confidence:g} %",
        height=340,
    )
