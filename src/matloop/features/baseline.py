"""What a spectrum stands on: a smooth curve that lies below its peaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matloop.features.base import Array

#: The asymmetry p with which Eilers & Boelens 2005 start.
ASYMMETRY = 0.01
#: Unless λ is given, a baseline is smooth over a third of the curve, and over so many points at least.
FEWEST = 30
#: What stands above a baseline by so many standard deviations of the noise, or by this share of the highest peak, is
#: ground too.
NOISY, GROUND = 3.0, 0.01
#: The lower quartile of the size of a normal deviate, and the variance of the fourth difference of such deviates.
_QUARTILE, _GAIN = 0.318639, 70.0
#: The weights nearly always settle sooner.
MOST_ROUNDS = 50
#: A baseline of more points is linear between so many knots: equations for all points would lose their digits.
MOST_KNOTS = 1000


def baseline(x: Array, y: Array, smoothness: float | None = None, asymmetry: float = ASYMMETRY) -> Array:
    """The baseline (n,) of a curve by asymmetric least squares.

    It minimizes Σ wᵢ (yᵢ − zᵢ)² + λ Σ (Δ²zᵢ)², with the weight p of points above it and 1 − p of those below: Eilers &
    Boelens, Baseline correction with asymmetric least squares smoothing (Leiden University Medical Centre, 2005). Δ² is
    the second difference, divided by the spacing of x over its mean where that is uneven. The smoothness λ depends on
    the number of points: a baseline that is smooth over m of them needs about (m/6)⁴, and unless it is given, m is a
    third of them, or 30. Such a baseline lies at the lower edge of the noise; so once it is found, points above it by
    no more than three standard deviations of the noise or a hundredth of the highest peak get the weight 1 − p too, and
    it settles again. Raises ValueError where λ or p cannot be.
    """
    n = len(x)
    smoothness = (max((n - 1) / 3, FEWEST) / 6) ** 4 if smoothness is None else smoothness
    if not (smoothness > 0 and 0 < asymmetry < 1):
        raise ValueError("the smoothness is positive, and the asymmetry lies between 0 and 1")
    from scipy.linalg import solveh_banded

    knots = x if n <= MOST_KNOTS else np.linspace(x[0], x[-1], MOST_KNOTS)
    k = len(knots)
    left = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, k - 2)
    to_right = (x - knots[left]) / (knots[left + 1] - knots[left])
    to_left = 1 - to_right
    bands = smoothness * ((k - 1) / (n - 1)) ** 3 * _curvature(knots)  # as ∫ z″² is the same with fewer points

    def settled(weights: Array, band: float) -> tuple[Array, Array]:
        for _ in range(MOST_ROUNDS):
            weighted = bands.copy()
            weighted[2] += _sums(left, k, weights * to_left**2, weights * to_right**2)
            weighted[1, 1:] += np.bincount(left, weights * to_left * to_right, k)[:-1]
            at_knots = solveh_banded(weighted, _sums(left, k, weights * to_left * y, weights * to_right * y))
            fitted: Array = to_left * at_knots[left] + to_right * at_knots[left + 1]
            new = np.where(y > fitted + band, asymmetry, 1 - asymmetry)
            if np.array_equal(new, weights):
                break
            weights = new
        return fitted, weights

    lowest, weights = settled(np.ones(n), 0.0)
    return settled(weights, max(NOISY * noise_of(y), GROUND * float(np.max(y - lowest))))[0]


def noise_of(y: Array) -> float:
    """The standard deviation of independent noise on a curve, from its fourth differences; peaks hardly have any.

    Their lower quartile, since sharp peaks may fill half of a curve.
    """
    return float(np.quantile(np.abs(np.diff(y, 4)), 0.25)) / (_QUARTILE * np.sqrt(_GAIN))


def _sums(left: NDArray[np.intp], k: int, to_left: Array, to_right: Array) -> Array:
    """What all points give to the knots on their two sides, (k,)."""
    total: Array = np.bincount(left, to_left, k).astype(float) + np.bincount(left + 1, to_right, k)
    return total


def _curvature(x: Array) -> Array:
    """The upper bands (3, n) of the matrix DᵀD, where D takes the second difference of n points."""
    steps = np.diff(x) / np.mean(np.diff(x))
    middle = (steps[1:] + steps[:-1]) / 2
    d = np.array([1 / steps[:-1], -1 / steps[:-1] - 1 / steps[1:], 1 / steps[1:]]) / middle
    n = len(x)
    bands = np.zeros((3, n))
    for i in range(3):
        for j in range(i, 3):  # the product of what D has i and j columns right of its row
            bands[2 - (j - i), j : j + n - 2] += d[i] * d[j]
    return bands
