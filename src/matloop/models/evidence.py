"""Which kernel and which prior explain the outcomes best: by evidence, not by likelihood.

A likelihood at its maximum always speaks for the freest model. The evidence integrates it over the hyperparameters θ,

    log p(z | X) = log ∫ p(z | X, θ) p(θ) dθ ≈ v + ½ gᵀH⁻¹g + ½ k log 2π − ½ log det H,

here by Laplace's method: v is the logarithm of the integrand at θ (k,), g its gradient and −H its second derivatives
(MacKay 1992, Bayesian Interpolation, doi:10.1162/neco.1992.4.3.415). The term with g is there since a search ends at
the most probable ℓ and σ², not at their most probable logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matloop.core.block import Block
    from matloop.models.gaussian_process import GaussianProcess
    from matloop.models.hyperparameters import Posterior

Array = NDArray[np.float64]
Candidate = tuple[str, tuple[float, float] | None]

#: The step of the differences of gradients, of logarithms of hyperparameters.
_STEP = 1e-4

#: In no direction less is known than half of what the prior knew: rounding must not make an integral of a ridge.
_LEAST = 0.5

#: So many outcomes, drawn at random, tell kernel and prior of more.
_ENOUGH = 100

#: Kernel, and location and scale of the log length scale: short and sure ones that suit most materials' data, wide ones
#: (Hvarfner, Hellsten & Nardi 2024, arXiv:2402.02229) under which a variable may not matter at all, and the same for
#: outcomes that are smooth.
CANDIDATES: tuple[Candidate, ...] = (
    ("matern52", None),
    ("matern52", (math.sqrt(2.0), math.sqrt(3.0))),
    ("squared_exponential", (math.sqrt(2.0), math.sqrt(3.0))),
)


def log_evidence(posterior: Posterior, theta: Array) -> float:
    """log p(z | X) around θ (k,); −inf where K has no factor."""
    density, gradient = posterior.value_and_gradient(theta)
    if not math.isfinite(density):
        return -math.inf
    # the density of ℓ and σ² has −Σθ more than that of their logarithms, and both lack the constant
    prior = posterior.prior
    value = density - prior.value_and_gradient(theta)[0] + prior.log_normal_density(theta)
    precision, directions = np.linalg.eigh(_curvature(posterior, theta))
    precision = np.maximum(precision, _LEAST * prior.least_precision.min())
    slope = directions.T @ (gradient + 1.0)
    volume = 0.5 * len(theta) * math.log(2.0 * math.pi) - 0.5 * np.log(precision).sum()
    return float(value + 0.5 * (slope**2 / precision).sum() + volume)


def _curvature(posterior: Posterior, theta: Array) -> Array:
    """H (k, k) by central differences of the gradient."""
    steps = _STEP * np.eye(len(theta))
    rows = [posterior.value_and_gradient(theta - s)[1] - posterior.value_and_gradient(theta + s)[1] for s in steps]
    H = np.array(rows) / (2.0 * _STEP)
    return np.asarray(0.5 * (H + H.T))


def fit_most_evident(
    X: Array, y: Array, noise_variance: Array | None = None, blocks: Sequence[Block] | None = None
) -> GaussianProcess:
    """The model of y (n,) at X (n, d), of those of `CANDIDATES`, for which the outcomes speak most.

    `noise_variance` as for `GaussianProcess.fit`. Where all outcomes are equal nothing speaks: the first.
    """
    if len(y) > _ENOUGH:
        rows = np.sort(np.random.default_rng(0).choice(len(y), _ENOUGH, replace=False))
        part = fit_most_evident(X[rows], y[rows], None if noise_variance is None else noise_variance[rows], blocks)
        return _fitted((part.kernel, part.length_scale_prior), X, y, noise_variance, blocks)
    first = _fitted(CANDIDATES[0], X, y, noise_variance, blocks)
    if first.fallback_:
        return first
    others = [_fitted(candidate, X, y, noise_variance, blocks) for candidate in CANDIDATES[1:]]
    return max([first, *others], key=lambda model: model.log_evidence())


def _fitted(
    candidate: Candidate, X: Array, y: Array, noise_variance: Array | None, blocks: Sequence[Block] | None
) -> GaussianProcess:
    from matloop.models.gaussian_process import GaussianProcess

    kernel, prior = candidate
    return GaussianProcess(kernel, blocks=blocks, length_scale_prior=prior).fit(X, y, noise_variance)
