"""Values far from all others: by the median and the median absolute deviation, which outliers cannot pull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: So many robust standard deviations from the median lie outliers; of a normal distribution, one value in 1.7 million.
FAR = 5.0
#: A distribution of positive numbers whose skewness exceeds this is looked at in logarithms.
SKEWED = 2.0
#: Fewer values tell nothing of how far they usually lie apart.
FEWEST = 10
#: From the median absolute deviation, or the quartiles' distance, to the standard deviation of a normal distribution.
_MAD, _QUARTILES = 1.4826, 1 / 1.349


@dataclass(frozen=True)
class Scale:
    """Where most of the values lie: `middle` ± `spread`, in logarithms (base 10) where `is_log`."""

    middle: float
    spread: float
    is_log: bool

    def distance(self, values: np.ndarray) -> np.ndarray:
        """How many robust standard deviations each value (n,) lies from the middle; nan where there is none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            placed = np.log10(values) if self.is_log else values
        return np.abs(placed - self.middle) / self.spread


def scale_of(values: np.ndarray) -> Scale | None:
    """The scale of values (n,), nan aside; zeros at the lower end, a class of their own, aside too.

    None where there are too few values, or half of them are one.
    """
    rest = values[np.isfinite(values)]
    if len(rest) and rest.min() == 0:
        rest = rest[rest > 0]
    if len(rest) < FEWEST:
        return None
    is_log = bool(rest.min() > 0) and skewness(rest) > SKEWED
    placed = np.log10(rest) if is_log else rest
    middle = float(np.median(placed))
    spread = _MAD * float(np.median(np.abs(placed - middle)))
    if not spread:
        low, high = np.percentile(placed, [25, 75])
        spread = float(high - low) * _QUARTILES
    return Scale(middle, spread, is_log) if spread > 0 else None


def outliers(values: np.ndarray, scale: Scale) -> np.ndarray:
    """The places of the values (n,) that lie far from the others, the farthest first. Zeros at the end are none."""
    distance = np.where(np.isfinite(values), scale.distance(values), 0.0)
    if np.nanmin(values) == 0:
        distance = np.where(values == 0, 0.0, distance)
    found = np.flatnonzero(distance > FAR)
    return found[np.argsort(-distance[found], kind="stable")]


def skewness(values: np.ndarray) -> float:
    """The third standardized moment of values (n,)."""
    apart = values - values.mean()
    spread = float(np.sqrt(np.mean(apart**2)))
    return float(np.mean((apart / spread) ** 3)) if spread else 0.0
