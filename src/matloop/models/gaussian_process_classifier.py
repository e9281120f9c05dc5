"""A Gaussian process that tells yes from no: how likely a trial succeeds, from those that did and those that failed.

The latent function has a constant mean and a stationary kernel; its length scales and variance maximize their posterior
density. Far from all data the answer returns to that of the mean. How: see `laplace`.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matloop.core.block import Block
from matloop.models import cholesky, kernels, laplace
from matloop.models.classifier import Classifier
from matloop.models.geometry import Geometry
from matloop.models.regressor import inputs

Array = NDArray[np.float64]


class GaussianProcessClassifier(Classifier):
    """Binary classification with probabilities. It answers to any labels, also where all are equal.

    Parameters
    ----------
    kernel : "matern52" or "squared_exponential".
    prior_mean : the mean of the latent function, the log odds of the second class before there are data.
    n_search : with more observations than this, hyperparameters are searched on that many of them, drawn with
        a fixed seed; the posterior always knows all.
    blocks : what the columns of the inputs mean (`Space.blocks`); without them each is a number of its own.
    theta : (G + 1,), log length scales and log variance of the latent function where they are known; else they
        are searched.

    Inputs are expected in the unit cube: the prior of the length scales is written for it.

    Attributes after `fit`
    ----------------------
    classes_ : the labels in order; the second is the one that the latent function speaks for.
    theta_ : (G + 1,), log length scales and log variance of the latent function.
    log_marginal_likelihood_ : float, Laplace's approximation of the log probability of the labels.
    """

    def __init__(
        self,
        kernel: str = "matern52",
        prior_mean: float = 0.0,
        n_search: int = 300,
        blocks: Sequence[Block] | None = None,
        theta: ArrayLike | None = None,
    ) -> None:
        self.kernel = kernel
        self.prior_mean = prior_mean
        self.n_search = n_search
        self.blocks = blocks
        self.theta = theta

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from inputs X (n, d) and labels y (n,) of two kinds, or of one: that is taken for the second, unless it
        is False, 0 or negative.

        Raises ValueError where shapes do not fit, an entry is not finite or there are more than two classes.
        """
        X = inputs(X)
        t = self._take_labels(y, len(X))
        self._kernel = kernels.named(self.kernel)
        self._geometry = Geometry(X.shape[1], self.blocks)
        self.theta_ = self._search(X, t) if self.theta is None else np.array(self.theta, dtype=float)
        self._X = X
        mode = self._mode(t)
        self._pull, self._root, self._L = mode.pull, mode.root, mode.L
        self.log_marginal_likelihood_ = mode.log_evidence
        self.n_features_in_ = X.shape[1]
        self._single: tuple[Array, ...] | None = None
        return self

    def latent(self, X: ArrayLike) -> tuple[Array, Array]:
        """Mean and variance (m,) of the latent function at X (m, d)."""
        return self._latent(self._inputs_like_fit(X), self._X, self._L, self._pull, self._root)

    def log_probability(self, X: ArrayLike) -> Array:
        """log P(second class) at X (m, d), (m,): of the mean of f over its uncertainty.

        E[1/(1 + e^(−f))] ≈ 1/(1 + e^(−κ mean)) with κ = (1 + π variance/8)^(−½) (MacKay 1992,
        doi:10.1162/neco.1992.4.5.720), within 0.02 and in the right order where only the mean differs.
        """
        return _log_probability(*self.latent(X))

    def glance(self, X: Array) -> Array:
        """The same in single precision: enough to tell which of millions deserve a full look.

        X (m, d) must be floats and finite; it is not checked.
        """
        if self._single is None:
            known = self._X, self._L, self._pull, self._root
            self._single = tuple(a.astype(np.float32, order="F") for a in known)
        return _log_probability(*self._latent(X.astype(np.float32), *self._single))

    def predict_proba(self, X: ArrayLike) -> Array:
        """The probability of each of `classes_` at X (m, d), (m, 2); of a single one it is 1."""
        yes = np.exp(self.log_probability(X))
        if len(self.classes_) < 2:
            return np.ones((len(yes), 1))
        return np.column_stack([1.0 - yes, yes])

    def _latent(self, X: Array, X0: Array, L: Array, pull: Array, root: Array) -> tuple[Array, Array]:
        variance = X.dtype.type(np.exp(self.theta_[-1]))
        length_scale = np.exp(self.theta_[:-1]).astype(X.dtype)
        cross = self._kernel(self._geometry.squared_distances(X, X0, length_scale))
        cross *= variance
        mean = self.prior_mean + cross @ pull
        cross *= root
        half = cholesky.solve_lower(L, cross.T)
        return mean, np.maximum(variance - np.einsum("nm,nm->m", half, half), 0.0)

    def _search(self, X: Array, t: Array) -> Array:
        start = laplace.start(self._geometry.n_groups)
        if t.min() == t.max():
            return start
        rows = _subset(t, self.n_search)
        posterior = laplace.Posterior(self._geometry.by_group(X[rows]), t[rows], self.prior_mean, self._kernel)
        return laplace.search(posterior, start)

    def _mode(self, t: Array) -> laplace.Mode:
        squares = self._geometry.squared_distances(self._X, self._X, np.exp(self.theta_[:-1]))
        mode = laplace.find_mode(np.exp(self.theta_[-1]) * self._kernel(squares), t, self.prior_mean)
        if mode is None:
            raise np.linalg.LinAlgError("not a covariance matrix: it is not finite")
        return mode


def _log_probability(mean: Array, variance: Array) -> Array:
    return -np.logaddexp(0.0, -mean / np.sqrt(1.0 + np.pi / 8.0 * variance))


def _subset(t: Array, n_search: int) -> Any:
    """Rows to search on: all, or a random sample with as many of the rarer label as there are, up to half."""
    if len(t) <= n_search:
        return slice(None)
    rng = np.random.default_rng(0)
    kinds = sorted((np.flatnonzero(t == label) for label in (0.0, 1.0)), key=len)
    n_rare = min(len(kinds[0]), n_search // 2)
    return np.sort(np.concatenate([rng.permutation(kinds[0])[:n_rare], rng.permutation(kinds[1])[: n_search - n_rare]]))
