"""A Gaussian process behind yes and no, by Laplace's approximation: its mode, its evidence and the gradient of that.

A latent f ~ N(m, K) stands behind labels t of 0 and 1: P(t = 1 | f) = 1 / (1 + e^(−f)). The posterior of f is taken as
normal around its mode f̂, with the curvature there.
Formulas: Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, §3.4 and §5.5.1 (algorithms 3.1 and 5.1).

Symbols: n labels, G groups of inputs, θ = (log ℓ_1, …, log ℓ_G, log s²) with length scales ℓ and the variance s² of f.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matloop.models import cholesky
from matloop.models.climb import climb
from matloop.models.hyperparameters import LENGTH_SCALE_BOUNDS, LogNormal, Prior
from matloop.models.kernels import Kernel

Array = NDArray[np.float64]

VARIANCE_PRIOR = LogNormal(math.log(30.0), 0.5)
"""What fails at a point fails there again, nearly always: f may take large values on either side of the border."""

VARIANCE_BOUNDS = (1e-2, 1e3)

MOST_STEPS, ENOUGH = 100, 1e-10
"""Newton's steps end after so many, or where one gains less than this of the log density."""


@dataclass(frozen=True)
class Mode:
    """Where the posterior of f is highest.

    f (n,); `pull` (n,) = t − P(1 | f) = K⁻¹(f − m); `root` (n,), the square root of the curvature W of −log P(t | f);
    L (n, n), the Cholesky factor of I + √W K √W; `log_evidence`, Laplace's log P(t | X, θ).
    """

    f: Array
    pull: Array
    root: Array
    L: Array
    log_evidence: float


def find_mode(K: Array, t: Array, mean: float, start: Array | None = None) -> Mode | None:
    """The mode by Newton's method from `start`, the `pull` of a similar one; None where rounding forbids a factor.

    The log density is concave, and a step that would lower it is halved: it always arrives.
    """
    pull = np.zeros_like(t) if start is None else start
    density, f = _log_density(K, t, mean, pull)
    for _ in range(MOST_STEPS):
        at = _expand(K, t, f)
        if at is None:
            return None
        residual, root, L = at
        target = root**2 * (f - mean) + residual
        step = target - root * cholesky.solve(L, root * (K @ target)) - pull
        before, size = density, 1.0
        while size > 1e-6:
            density, f = _log_density(K, t, mean, pull + size * step)
            if density >= before:
                break
            size *= 0.5
        pull = pull + size * step
        if density - before < ENOUGH:
            break
    at = _expand(K, t, f)
    if at is None:
        return None
    residual, root, L = at
    return Mode(f, residual, root, L, density - float(np.log(L.diagonal()).sum()))


def _log_density(K: Array, t: Array, mean: float, pull: Array) -> tuple[float, Array]:
    """log P(t | f) − ½ (f − m)ᵀ K⁻¹ (f − m) and f (n,), for f = m + K pull."""
    difference = K @ pull
    f = mean + difference
    return float(-0.5 * pull @ difference - np.logaddexp(0.0, np.where(t > 0.5, -f, f)).sum()), f


def _expand(K: Array, t: Array, f: Array) -> tuple[Array, Array, Array] | None:
    """t − P(1 | f), √W and the factor of I + √W K √W."""
    p = probability(f)
    root = np.sqrt(p * (1.0 - p))
    B = root[:, None] * K * root
    B.flat[:: len(B) + 1] += 1.0
    L = cholesky.factor(B)
    return None if L is None else (t - p, root, L)


def probability(f: Array) -> Array:
    """1 / (1 + e^(−f)), without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * f)))


def prior(n_groups: int) -> Prior:
    """That of ℓ_1, …, ℓ_G and s². Length scales are half those of outcomes: the border of a region bends sooner.

    These and the variance wasted a fifth fewer trials than wider ones (benchmarks/failures.py), at equal best points.
    """
    length_scale = LogNormal(-0.95 + 0.5 * math.log(n_groups), 0.65)
    return Prior([length_scale] * n_groups + [VARIANCE_PRIOR])


class Posterior:
    """log P(t | X, θ) + log p(θ) as a function of θ.

    `squares` (G, n, n) are the squared distances in each group and t (n,) the labels, 0 or 1.
    """

    def __init__(self, squares: Array, t: Array, mean: float, kernel: Kernel) -> None:
        self._t, self._mean, self._kernel = t, mean, kernel
        self._squares = squares.reshape(len(squares), -1)
        self._prior = prior(len(squares))
        self._start: Array | None = None

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """The log posterior density and its gradient (G + 1,); −inf and zeros where there is no mode."""
        precision, variance = np.exp(-2.0 * theta[:-1]), math.exp(theta[-1])
        n = len(self._t)
        unit, slope = self._kernel.profile((precision @ self._squares).reshape(n, n))
        K = variance * unit
        mode = find_mode(K, self._t, self._mean, self._start)
        if mode is None:
            return -math.inf, np.zeros_like(theta)
        self._start = mode.pull
        weight = _weight(K, mode)
        gradient = np.empty_like(theta)
        gradient[:-1] = -2.0 * variance * precision * (self._squares @ (weight * slope).ravel())
        gradient[-1] = np.vdot(weight, K)
        density, density_gradient = self._prior.value_and_gradient(theta)
        return mode.log_evidence + density, gradient + density_gradient


def _weight(K: Array, mode: Mode) -> Array:
    """M (n, n) with ∂ log P(t | X, θ)/∂θ_j = Σ M ∘ ∂K/∂θ_j, the sum of algorithm 5.1 taken once for all j.

    With a = K⁻¹(f̂ − m), R = (K + W⁻¹)⁻¹ and s = ∂ log P/∂f̂ it is M = ½ (a aᵀ − R) + u aᵀ for u = (I − R K) s.
    """
    R = cholesky.solve(mode.L, np.diag(mode.root)) * mode.root[:, None]
    C = cholesky.solve_lower(mode.L, mode.root[:, None] * K)
    p = probability(mode.f)
    s = 0.5 * (K.diagonal() - np.einsum("ij,ij->j", C, C)) * mode.root**2 * (2.0 * p - 1.0)
    u = s - R @ (K @ s)
    return 0.5 * (np.outer(mode.pull, mode.pull) - R) + np.outer(u, mode.pull)


def start(n_groups: int) -> Array:
    """θ (G + 1,) at the modes of the priors."""
    return prior(n_groups).mode


def search(posterior: Posterior, start: Array) -> Array:
    """The θ (G + 1,) of the highest density near the start, closer than what a prediction could show."""
    low, high = np.log([LENGTH_SCALE_BOUNDS] * (len(start) - 1) + [VARIANCE_BOUNDS]).T
    return climb(posterior.value_and_gradient, start, low, high, gain=1e-4, flat=2e-2)
