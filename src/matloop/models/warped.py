"""A Gaussian process of bent outcomes: for those that spread over decades, or among which a few lie far out.

Outcomes y are bent by w(y) = asinh((y − m) / s), with their median m and s = 1.4826 × their median absolute deviation:
straight around the median, logarithmic far from it, and as good for negative numbers. What is normal for w is not for
y: means given here are medians, and standard deviations half the distance between the quantiles of ± 1σ.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matloop.core.block import Block
from matloop.models.gaussian_process import GaussianProcess

Array = NDArray[np.float64]

#: Bending must explain the outcomes better by this logarithm of a ratio of likelihoods: 20 to 1.
ENOUGH_EVIDENCE = 3.0

#: The median absolute deviation of normal numbers, times this, is their standard deviation.
_NORMAL = 1.4826


@dataclass(frozen=True)
class Warp:
    """w(y) = asinh((y − median) / spread)."""

    median: float
    spread: float

    @classmethod
    def of(cls, y: Array) -> Warp | None:
        """That of outcomes y (n,); None where half of them are equal, so that they have no spread."""
        median = float(np.median(y))
        spread = _NORMAL * float(np.median(np.abs(y - median)))
        return cls(median, spread) if spread > 1e-13 * (1e-300 + float(np.abs(y).max())) else None

    def bend(self, y: Array) -> Array:
        return np.arcsinh((y - self.median) / self.spread)

    def straighten(self, w: Array) -> Array:
        return self.median + self.spread * np.sinh(np.clip(w, -700.0, 700.0))

    def log_slope(self, y: Array) -> Array:
        """log w′(y)."""
        return -np.log(np.hypot(1.0, (y - self.median) / self.spread)) - np.log(self.spread)

    def bend_variance(self, variance: Array, y: Array) -> Array:
        """The variances of w(y) where those of y (n,) are these; infinite where they are beyond all numbers."""
        with np.errstate(over="ignore"):
            return variance * np.exp(np.minimum(2.0 * self.log_slope(y), 700.0))


class WarpedGaussianProcess:
    """A `GaussianProcess` of w(y), with the same face: what goes in and comes out is y."""

    def __init__(self, warp: Warp, inner: GaussianProcess) -> None:
        self._warp, self._inner = warp, inner

    @property
    def warp(self) -> Warp:
        return self._warp

    @property
    def inner(self) -> GaussianProcess:
        """The model of the bent outcomes, in which what is drawn is normal."""
        return self._inner

    @property
    def outcome_mean_(self) -> float:
        return float(self._warp.straighten(np.array(self._inner.outcome_mean_)))

    @property
    def outcome_scale_(self) -> float:
        """Half the distance between y at ± 1 of bent and standardized outcomes."""
        centre, scale = self._inner.outcome_mean_, self._inner.outcome_scale_
        return float(self._between(np.array(centre), np.array(scale)))

    @property
    def noise_variance_(self) -> float:
        """Of a measurement of an ordinary outcome: the median."""
        return float(self._between(np.array(0.0), np.array(self._inner.noise_variance_**0.5))) ** 2

    @property
    def length_scale_(self) -> Array:
        return self._inner.length_scale_

    @property
    def log_marginal_likelihood_(self) -> float:
        return self._inner.log_marginal_likelihood_

    @property
    def theta_(self) -> Array:
        return self._inner.theta_

    @property
    def fallback_(self) -> str | None:
        return self._inner.fallback_

    def relevance(self) -> Array:
        return self._inner.relevance()

    def latent(self, X: Array, is_rough: bool = False) -> tuple[Array, Array]:
        """Mean and standard deviation (m,) of bent and standardized outcomes, for which both are exact."""
        return self._inner.latent(X, is_rough)

    def condition(self, X: ArrayLike, y: ArrayLike | None = None, noise_variance: ArrayLike | None = None) -> Self:
        """A new model which also knows X (k, d) and y (k,); without y, the medians as if they had been measured."""
        new = copy.copy(self)
        bent = None if y is None else self._warp.bend(np.asarray(y, dtype=float))
        if noise_variance is not None:
            at = self.predict(X) if y is None else np.asarray(y, dtype=float)
            noise_variance = self._warp.bend_variance(np.asarray(noise_variance, dtype=float), at)
        new._inner = self._inner.condition(X, bent, noise_variance)
        return new

    def predict(self, X: ArrayLike, return_std: bool = False, return_cov: bool = False) -> Any:
        """The median (m,) at X (m, d); where asked, with standard deviation (m,) or covariance (m, m)."""
        if return_cov:
            mean, covariance = self._inner.predict(X, return_cov=True)
            std = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
            stretch = self._between(mean, std) / std
            return self._warp.straighten(mean), covariance * np.outer(stretch, stretch)
        mean, std = self._inner.predict(X, return_std=True)
        median = self._warp.straighten(mean)
        return (median, self._between(mean, std)) if return_std else median

    def predict_with_gradient(self, X: ArrayLike) -> tuple[Array, Array, Array, Array]:
        """Median (m,), standard deviation (m,) and the gradient of each wrt X (m, d)."""
        mean, std, mean_gradient, std_gradient = self._inner.predict_with_gradient(X)

        def slope(w: Array) -> Array:
            return (self._warp.spread * np.cosh(np.clip(w, -700.0, 700.0)))[:, None]

        rise = slope(mean + std) * (mean_gradient + std_gradient)
        fall = slope(mean - std) * (mean_gradient - std_gradient)
        median = self._warp.straighten(mean)
        return median, self._between(mean, std), slope(mean) * mean_gradient, 0.5 * (rise - fall)

    def _between(self, mean: Array, std: Array) -> Array:
        return 0.5 * (self._warp.straighten(mean + std) - self._warp.straighten(mean - std))


AnyGaussianProcess = GaussianProcess | WarpedGaussianProcess


def fit_by_evidence(
    X: Array, y: Array, noise_variance: Array | None = None, blocks: Sequence[Block] | None = None
) -> AnyGaussianProcess:
    """A model of y (n,) at X (n, d), bent where the outcomes themselves speak for it.

    The two are compared by the likelihood of y, which for bent outcomes includes the slopes (Snelson, Rasmussen &
    Ghahramani 2004, Warped Gaussian Processes, NeurIPS). Where not even as independent draws of a normal distribution
    the bent ones fare better, the second model is not fitted. `noise_variance` as for `GaussianProcess.fit`.
    """
    plain = GaussianProcess(blocks=blocks).fit(X, y, noise_variance)
    warp = Warp.of(y) if len(y) > 4 else None
    if warp is None:
        return plain
    bent, slopes = warp.bend(y), warp.log_slope(y)
    gain = float(slopes.sum())
    scale = float(bent.std())
    if gain + len(y) * np.log(plain.outcome_scale_ / scale) <= 0.0:
        return plain
    noise = None if noise_variance is None else warp.bend_variance(noise_variance, y)
    inner = GaussianProcess(blocks=blocks).fit(X, bent, noise)
    gain += inner.log_marginal_likelihood_ - len(y) * np.log(scale)
    against = plain.log_marginal_likelihood_ - len(y) * np.log(plain.outcome_scale_)
    return WarpedGaussianProcess(warp, inner) if gain > against + ENOUGH_EVIDENCE else plain
