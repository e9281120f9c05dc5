"""By how much one goal is expected to exceed a level: the part of which every expected improvement is made.

For a goal of utility u(f), f normal with mean and std > 0, it is Ψ(b) = E[max(u − b, 0)]. Arrays of any shapes that
fit each other go in; all come out in the goal's unit, and logarithms without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import log, pi
from typing import Any, Protocol

import numpy as np

from matloop.planners.acquisition import log_expected_improvement, log_expected_improvement_gradient

#: Where the variable of the polynomial is half way, and its degree: relative error below 1e-10 (tested).
_HALF_WAY, _DEGREE = 4.0, 16

_HALF_LOG_2PI = 0.5 * log(2.0 * pi)

#: Further below zero no excess is worked out: numbers so small that they lose digits take many times as long.
_LOWEST = 37.0

#: A tent is its height times the density at its top where the difference of ramps keeps fewer than six digits.
_CANCELLED = 1e-10


class Excess(Protocol):
    """A goal's utility as a function of its normal outcome."""

    def utility(self, outcome: np.ndarray) -> np.ndarray: ...

    def __call__(self, mean: np.ndarray, std: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Ψ(level), fast, for many points; where it underflows, differences of it are zero."""

    def log(self, mean: np.ndarray, std: np.ndarray, level: np.ndarray) -> np.ndarray:
        """log Ψ(level), finite however small."""

    def log_gradient(
        self, mean: np.ndarray, std: np.ndarray, level: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same, and its derivatives wrt mean and std."""


@dataclass(frozen=True)
class Ramp:
    """The higher the better (sign 1), or the lower the better (sign −1): utility ± f."""

    sign: float = 1.0

    def utility(self, outcome: np.ndarray) -> np.ndarray:
        return self.sign * outcome

    def __call__(self, mean: np.ndarray, std: np.ndarray, level: np.ndarray) -> np.ndarray:
        return std * unit_excess((self.sign * mean - level) / std)

    def log(self, mean: np.ndarray, std: np.ndarray, level: np.ndarray) -> np.ndarray:
        return np.log(std) + log_unit_excess((self.sign * mean - level) / std)

    def log_gradient(
        self, mean: np.ndarray, std: np.ndarray, level: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        value, by_mean, by_std = log_expected_improvement_gradient(self.sign * mean - level, std, 0.0)
        return value, self.sign * by_mean, by_std


@dataclass(frozen=True)
class Tent:
    """As near to a value as possible: utility −|f − value|, which is no normal variable but a tent over one.

    With x = f − value and a level −d ≤ 0: (d − |x|)₊ = (x + d)₊ − 2 (x)₊ + (x − d)₊, a sum of three ramps. A level
    above zero is never reached, and counts as zero.
    """

    value: float

    def utility(self, outcome: np.ndarray) -> np.ndarray:
        return -np.abs(outcome - self.value)

    def __call__(self, mean: np.ndarray, std: np.ndarray, level: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            z = np.maximum(-np.abs(mean - self.value) / std, -1e100)
            d = np.minimum(np.maximum(-level, 0.0) / std, 1e100)
        folded = unit_excess(z + d) - 2.0 * unit_excess(z) + unit_excess(z - d)
        return std * np.where(d < 1e-3, d**2 * np.exp(-0.5 * z**2 - _HALF_LOG_2PI), np.maximum(folded, 0.0))

    def log(self, mean: np.ndarray, std: np.ndarray, level: np.ndarray) -> np.ndarray:
        return self.log_gradient(mean, std, level)[0]

    def log_gradient(
        self, mean: np.ndarray, std: np.ndarray, level: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        side = np.where(mean > self.value, -1.0, 1.0)
        x, d = side * (mean - self.value), np.maximum(-level, 1e-100)
        value, by_x, by_std = self._of_ramps(x, std, d)
        return value, side * by_x, by_std

    def _of_ramps(self, x: np.ndarray, std: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same for x ≤ 0, where the ramp that begins at −d is the largest of the three."""
        (first, *first_slopes), *others = [log_expected_improvement_gradient(x + s, std, 0.0) for s in (d, 0 * d, -d)]
        shares = [weight * np.exp(other[0] - first) for weight, other in zip((-2.0, 1.0), others, strict=True)]
        left = 1.0 + shares[0] + shares[1]
        is_thin = left < _CANCELLED
        slopes = [
            (slope + shares[0] * others[0][i] + shares[1] * others[1][i]) / np.where(is_thin, 1.0, left)
            for i, slope in enumerate(first_slopes, start=1)
        ]
        z = x / std
        thin = 2.0 * np.log(d) - 0.5 * z**2 - np.log(std) - _HALF_LOG_2PI, -z / std, (z**2 - 1.0) / std
        direct = first + np.log(np.where(is_thin, 1.0, left)), *slopes
        value, by_x, by_std = (np.where(is_thin, a, b) for a, b in zip(thin, direct, strict=True))
        return value, by_x, by_std


def unit_excess(z: np.ndarray) -> np.ndarray:
    """h(z) = φ(z) + z Φ(z): the excess over zero of a normal variable of mean z and variance one.

    By h(z) = z + h(−z) for z > 0, and below by its ratio to the density, a polynomial: half the time that the error
    function takes. Below z = −37, where it is 1e-301, it no longer falls.
    """
    below = np.minimum(np.abs(z), _LOWEST)
    excess = _to_density(below) * np.exp(-0.5 * below * below - _HALF_LOG_2PI)
    excess += np.maximum(z, 0.0)
    return excess


def log_unit_excess(z: np.ndarray) -> np.ndarray:
    """log h(z), finite for z > −1e100."""
    below = np.clip(-z, 0.0, 1e100)
    tail = np.log(_to_density(below)) - 0.5 * below * below - _HALF_LOG_2PI
    return np.where(z < 0.0, tail, np.log(unit_excess(np.maximum(z, 0.0))))


def _to_density(below: np.ndarray) -> np.ndarray:
    """h(−z)/φ(z) for z ≥ 0."""
    t = _HALF_WAY / (below + _HALF_WAY)
    u = 2.0 * t - 1.0
    first, *others = _coefficients()
    ratio = np.full_like(u, first)
    for coefficient in others:
        ratio *= u
        ratio += coefficient
    ratio *= t
    ratio *= t
    return ratio


@cache
def _coefficients() -> tuple[float, ...]:
    """Of the polynomial (h/φ)/t² in u = 2t − 1, t = c/(c − z), the highest power first."""
    from numpy.polynomial import chebyshev

    def ratio(u: Any) -> Any:
        t = 0.5 * (u + 1.0)
        z = _HALF_WAY - _HALF_WAY / t
        return np.exp(log_expected_improvement(z, 1.0, 0.0) + 0.5 * z**2 + _HALF_LOG_2PI) / t**2

    return tuple(chebyshev.cheb2poly(chebyshev.chebinterpolate(ratio, _DEGREE))[::-1].tolist())
