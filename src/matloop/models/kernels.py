"""Stationary kernels: functions of one number, the squared distance in units of the length scales.

    k(a, b) = f(s),    f(0) = 1

Each kernel states only f and its slope f′, and every gradient follows by the chain rule. What s is for numbers, choices
and molecules stands in `geometry`.
Source of both formulas: Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, §4.2.
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Kernel(ABC):
    """A stationary kernel of unit variance."""

    @abstractmethod
    def profile(self, s: Array) -> tuple[Array, Array]:
        """f(s) and its slope f′(s), both of the shape of s ≥ 0."""

    def __call__(self, s: Array) -> Array:
        """k = f(s), of the shape of s ≥ 0."""
        return self.profile(s)[0]


class Matern52(Kernel):
    """f = (1 + r + r²/3) e^(−r) with r = √(5s): outcomes twice differentiable, as most physical ones are."""

    def profile(self, s: Array) -> tuple[Array, Array]:
        # in two arrays as far as can be: asking the system for more memory takes longer than the arithmetic
        slope = np.sqrt(5.0 * s)  # r
        value = np.exp(-slope)  # e^(−r)
        slope += 1.0
        slope *= value
        value *= s
        value *= 5.0 / 3.0
        value += slope
        slope *= -5.0 / 6.0
        return value, slope


class SquaredExponential(Kernel):
    """f = e^(−s/2): outcomes smooth to every order."""

    def profile(self, s: Array) -> tuple[Array, Array]:
        value = np.exp(-0.5 * s)
        return value, -0.5 * value


KERNELS: dict[str, Kernel] = {"matern52": Matern52(), "squared_exponential": SquaredExponential()}


def named(name: str) -> Kernel:
    """The kernel of this name; raises ValueError with all names where there is none."""
    if name not in KERNELS:
        raise ValueError(f"there is no kernel {name!r}: choose one of {', '.join(KERNELS)}")
    return KERNELS[name]
