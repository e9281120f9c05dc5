"""Which columns have gaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matloop.reports.figures.style import BLUE, Figure, layout, named, numbers, titled
from matloop.reports.wording import plain, shortened


def filled(shares: Sequence[tuple[str, float]]) -> Figure:
    """A bar for each column with the share of its cells in which something stands."""
    names = [shortened(name, 28) for name, _ in shares]
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(shares))),
        "x": numbers(100 * share for _, share in shares),
        "marker": {"color": BLUE},
        "text": [plain(name) for name, _ in shares],
        "textposition": "none",
        "hovertemplate": "%{text}: %{x:.3g} %<extra></extra>",
    }
    ticks: dict[str, Any] = {"tickvals": list(range(len(shares))), "ticktext": [plain(name) for name in names]}
    return Figure(
        [bars],
        layout(
            xaxis=titled("cells filled (%)", range=[0, 100]),
            yaxis=named(autorange="reversed", **ticks),
        ),
        alt="Share of the cells that are filled, for each column with gaps",
        height=90 + 22 * len(shares),
    )
