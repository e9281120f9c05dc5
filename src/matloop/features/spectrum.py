"""Featurizers of curves such as spectra: a cell is read, and its baseline taken away.

A cell is a Curve, or two lists of numbers, x and y: `{"x": […], "y": […]}` or `[[…], […]]`, also as JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from matloop.core.curve import Curve, ordered
from matloop.core.errors import InputError
from matloop.features.base import Array, Featurizer
from matloop.features.baseline import ASYMMETRY, baseline

FEWEST_POINTS = 5
#: What stands above the baseline by a smaller share of the curve's largest value is rounding.
ROUNDING = 1e-7


class Points(NamedTuple):
    """A curve as arrays, x ascending."""

    x: Array
    y: Array


class SpectrumFeaturizer(Featurizer):
    """A featurizer whose readings are Points.

    With `baseline` the baseline is taken away first, by asymmetric least squares with this `smoothness` (for a third of
    the curve unless given) and `asymmetry`. `x_unit` and `y_unit` are the units of the curves; those of the columns
    follow from them.
    """

    kind: ClassVar[str] = "spectrum"
    per_task: ClassVar[int] = 200
    version: ClassVar[int] = 2

    def __init__(
        self,
        *,
        baseline: bool = True,
        smoothness: float | None = None,
        asymmetry: float = ASYMMETRY,
        x_unit: str | None = None,
        y_unit: str | None = None,
        on_failure: str = "raise",
    ) -> None:
        super().__init__(on_failure=on_failure)
        self.baseline = baseline
        self.smoothness = smoothness
        self.asymmetry = asymmetry
        self.x_unit = x_unit
        self.y_unit = y_unit

    @classmethod
    def read(cls, cells: list[Any]) -> tuple[list[Points], dict[int, str]]:
        """The cells that are curves of five points or more."""
        curves: list[Points] = []
        unread: dict[int, str] = {}
        for i, cell in enumerate(cells):
            try:
                curves.append(points_of(cell))
            except InputError as error:
                unread[i] = error.message
        return curves, unread

    def row(self, reading: Points) -> Array:
        if not self.baseline:
            return self.describe(reading)
        above = reading.y - baseline(*reading, self.smoothness, self.asymmetry)
        above[np.abs(above) < ROUNDING * np.abs(reading.y).max()] = 0.0
        return self.describe(Points(reading.x, above))

    def describe(self, curve: Points) -> Array:
        """The features of a curve without its baseline. Raises InputError where there are none."""
        raise NotImplementedError

    @property
    def area_unit(self) -> str | None:
        """The unit of an area under the curve."""
        known = [unit for unit in (self.y_unit, self.x_unit) if unit]
        return "*".join(f"({unit})" if len(known) > 1 else unit for unit in known) or None


def points_of(cell: Any) -> Points:
    """A cell as points. Raises InputError."""
    if isinstance(cell, Curve):
        x, y = cell.x, cell.y
    else:
        try:
            given = json.loads(cell) if isinstance(cell, str) else cell
            if isinstance(given, Mapping):
                given = given["x"], given["y"]
            if not isinstance(given, Sequence | np.ndarray) or isinstance(given, str | bytes) or len(given) != 2:
                raise ValueError("it takes two lists, x and y")
            x, y = ordered(*given)
        except KeyError as error:
            raise InputError(f"is a curve without {error}") from None
        except (TypeError, ValueError, RecursionError) as error:
            reason = "no JSON" if isinstance(error, json.JSONDecodeError) else str(error)
            raise InputError(f"is no curve: {reason}", 'as in {"x": [400, 500], "y": [0.1, 0.7]}') from None
    if len(x) < FEWEST_POINTS:
        raise InputError(f"has {len(x)} points; a spectrum needs {FEWEST_POINTS}")
    return Points(np.array(x), np.array(y))
