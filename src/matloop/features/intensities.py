"""A spectrum on a grid, the same for all."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np

from matloop.core.errors import InputError
from matloop.features.base import Array, FeatureError, cells_of, readings_of
from matloop.features.baseline import ASYMMETRY
from matloop.features.spectrum import Points, SpectrumFeaturizer


class Intensities(SpectrumFeaturizer):
    """The curve at `n` points from `low` to `high`, each divided by the largest where `scaled`.

    Where `low` or `high` is None, `fit` takes what all curves have in common. A curve that does not reach so far is a
    failure.
    """

    name: ClassVar[str] = "intensities"
    citations = ("10.1021/ac034173t",)

    def __init__(
        self,
        *,
        n: int = 100,
        low: float | None = None,
        high: float | None = None,
        scaled: bool = False,
        baseline: bool = True,
        smoothness: float | None = None,
        asymmetry: float = ASYMMETRY,
        x_unit: str | None = None,
        y_unit: str | None = None,
        on_failure: str = "raise",
    ) -> None:
        super().__init__(
            baseline=baseline,
            smoothness=smoothness,
            asymmetry=asymmetry,
            x_unit=x_unit,
            y_unit=y_unit,
            on_failure=on_failure,
        )
        self.n = n
        self.low = low
        self.high = high
        self.scaled = scaled

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Learn the range that all curves of X have in common. Raises FeatureError where they have none."""
        self._check()
        low, high = self.low, self.high
        if low is None or high is None:
            curves, _ = readings_of(self.read, cells_of([] if X is None else X))
            if not curves:
                raise FeatureError("'intensities' has no curve to learn its range from", "give low and high")
            low = max(curve.x[0] for curve in curves) if low is None else low
            high = min(curve.x[-1] for curve in curves) if high is None else high
        if not low < high:
            raise FeatureError(f"the curves have no range in common ({low:g} to {high:g})", "give low and high")
        self.range_ = (float(low), float(high))
        return self

    @property
    def grid(self) -> Array:
        """The points x (n,). Raises FeatureError before `fit` where low or high is not given."""
        if hasattr(self, "range_"):
            return np.linspace(*self.range_, self.n)
        if self.low is None or self.high is None:
            raise FeatureError("'intensities' has no columns yet", "call fit(curves) first, or give low and high")
        return np.linspace(self.low, self.high, self.n)

    @property
    def names(self) -> tuple[str, ...]:
        unit = f" {self.x_unit}" if self.x_unit else ""
        return tuple(f"intensity at {x:.6g}{unit}" for x in self.grid) if self.__sklearn_is_fitted__() else ()

    @property
    def units(self) -> tuple[str | None, ...]:
        return (None if self.scaled else self.y_unit,) * len(self.names)

    def describe(self, curve: Points) -> Array:
        grid = self.grid
        slack = 1e-6 * (curve.x[-1] - curve.x[0])
        if grid[0] < curve.x[0] - slack or grid[-1] > curve.x[-1] + slack:
            told = f"from {curve.x[0]:g} to {curve.x[-1]:g}, and is needed from {grid[0]:g} to {grid[-1]:g}"
            raise InputError(f"goes {told}")
        values = np.interp(grid, curve.x, curve.y)
        if not self.scaled:
            return values
        if not values.max() > 0:
            raise InputError("has nothing above its baseline")
        return np.asarray(values / values.max())

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "range_") or (self.low is not None and self.high is not None)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = not (self.low is not None and self.high is not None)
        return tags
