"""What all figures share: colours that the colour-blind can tell apart, axes with units, JSON that is safe in HTML."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from matloop.reports.columns import Column
from matloop.reports.wording import plain, shortened

# Okabe & Ito 2008, Color Universal Design (jfly.uni-koeln.de/color): told apart with every kind of colour vision.
BLUE, ORANGE, GREEN, RED, GREY, INK = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#8a8f98", "#1d2330"
#: Words that stand back: grey would be too pale to read (WCAG 2.2, 1.4.3).
SOFT = "#566070"

#: Viridis (van der Walt & Smith 2015) without its palest end, which vanishes on white.
SEQUENCE = ["#440154", "#482878", "#3e4a89", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5c727"]
COLOUR_SCALE = [[i / (len(SEQUENCE) - 1), colour] for i, colour in enumerate(SEQUENCE)]

#: Numbers of an axis: 0.0001 to 99,999 as they are, others with a power of ten; plotly's "5p" and "10k" beside a unit
#: would read as another unit.
POWERS = {"exponentformat": "power", "minexponent": 4}


@dataclass
class Figure:
    """One figure: plotly's data and layout, its height in pixels, and a sentence for who cannot see it."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]
    alt: str
    height: int = 320
    min_width: int = 0

    @property
    def json(self) -> Markup:
        """JSON that may stand in a <script> element: no text in it can end the element or open a comment."""
        text = json.dumps({"data": self.data, "layout": self.layout}, allow_nan=False, separators=(",", ":"))
        for sign in "<>&":
            text = text.replace(sign, f"\\u{ord(sign):04x}")
        return Markup(text)


def numbers(values: Iterable[Any]) -> list[float | None]:
    """Numbers for plotly, with six digits; None, a gap, where there is none."""
    return [float(f"{value:.6g}") if value is not None and math.isfinite(value) else None for value in values]


def layout(**settings: Any) -> dict[str, Any]:
    """The base layout with these settings over it."""
    base: dict[str, Any] = {
        "font": {"family": "system-ui, -apple-system, Segoe UI, Roboto, sans-serif", "size": 12, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "#fff",
        "margin": {"l": 56, "r": 14, "t": 30, "b": 48},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "#6b7480", "activecolor": BLUE},
        "hovermode": "closest",
        "hoverlabel": {"align": "left"},
        "showlegend": False,
        "dragmode": "zoom",
    }
    return base | settings


def title(column: Column, length: int = 40, before: str = "") -> str:
    """A title with its unit, short enough for its place: of a long name the end is left out, never the unit."""
    unit = f" ({plain(column.unit, 14)})" if column.unit else ""
    return before + plain(column.name, max(8, length - len(before) - len(unit))) + unit


def upright(column: Column, length: int = 24) -> str:
    """A title beside a low figure, where a line holds so many letters: on two lines if need be."""
    unit = f" ({shortened(column.unit, 14)})" if column.unit else ""
    name = shortened(column.name, 2 * length - len(unit) - 6)
    return "<br>".join(plain(line) for line in textwrap.wrap(name + unit, length))


def titled(text: str, **settings: Any) -> dict[str, Any]:
    """A numeric axis with this title, which must be safe for plotly."""
    base = {
        "title": {"text": text, "standoff": 8},
        **POWERS,
        "gridcolor": "#e7eaee",
        "linecolor": "#aab1bb",
        "showline": True,
        "zeroline": False,
        "ticks": "outside",
        "tickcolor": "#aab1bb",
        "automargin": True,
    }
    return base | settings


def named(text: str = "", **settings: Any) -> dict[str, Any]:
    """An axis of names, which stand a little apart from it."""
    return titled(text, showgrid=False, ticklen=4, tickcolor="rgba(0,0,0,0)") | settings


def counting(text: str, most: int, **settings: Any) -> dict[str, Any]:
    """An axis of whole numbers, of which there are `most`: few of them would else get ticks at halves."""
    return titled(text, **({"dtick": 1} if most <= 8 else {}), **settings)


def axis(column: Column, **settings: Any) -> dict[str, Any]:
    """An axis that fits the column: its unit in the title, logarithmic or with names where it has them."""
    if column.options is not None:
        settings = _named_ticks(column.options) | settings
    elif column.is_log:
        settings = {"type": "log", "dtick": "D2", "minorloglabels": "none"} | settings
    elif column.n_steps is not None:
        return counting(title(column), column.n_steps, **settings)
    return titled(title(column), **settings)


def _named_ticks(options: Sequence[str]) -> dict[str, Any]:
    """Names at whole numbers, so that long and equal-looking ones stay apart; many of them are thinned out."""
    every = max(1, math.ceil(len(options) / 16))
    places = list(range(0, len(options), every))
    texts = [shortened(options[i], 14) for i in places]
    angle = 0 if sum(map(len, texts)) < 24 else -35
    place = {"tickvals": places, "ticktext": [plain(text) for text in texts], "tickangle": angle}
    return place | {"range": [-0.6, len(options) - 0.4], "showgrid": False}


def places(column: Column, values: Sequence[Any]) -> list[float | None]:
    """Where the values stand on the column's axis; None where they have no place there."""
    if column.options is not None:
        index = {option: float(i) for i, option in enumerate(column.options)}
        return [index.get(column.cell(value)) for value in values]
    return numbers(value if isinstance(value, int | float) else None for value in values)


def legend_above() -> dict[str, Any]:
    """A legend over the figure, which wraps where it is narrow."""
    return {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 11}}
