"""The highest peaks of a spectrum."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from matloop.features.base import Array
from matloop.features.baseline import ASYMMETRY, noise_of
from matloop.features.spectrum import Points, SpectrumFeaturizer


class Peaks(SpectrumFeaturizer):
    """Position, height and width of the `n` highest peaks, from the highest down, and how many there are.

    A peak is a maximum that stands out of its surroundings by `prominence`, a share of the height of the curve, and by
    `noise` standard deviations of its noise; its width is measured at half of its prominence. Where there are fewer
    than `n` peaks, position, height and width are 0.
    """

    name: ClassVar[str] = "peaks"
    citations = ("10.1021/ac034173t", "10.1038/s41592-019-0686-2")

    def __init__(
        self,
        *,
        n: int = 5,
        prominence: float = 0.05,
        noise: float = 8.0,
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
        self.prominence = prominence
        self.noise = noise

    @property
    def names(self) -> tuple[str, ...]:
        peaks = (f"{what} of peak {i + 1}" for i in range(self.n) for what in ("position", "height", "width"))
        return ("number of peaks", *peaks)

    @property
    def units(self) -> tuple[str | None, ...]:
        return (None, *(self.x_unit, self.y_unit, self.x_unit) * self.n)

    def describe(self, curve: Points) -> Array:
        from scipy.signal import find_peaks

        x, y = curve
        height = float(np.ptp(y))
        least = max(self.prominence * height, min(self.noise * noise_of(y), height / 2))
        found, facts = find_peaks(y, prominence=least, width=0, rel_height=0.5)
        points = np.arange(len(x))
        widths = np.interp(facts["right_ips"], points, x) - np.interp(facts["left_ips"], points, x)
        described = np.zeros((self.n, 3))
        highest = np.argsort(-y[found], kind="stable")[: self.n]
        described[: len(highest)] = np.column_stack([x[found], y[found], widths])[highest]
        return np.array([len(found), *described.ravel()])
