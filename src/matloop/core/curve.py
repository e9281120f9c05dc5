"""A measured curve, such as a spectrum: y over x."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from matloop.core.parameter import given

#: A grid that ends outside a curve by no more than this share of its span was only rounded.
ROUNDED = 1e-6


class Curve(BaseModel):
    """Points of a curve: `Curve([400, 500, 600], [0.1, 0.7, 0.2])`. Given in any order, they are sorted by x."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    x: tuple[float, ...]
    y: tuple[float, ...]

    def __init__(self, x: Any = None, y: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(x=x, y=y), **settings)

    @model_validator(mode="before")
    @classmethod
    def _in_order(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not {"x", "y"} <= data.keys():
            return data
        x, y = ordered(data["x"], data["y"])
        return {**data, "x": x, "y": y}

    def at(self, grid: np.ndarray) -> np.ndarray:
        """y (m,) at x = grid (m,), linear between the points. Raises ValueError where the curve does not reach."""
        x = np.asarray(self.x)
        slack = ROUNDED * (x[-1] - x[0])
        if len(grid) and (grid.min() < x[0] - slack or grid.max() > x[-1] + slack):
            raise ValueError(
                f"the curve goes from x = {x[0]:g} to {x[-1]:g}, but is needed from {grid.min():g} to {grid.max():g}"
            )
        return np.interp(grid, x, np.asarray(self.y))

    def is_close(self, other: Curve) -> bool:
        """Whether both have the same points, but for rounding."""
        return len(self.x) == len(other.x) and bool(
            np.allclose(self.x, other.x, rtol=1e-9, atol=0) and np.allclose(self.y, other.y, rtol=1e-9, atol=0)
        )


def ordered(x: Any, y: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The same points with x ascending. Raises ValueError for what makes no curve."""
    x, y = _finite(x, "x"), _finite(y, "y")
    if len(x) != len(y):
        raise ValueError(f"a curve needs as many x as y, not {len(x)} and {len(y)}")
    if len(x) < 2:
        raise ValueError("a curve needs two points at least")
    if all(a < b for a, b in pairwise(x)):
        return x, y
    points = sorted(zip(x, y, strict=True))
    twice = next((a[0] for a, b in pairwise(points) if a[0] == b[0]), None)
    if twice is not None:
        raise ValueError(f"a curve has one y for each x, but x = {twice:g} comes twice")
    return tuple(a for a, _ in points), tuple(b for _, b in points)


def _finite(values: Any, name: str) -> tuple[float, ...]:
    values = values.tolist() if isinstance(values, np.ndarray) else values
    if not isinstance(values, Iterable) or isinstance(values, str | bytes | dict):
        raise ValueError(f"the {name} of a curve must be a list of numbers")
    return tuple(_number(value, f"{name}[{i}]") for i, value in enumerate(values))


def _number(value: Any, name: str) -> float:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ValueError(f"{name} of the curve is {str(value)[:40]!r}, which is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} of the curve is {number}, which is not a finite number")
    return number
