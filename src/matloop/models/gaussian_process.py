"""The exact Gaussian process that planners think with: a scikit-learn regressor which takes milliseconds.

Outcomes y are standardized, z = (y − mean) / scale, and z = f(x) + ε with f of zero mean, unit variance and a
stationary kernel, ε normal of variance σ². Length scales and σ² maximize their posterior density: see
`hyperparameters`.
Formulas: Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, ch. 2 and 5.
"""

import copy
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matloop.core.block import Block
from matloop.models import cholesky, evidence, hyperparameters, kernels
from matloop.models.geometry import Geometry
from matloop.models.regressor import Regressor, inputs, outcomes

Array = NDArray[np.float64]

#: A noise variance (of standardized outcomes) beyond this one says no less: that nothing is learned.
_MOST_NOISE = 1e16


class GaussianProcess(Regressor):
    """Exact Gaussian process regression. It answers to any finite data, and `fallback_` says what that took.

    Parameters
    ----------
    kernel : "matern52" or "squared_exponential".
    n_search : with more observations than this, hyperparameters are searched on that many of them, drawn with
        a fixed seed; the posterior always knows all.
    blocks : what the columns of the inputs mean (`Space.blocks`); without them each is a number of its own.
    length_scale_prior : location and scale of the logarithm of ℓ where there is one group; `hyperparameters.SHORT`
        unless given.

    Inputs are expected in the unit cube: the prior of the length scales is written for it.

    Attributes after `fit`
    ----------------------
    length_scale_ : (G,), one for each group of columns, in units of the inputs.
    noise_variance_ : float, the learned variance of one measurement, in units of y squared.
    log_marginal_likelihood_ : float, of all standardized outcomes at these hyperparameters.
    theta_ : (G + 1,), log length scales and log noise variance of standardized outcomes.
    fallback_ : what had to be done instead of an ordinary fit, in words; None after an ordinary fit.
    """

    _L: Array
    _alpha: Array
    _single: "_Single | None"

    def __init__(
        self,
        kernel: str = "matern52",
        n_search: int = 300,
        blocks: Sequence[Block] | None = None,
        length_scale_prior: tuple[float, float] | None = None,
    ) -> None:
        self.kernel = kernel
        self.n_search = n_search
        self.blocks = blocks
        self.length_scale_prior = length_scale_prior

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        noise_variance: ArrayLike | None = None,
        start: ArrayLike | None = None,
        scale: float | None = None,
    ) -> Self:
        """Learn from inputs X (n, d) and outcomes y (n,).

        `noise_variance` (n,), in units of y squared, is the noise of each observation where it is known; NaN
        entries use the learned one. `start` (G + 1,), the `theta_` of an earlier fit, is where the search
        begins. `scale` is the standard deviation of f, that of y unless given. Raises ValueError where shapes do not
        fit or an entry is not finite.
        """
        self._kernel = kernels.named(self.kernel)
        X, y = inputs(X), outcomes(y)
        if len(X) != len(y):
            raise ValueError(f"X has {len(X)} rows and y has {len(y)}: each observation needs both")
        self.n_features_in_ = X.shape[1]
        self._geometry = Geometry(X.shape[1], self.blocks)
        self.outcome_mean_, spread = _standardization(y)
        self.outcome_scale_ = spread if scale is None else scale
        self._X, self._z = X, self._standardize(y)
        self._known_noise = self._standardize_noise(noise_variance, len(y))
        self.fallback_: str | None = None
        self.theta_ = self._search(None if start is None else np.array(start, dtype=float))
        return self._factorize()

    def condition(self, X: ArrayLike, y: ArrayLike | None = None, noise_variance: ArrayLike | None = None) -> Self:
        """A new model which also knows X (k, d) and y (k,), with the same hyperparameters, in O(n²k).

        Without y the posterior means stand in ("kriging believer", Ginsbourger, Le Riche & Carraro 2010,
        doi:10.1007/978-3-642-10701-6_6): the mean stays and the uncertainty shrinks, as for trials under way.
        """
        X = self._inputs_like_fit(X)
        y = outcomes(self.predict(X) if y is None else y)
        new = copy.copy(self)
        known = self._standardize_noise(noise_variance, len(y))
        corner = self._covariance_of_observations(X, known)
        new._X, new._z = np.concatenate([self._X, X]), np.concatenate([self._z, self._standardize(y)])
        new._known_noise = np.concatenate([self._known_noise, known])
        L = cholesky.extend(self._L, self._covariance(X, self._X), corner)
        return new._factorize() if L is None else new._weigh(L)

    def predict(self, X: ArrayLike, return_std: bool = False, return_cov: bool = False) -> Any:
        """The mean (m,) of f at X (m, d); where asked, with its standard deviation (m,) or covariance (m, m).

        They are of f itself: a new measurement has `noise_variance_` on top of std².
        """
        X = self._inputs_like_fit(X)
        cross = self._covariance(X, self._X)
        mean = self.outcome_mean_ + self.outcome_scale_ * (cross @ self._alpha)
        if not (return_std or return_cov):
            return mean
        half = cholesky.solve_lower(self._L, cross.T)
        if return_std:
            return mean, self.outcome_scale_ * _std(half)
        prior = self._covariance(X, X)
        return mean, self.outcome_scale_**2 * (prior - half.T @ half)

    def latent(self, X: Array, is_rough: bool = False) -> tuple[Array, Array]:
        """Mean and standard deviation (m,) at X (m, d) of standardized outcomes: of zero mean and unit variance.

        Rough means in single precision, which is enough to tell which of millions deserve a full look; then X is not
        checked.
        """
        if not is_rough:
            cross = self._covariance(X := self._inputs_like_fit(X), self._X)
            return cross @ self._alpha, _std(cholesky.solve_lower(self._L, cross.T))
        self._single = self._single or _Single(self._X, self._L, self._alpha, self.length_scale_)
        cross = self._kernel(self._geometry.squared_distances(np.asarray(X, np.float32), *self._single.inputs))
        return self._single.predict(cross)

    def predict_with_gradient(self, X: ArrayLike) -> tuple[Array, Array, Array, Array]:
        """Mean (m,), standard deviation (m,) and the gradient of each wrt X (m, d)."""
        X = self._inputs_like_fit(X)
        cross, slope = self._kernel.profile(self._squared_distances(X, self._X))
        std = _std(cholesky.solve_lower(self._L, cross.T))
        weights = cholesky.solve(self._L, cross.T).T

        def gradient(weights: Array) -> Array:
            return self._geometry.weighted_input_gradient(slope, weights, X, self._X, self.length_scale_)

        scale = self.outcome_scale_
        mean = self.outcome_mean_ + scale * (cross @ self._alpha)
        return mean, scale * std, scale * gradient(self._alpha), -scale * gradient(weights) / std[:, None]

    def solve(self, v: Array) -> Array:
        """K⁻¹v (n,) for v (n,), with the covariance K of all outcomes, noise included, in units of y squared."""
        return cholesky.solve(self._L, v) / self.outcome_scale_**2

    def leave_one_out(self) -> Array:
        """How far each outcome lies from what all others predict of it, in standard deviations: (n,).

        Rasmussen & Williams 2006, eq. 5.12: with K⁻¹ of all outcomes it is (K⁻¹z)_i / √(K⁻¹)_ii.
        """
        precision = cholesky.solve(self._L, np.eye(len(self._L))).diagonal()
        return np.asarray(self._alpha / np.sqrt(precision))

    def log_evidence(self) -> float:
        """log p(z | X) with θ integrated out, to compare kernels and priors: see `evidence`."""
        return evidence.log_evidence(self._posterior_of_theta(), self.theta_)

    @property
    def length_scale_(self) -> Array:
        return np.exp(self.theta_[:-1])

    @property
    def noise_variance_(self) -> float:
        return float(np.exp(self.theta_[-1]) * self.outcome_scale_**2)

    def relevance(self) -> Array:
        """How much each group matters (G,): 1 − the prior correlation of f between the two ends of its range.

        0: the outcome does not depend on it; 1: what is known at one end says nothing of the other.
        """
        return 1.0 - self._kernel.profile(1.0 / self.length_scale_**2)[0]

    def _search(self, start: Array | None) -> Array:
        """θ by its posterior density."""
        if not self._z.any():
            self.fallback_ = "all outcomes are equal: hyperparameters stay at the modes of their priors"
            return self._prior().mode
        posterior = self._posterior_of_theta()
        return hyperparameters.search(posterior, posterior.prior.mode if start is None else start)

    def _prior(self) -> hyperparameters.Prior:
        given = self.length_scale_prior
        return hyperparameters.prior(self._geometry.n_groups, given and hyperparameters.LogNormal(*given))

    def _posterior_of_theta(self) -> hyperparameters.Posterior:
        rows = _subset(len(self._z), self.n_search)
        squares = self._geometry.by_group(self._X[rows])
        return hyperparameters.Posterior(squares, self._z[rows], self._known_noise[rows], self._kernel, self._prior())

    def _factorize(self) -> Self:
        L, jitter = cholesky.factor_with_jitter(self._covariance_of_observations(self._X, self._known_noise))
        if jitter:
            self.fallback_ = f"covariance matrix not positive definite: {jitter:g} was added to its diagonal"
        return self._weigh(L)

    def _weigh(self, L: Array) -> Self:
        """Keep the factor L, and what follows from it and the outcomes."""
        self._single = None
        self._L, self._alpha = L, cholesky.solve(L, self._z)
        self.log_marginal_likelihood_ = hyperparameters.log_marginal_likelihood(L.diagonal(), self._alpha, self._z)
        return self

    def _squared_distances(self, A: Array, B: Array) -> Array:
        return self._geometry.squared_distances(A, B, self.length_scale_)

    def _covariance(self, A: Array, B: Array) -> Array:
        return np.asarray(self._kernel(self._squared_distances(A, B)))

    def _covariance_of_observations(self, X: Array, known_noise: Array) -> Array:
        K = self._covariance(X, X)
        K.flat[:: len(K) + 1] = 1.0 + hyperparameters.noise(known_noise, self.theta_)
        return K

    def _standardize(self, y: Array) -> Array:
        return (y - self.outcome_mean_) / self.outcome_scale_

    def _standardize_noise(self, noise_variance: ArrayLike | None, n: int) -> Array:
        """Known noise (n,) of standardized outcomes, NaN where it is to be learned."""
        if noise_variance is None:
            return np.full(n, np.nan)
        known = np.asarray(noise_variance, dtype=float)
        if known.shape != (n,) or (known < 0.0).any():
            raise ValueError("noise_variance needs one variance ≥ 0, or NaN, for each observation")
        with np.errstate(over="ignore"):
            return np.minimum(known / self.outcome_scale_ / self.outcome_scale_, _MOST_NOISE)


class _Single:
    """What a posterior needs, in single precision."""

    def __init__(self, X: Array, L: Array, alpha: Array, length_scale: Array) -> None:
        self.inputs = X.astype(np.float32), length_scale.astype(np.float32)
        self._L, self._alpha = L.astype(np.float32, order="F"), alpha.astype(np.float32)

    def predict(self, cross: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Mean and standard deviation (m,) of standardized outcomes, from covariances (m, n) with the observations."""
        half = cholesky.solve_lower(self._L, cross.T)
        variance = 1.0 - np.einsum("nm,nm->m", half, half)
        return cross @ self._alpha, np.sqrt(np.maximum(variance, 1e-6))


def _standardization(y: Array) -> tuple[float, float]:
    """Mean and standard deviation of y (n,) without overflow; a deviation of 1 where all are equal."""
    largest = np.abs(y).max() or 1.0
    unit = y / largest
    mean, scale = unit.mean(), unit.std()
    if scale < 1e-13:
        return float(y[0]), 1.0
    return float(mean * largest), float(scale * largest)


def _std(half: Array) -> Array:
    """Standard deviation (m,) of f from L⁻¹ k (n, m); rounding must not make it zero or less."""
    variance = 1.0 - np.einsum("nm,nm->m", half, half)
    return np.sqrt(np.maximum(variance, 1e-14))


def _subset(n: int, n_search: int) -> Any:
    """Rows to search on: all, or a plain random sample, which keeps the near neighbours that tell noise."""
    if n <= n_search:
        return slice(None)
    return np.sort(np.random.default_rng(0).choice(n, n_search, replace=False))
