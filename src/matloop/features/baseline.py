"""What a spectrum stands on: a smooth curve that lies below its peaks."""

from __future__ import annotations

import numpy as np

from matloop.features.base import Array

#: The smoothness λ and asymmetry p with which Eilers & Boelens 2005 start.
SMOOTHNESS, ASYMMETRY = 1e5, 0.01
#: The weights nearly always settle sooner.
MOST_ROUNDS = 50


def baseline(x: Array, y: Array, smoothness: float = SMOOTHNESS, asymmetry: float = ASYMMETRY) -> Array:
    """The baseline (n,) of a curve by asymmetric least squares.

    It minimizes Σ wᵢ (yᵢ − zᵢ)² + λ Σ (Δ²zᵢ)², with the weight p of points above it and 1 − p of those below: Eilers &
    Boelens, Baseline correction with asymmetric least squares smoothing (Leiden University Medical Centre, 2005). Δ² is
    the second difference, divided by the spacing of x over its mean where that is uneven. λ is of the order of 10² to
    10⁹, larger for more points: a baseline that is smooth over m points needs about (m/6)⁴. Raises ValueError where λ
    or p cannot be.
    """
    if not (smoothness > 0 and 0 < asymmetry < 1):
        raise ValueError("the smoothness is positive, and the asymmetry lies between 0 and 1")
    from scipy.linalg import solveh_banded

    bands = smoothness * _curvature(x)
    weights = np.ones(len(y))
    for _ in range(MOST_ROUNDS):
        weighted = bands.copy()
        weighted[2] += weights
        fitted: Array = solveh_banded(weighted, weights * y)
        new = np.where(y > fitted, asymmetry, 1 - asymmetry)
        if np.array_equal(new, weights):
            break
        weights = new
    return fitted


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
