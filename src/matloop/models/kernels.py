"""Stationary kernels with one length scale per input (automatic relevance determination, ARD).

Such a kernel is a function of one number, the squared distance in units of the length scales,

    k(a, b) = f(s),    s = Σ_i (a_i − b_i)² / ℓ_i²,    f(0) = 1,

so each kernel states only f and its slope f′, and every gradient follows by the chain rule.

Symbols: A (n, d) and B (m, d) are inputs, ℓ (d,) the length scales.
Source of both formulas: Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, §4.2.
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def squared_distances(A: Array, B: Array, length_scale: Array) -> Array:
    """s (n, m) between the rows of A (n, d) and of B (m, d), in units of the length scales (d,)."""
    a, b = A / length_scale, B / length_scale
    s = (-2.0 * a) @ b.T
    s += np.einsum("ij,ij->i", a, a)[:, None]
    s += np.einsum("ij,ij->i", b, b)
    return np.maximum(s, 0.0, out=s)


def weighted_input_gradient(slope: Array, weights: Array, A: Array, B: Array, length_scale: Array) -> Array:
    """Σ_j w_ij ∂k(a_i, b_j)/∂a_i (n, d), from slope = f′(s) (n, m) and weights w (n, m).

    As ∂k/∂a = 2 f′(s) (a − b) / ℓ², the sum needs no array of n × m × d numbers.
    """
    pull = slope * weights
    return 2.0 * (pull.sum(axis=1)[:, None] * A - pull @ B) / length_scale**2


class Kernel(ABC):
    """A stationary ARD kernel of unit variance."""

    @abstractmethod
    def profile(self, s: Array) -> tuple[Array, Array]:
        """f(s) and its slope f′(s), both of the shape of s ≥ 0."""

    def __call__(self, A: Array, B: Array, length_scale: Array) -> Array:
        """k (n, m) between the rows of A (n, d) and of B (m, d)."""
        return self.profile(squared_distances(A, B, length_scale))[0]


class Matern52(Kernel):
    """f = (1 + r + r²/3) e^(−r) with r = √(5s): outcomes twice differentiable, as most physical ones are."""

    def profile(self, s: Array) -> tuple[Array, Array]:
        r = np.sqrt(5.0 * s)
        decay = np.exp(-r)
        slope = (1.0 + r) * decay
        value = s * decay
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
