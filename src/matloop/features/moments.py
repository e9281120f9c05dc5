"""A spectrum as a distribution: where its weight lies, and how it is spread."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from matloop.core.errors import InputError
from matloop.features.base import Array
from matloop.features.spectrum import Points, SpectrumFeaturizer


class Moments(SpectrumFeaturizer):
    """Area, centroid, width, skewness and kurtosis of a curve, its maximum and where that is.

    The curve is a density over x where it lies above its baseline: the centroid is its mean, the width its standard
    deviation; the skewness is 0 for a symmetric curve, and the kurtosis 3 for a Gaussian.
    """

    name: ClassVar[str] = "moments"
    citations = ("10.1021/ac034173t",)

    @property
    def names(self) -> tuple[str, ...]:
        return ("area", "centroid", "width", "skewness", "kurtosis", "maximum", "position of maximum")

    @property
    def units(self) -> tuple[str | None, ...]:
        x, y = self.x_unit, self.y_unit
        return (self.area_unit, x, x, None, None, y, x)

    def describe(self, curve: Points) -> Array:
        from scipy.integrate import trapezoid

        x, y = curve.x, np.maximum(curve.y, 0)
        area = trapezoid(y, x)
        if not area > 0:
            raise InputError("has nothing above its baseline")
        density = y / area
        centroid = trapezoid(x * density, x)
        variance = trapezoid((x - centroid) ** 2 * density, x)
        if not variance > 0:
            raise InputError("has no width: a single point stands above its baseline")
        width = np.sqrt(variance)
        third, fourth = (trapezoid(((x - centroid) / width) ** power * density, x) for power in (3, 4))
        top = int(np.argmax(y))
        return np.array([area, centroid, width, third, fourth, y[top], x[top]])
