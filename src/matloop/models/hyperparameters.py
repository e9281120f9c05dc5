"""The search for a Gaussian process's hyperparameters: maximum a posteriori, with analytic gradients.

θ = (log ℓ_1, …, log ℓ_G, log σ²): a length scale for each of the G groups of inputs (automatic relevance determination)
and the noise variance of standardized outcomes.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matloop.models import triangle
from matloop.models.climb import climb
from matloop.models.kernels import Kernel

Array = NDArray[np.float64]

MINIMUM_NOISE = 1e-8
"""No noise variance (of standardized outcomes) counts as smaller: two equal rows then still have a factor."""

LENGTH_SCALE_BOUNDS = (5e-3, 1e3)
NOISE_BOUNDS = (1e-6, 10.0)


class LogNormal(NamedTuple):
    """The density of x > 0 whose logarithm is normal."""

    location: float
    scale: float


SHORT = LogNormal(-0.336, 0.7)
"""The length scale of a single group of inputs, unless another prior is asked for."""


def length_scale_prior(n_groups: int) -> LogNormal:
    """Length scales grow with √G, so that the model is as complex in many dimensions as in few.

    The growth is that of Hvarfner, Hellsten & Nardi 2024, Vanilla Bayesian Optimization Performs Great in High
    Dimensions, ICML (arXiv:2402.02229); their location √2 and width √3 gave way to shorter and surer scales, which
    found more on fourteen published sets: docs/decisions/0011.
    """
    return _longer(SHORT, n_groups)


NOISE_PRIOR = LogNormal(-4.0, 1.0)
"""Noise is a small share of the outcomes' variance unless they say otherwise (same source)."""


class Prior:
    """log p(θ) of independent hyperparameters, whose logarithms θ (k,) are normal."""

    def __init__(self, each: Sequence[LogNormal]) -> None:
        self._location, self._scale = np.array(each).T

    def log_normal_density(self, theta: Array) -> float:
        """log p of the logarithms θ (k,) themselves, with its constant: what an evidence needs."""
        z = (theta - self._location) / self._scale
        return float(-0.5 * z @ z - np.log(self._scale).sum() - 0.5 * len(z) * math.log(2.0 * math.pi))

    @property
    def least_precision(self) -> Array:
        """1/variance of each θ (k,): what is known of it before any outcome."""
        return np.asarray(self._scale**-2.0)

    @property
    def mode(self) -> Array:
        """θ (k,) where the hyperparameters themselves are most probable."""
        return self._location - self._scale**2

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """log p(θ) up to a constant, and its gradient (k,)."""
        z = (theta - self._location) / self._scale
        return float(-theta.sum() - 0.5 * z @ z), -1.0 - z / self._scale


def prior(n_groups: int, length_scale: LogNormal | None = None) -> Prior:
    """That of ℓ_1, …, ℓ_G and σ²; `length_scale` is that of the only ℓ of one group, √G times as long for G."""
    each = length_scale_prior(n_groups) if length_scale is None else _longer(length_scale, n_groups)
    return Prior([each] * n_groups + [NOISE_PRIOR])


def _longer(length_scale: LogNormal, n_groups: int) -> LogNormal:
    return LogNormal(length_scale.location + 0.5 * math.log(n_groups), length_scale.scale)


def noise(known: Array, theta: Array) -> Array:
    """Noise variances (n,) of standardized outcomes: the known ones, σ² where they are NaN."""
    return np.maximum(np.where(np.isnan(known), math.exp(theta[-1]), known), MINIMUM_NOISE)


def log_marginal_likelihood(diagonal: Array, alpha: Array, z: Array) -> float:
    """log p(z | X, θ) from the diagonal (n,) of the Cholesky factor of K, α = K⁻¹z (n,) and z (n,)."""
    return float(-0.5 * z @ alpha - np.log(diagonal).sum() - 0.5 * len(z) * math.log(2.0 * math.pi))


class Posterior:
    """log p(y | X, θ) + log p(θ) of standardized outcomes, as a function of θ.

    `squares` (G, n, n) are the squared distances in each group, z (n,) the outcomes and `known_noise` (n,) their noise
    variances, NaN where σ² holds; the prior is `prior(G)` unless another one is given.
    """

    def __init__(
        self, squares: Array, z: Array, known_noise: Array, kernel: Kernel, prior_of_theta: Prior | None = None
    ) -> None:
        self._z, self._kernel = z, kernel
        # (G, n (n + 1)/2): both sums over groups and sums over pairs are then one matrix-vector product
        self._squares = np.empty((len(squares), len(z) * (len(z) + 1) // 2))
        for g, D in enumerate(squares):
            self._squares[g] = triangle.packed(D)
        self._diagonal = triangle.diagonal(len(z))
        self._known_noise, self._is_learned = known_noise, np.isnan(known_noise).astype(float)
        self.prior = prior_of_theta or prior(len(squares))

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The log posterior density and its gradient (G + 1,); −inf and zeros where K has no factor."""
        precision = np.exp(-2.0 * theta[:-1])
        K, slope = self._kernel.profile(precision @ self._squares)
        K[self._diagonal] += noise(self._known_noise, theta)
        L = triangle.factor(len(self._z), K)
        if L is None:
            return -math.inf, np.zeros_like(theta)
        likelihood, gradient = self._likelihood(L, slope, precision, math.exp(theta[-1]))
        density, density_gradient = self.prior.value_and_gradient(theta)
        return likelihood + density, gradient + density_gradient

    def _likelihood(self, L: Array, slope: Array, precision: Array, noise_variance: float) -> tuple[float, Array]:
        """log p(z | X, θ), and ½ tr((ααᵀ − K⁻¹) ∂K/∂θ) with α = K⁻¹z (Rasmussen & Williams 2006, eq. 5.9)."""
        alpha = triangle.solve(L, self._z)
        likelihood = log_marginal_likelihood(L[self._diagonal], alpha, self._z)
        weight = triangle.outer_less_inverse(alpha, L)
        gradient = np.empty(len(precision) + 1)
        gradient[-1] = 0.5 * noise_variance * (weight[self._diagonal] @ self._is_learned)
        # ∂K/∂log ℓ is symmetric with a zero diagonal: its lower triangle, doubled, gives the whole sum
        weight *= slope
        gradient[:-1] = -2.0 * precision * (self._squares @ weight)
        return likelihood, gradient


def start(n_groups: int) -> Array:
    """θ (G + 1,) at the modes of the priors."""
    return prior(n_groups).mode


def search(posterior: Posterior, start: Array) -> Array:
    """The θ (G + 1,) of the highest density near the start, closer than what a prediction could show."""
    low, high = np.log([LENGTH_SCALE_BOUNDS] * (len(start) - 1) + [NOISE_BOUNDS]).T
    return climb(posterior.value_and_gradient, start, low, high, gain=1e-5, flat=1e-2)
