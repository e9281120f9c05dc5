"""A Gaussian process that was told what to expect: averaged, by evidence, with one that was not.

    told      y = c + b m(x) + r(x) + ε    m the prior mean, b ≥ 0 a slope, r a Gaussian process
    untold    y = c + f(x) + ε

Both are fitted. The told one weighs w = p₁ L₁ / (p₁ L₁ + (1 − p₁) L₀), with the likelihoods L of all outcomes and the
trust p₁ that it had before any (Bayesian model averaging: Hoeting, Madigan, Raftery & Volinsky 1999,
doi:10.1214/ss/1009212519). So a misleading m loses its weight within a few outcomes, and what is left of it has a slope
near zero. Modelling what a prior mean leaves over is the stacking of Golovin et al. 2017, Google Vizier,
doi:10.1145/3097983.3098043.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matloop.core.block import Block
from matloop.models.gaussian_process import GaussianProcess

Array = NDArray[np.float64]

#: The slope before any outcome, for m of unit spread and standardized outcomes, counts as so many outcomes.
SLOPE, SLOPE_COUNTS = 0.7, 2.0
#: That m leaves over as wide a spread as outcomes have counts as so many of them; at slope zero both models agree.
SPREAD_COUNTS = 2.0


@dataclass(frozen=True)
class _Told:
    """What is expected is `slope` (m − `centre`) in units of y, and `residual` models what that leaves over."""

    slope: float
    centre: float
    residual: GaussianProcess

    @classmethod
    def fit(cls, x: Array, m: Array, y: Array, noise: Array | None, untold: GaussianProcess) -> _Told:
        """Slope and residual in turn: first as if outcomes were independent, then with their covariance."""
        spread, centre = untold.outcome_scale_, float(m.mean())
        told = cls(_slope((m - centre) / spread**2, m - centre, y - y.mean(), spread), centre, untold)
        told = told._refit(x, m, y, noise, spread)
        slope = _slope(told.residual.solve(m - centre), m - centre, y - y.mean(), spread)
        return cls(slope, centre, told.residual)._refit(x, m, y, noise, spread)

    def _refit(self, x: Array, m: Array, y: Array, noise: Array | None, spread: float) -> _Told:
        left = y - self.expected(m)
        squares = np.sum((left - left.mean()) ** 2) + SPREAD_COUNTS * spread**2
        scale = math.sqrt(squares / (len(y) + SPREAD_COUNTS))
        start = self.residual.theta_
        model = GaussianProcess(blocks=self.residual.blocks).fit(x, left, noise, start=start, scale=scale)
        return _Told(self.slope, self.centre, model)

    def expected(self, m: Array) -> Array:
        return self.slope * (m - self.centre)

    def log_evidence(self, m: Array, spread: float) -> float:
        """log p(y), the slope integrated out around its value: normal, as it is before any outcome."""
        known = float(self.residual.solve(m - self.centre) @ (m - self.centre)) * spread**2
        surprise = SLOPE_COUNTS * (self.slope / spread - SLOPE) ** 2
        occam = 0.5 * math.log(SLOPE_COUNTS / (known + SLOPE_COUNTS)) - 0.5 * surprise
        return _log_likelihood(self.residual, len(m)) + occam


def _slope(weights: Array, m: Array, y: Array, spread: float) -> float:
    """The slope ≥ 0 of y (n,) over m (n,) by generalized least squares, from K⁻¹m (n,) and what is expected of it."""
    precision = SLOPE_COUNTS / spread**2
    return max(0.0, float((weights @ y + precision * SLOPE * spread) / (weights @ m + precision)))


def _log_likelihood(model: GaussianProcess, n: int) -> float:
    """Of outcomes y (n,) in their own unit."""
    return model.log_marginal_likelihood_ - n * math.log(model.outcome_scale_)


class InformedGaussianProcess:
    """The average of both, with the face of a `GaussianProcess`.

    Inputs X (n, d + k) hold what a model sees in their first `n_inputs` columns, and in the column `prior` the prior
    mean, with zero mean and unit spread over all that may be tried. `weight_` is w, `trust` is p₁.
    """

    def __init__(self, n_inputs: int, prior: int | None, blocks: Sequence[Block], trust: float = 0.75) -> None:
        self.n_inputs, self.prior, self.blocks, self.trust = n_inputs, prior, blocks, trust

    def fit(self, X: Array, y: Array, noise_variance: Array | None = None) -> Self:
        """Learn from X (n, d + k) and y (n,), with the noise of each outcome (n,) where known (NaN elsewhere)."""
        x, m = self._split(X)
        self._untold = GaussianProcess(blocks=self.blocks).fit(x, y, noise_variance)
        self._told: _Told | None = None
        self.weight_ = 0.0
        if m is not None and np.ptp(y) > 0.0:
            self._told = _Told.fit(x, m, y, noise_variance, self._untold)
            self.weight_ = self._weight(m)
        return self

    def _weight(self, m: Array) -> float:
        assert self._told is not None
        if self._told.slope == 0.0:
            return 0.0
        gain = self._told.log_evidence(m, self.outcome_scale_) - _log_likelihood(self._untold, len(m))
        odds = math.log(self.trust / (1.0 - self.trust)) + gain
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, odds))))

    def _split(self, X: ArrayLike) -> tuple[Array, Array | None]:
        X = np.asarray(X)
        return X[:, : self.n_inputs], None if self.prior is None else X[:, self.prior]

    def condition(self, X: ArrayLike, y: ArrayLike | None = None, noise_variance: ArrayLike | None = None) -> Self:
        """A new model which also knows X (k, d) and y (k,), or without y what is expected; the weight stays."""
        x, m = self._split(X)
        y = self.predict(X) if y is None else np.asarray(y, dtype=float)
        new = copy.copy(self)
        new._untold = self._untold.condition(x, y, noise_variance)
        if self._told is not None and m is not None:
            residual = self._told.residual.condition(x, y - self._told.expected(m), noise_variance)
            new._told = _Told(self._told.slope, self._told.centre, residual)
        return new

    def predict(self, X: ArrayLike, return_std: bool = False, return_cov: bool = False) -> Any:
        """The mean (m,) at X (m, d + k); where asked, with standard deviation (m,) or covariance (m, m).

        What the two models disagree about is uncertain, too.
        """
        x, m = self._split(X)
        untold = self._untold.predict(x, return_std, return_cov)
        if self._told is None or m is None:
            return untold
        told, shift = self._told.residual.predict(x, return_std, return_cov), self._told.expected(m)
        w = self.weight_
        if not (return_std or return_cov):
            return w * (told + shift) + (1.0 - w) * untold
        apart = told[0] + shift - untold[0]
        mean = untold[0] + w * apart
        if return_std:
            return mean, np.sqrt(w * told[1] ** 2 + (1.0 - w) * untold[1] ** 2 + w * (1.0 - w) * apart**2)
        return mean, w * told[1] + (1.0 - w) * untold[1] + w * (1.0 - w) * np.outer(apart, apart)

    def latent(self, X: Array, is_rough: bool = False) -> tuple[Array, Array]:
        """Mean and standard deviation (m,) of standardized outcomes, as for `GaussianProcess`."""
        x, m = self._split(X)
        mean, std = self._untold.latent(x, is_rough)
        if self._told is None or m is None:
            return mean, std
        left, left_std = self._told.residual.latent(x, is_rough)
        scale, w = self._told.residual.outcome_scale_, self.weight_
        told = self._told.residual.outcome_mean_ + scale * left + self._told.expected(m)
        apart = (told - self.outcome_mean_) / self.outcome_scale_ - mean
        ratio = scale / self.outcome_scale_
        variance = w * (ratio * left_std) ** 2 + (1.0 - w) * std**2 + w * (1.0 - w) * apart**2
        return mean + w * apart, np.sqrt(variance)

    @property
    def _leading(self) -> GaussianProcess:
        return self._told.residual if self._told is not None and self.weight_ > 0.5 else self._untold

    @property
    def noise_variance_(self) -> float:
        """Of a measurement, by the model with more weight."""
        return self._leading.noise_variance_

    @property
    def outcome_mean_(self) -> float:
        return self._untold.outcome_mean_

    @property
    def outcome_scale_(self) -> float:
        return self._untold.outcome_scale_

    @property
    def fallback_(self) -> str | None:
        """In words how far the prior is trusted now, and what else an ordinary fit does not need."""
        told = None if self._told is None else f"the prior is trusted by {self.weight_:.0%}"
        return "; ".join(filter(None, [told, self._untold.fallback_])) or None

    @property
    def log_marginal_likelihood_(self) -> float:
        return self._leading.log_marginal_likelihood_

    @property
    def length_scale_(self) -> Array:
        return self._leading.length_scale_

    @property
    def theta_(self) -> Array:
        return self._leading.theta_

    def relevance(self) -> Array:
        """How much each group of inputs matters (G,) by the model with more weight: to what the prior leaves over."""
        return self._leading.relevance()
