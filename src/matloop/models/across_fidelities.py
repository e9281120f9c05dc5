"""A Gaussian process of results of several fidelities: rough ones count as far as they tell of the true ones.

    y_true(x) = f(x, true) + ε,    y_rough(x) = (f(x, rough) − a) / b + ε

f is one Gaussian process whose kernel is a product over x and the level, with a length scale of its own for the level
(Kandasamy, Dasarathy, Schneider & Póczos 2017, Multi-fidelity Bayesian Optimisation with Continuous Approximations,
arXiv:1703.06240). Before that, each rough level is brought onto the scale of the true one by a straight line, as in the
autoregression of Kennedy & O'Hagan 2000 (doi:10.1093/biomet/87.1.1): a rough calculation may well be off by a constant
or a factor, and tells no less for it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matloop.core.block import Block
from matloop.models.gaussian_process import GaussianProcess
from matloop.models.warped import AnyGaussianProcess

Array = NDArray[np.float64]
#: From inputs, outcomes and their noise to a model.
Fit = Callable[[Array, Array, "Array | None"], AnyGaussianProcess]

#: In the encoding of the level, the one that counts.
TRUE = 1.0
#: Fewer results than so many of either level tell nothing of the line between them.
FEWEST = 3
#: That b is one counts as so many results; b is at least so much, or nothing could be told of rough results.
SLOPE_COUNTS, LEAST_SLOPE = 1.0, 0.05
#: A spread of rough results that is smaller than this, in units of that of true ones, tells of no slope.
LEAST_SPREAD = 1e-6


@dataclass(frozen=True)
class Line:
    """y_true ≈ a + b y_rough."""

    a: float = 0.0
    b: float = 1.0

    @classmethod
    def through(cls, expected: Array, std: Array, spread: float, true: Array) -> Line:
        """From what a rough model expects, with its uncertainty, where true results (n,) are known: least squares.

        `spread` is the standard deviation of the rough results. Where less is known, less counts.
        """
        weight = np.maximum(1.0 - (std / spread) ** 2, 0.01)
        centre, middle = np.average(expected, weights=weight), np.average(true, weights=weight)
        unit = max(spread, float(np.ptp(true)))
        known, told, prior = (expected - centre) / unit, (true - middle) / unit, SLOPE_COUNTS * (spread / unit) ** 2
        if spread < LEAST_SPREAD * unit:  # nobody means a factor of a million
            return cls(float(middle - centre))
        slope = float((weight @ (known * told) + prior) / (weight @ known**2 + prior))
        b = max(slope, LEAST_SLOPE)
        return cls(float(middle - b * centre), b)


class AcrossFidelities:
    """The face of a `GaussianProcess` for inputs X (n, d) of which one column says the level.

    What goes in and comes out is y at the level of each row. `latent` is of f, on the scale of the true level.
    """

    def __init__(self, column: int, inner: AnyGaussianProcess, lines: Mapping[float, Line]) -> None:
        self._column, self._inner, self._lines = column, inner, dict(lines)

    @classmethod
    def learned(
        cls, column: int, X: Array, y: Array, noise_variance: Array | None, blocks: Sequence[Block], fit: Fit
    ) -> Self:
        """From results y (n,) of all levels at X (n, d); `fit` makes the model of f."""
        new = cls(column, GaussianProcess(), _lines(column, X, y, blocks))
        a, b = new._line(X)
        noise = None if noise_variance is None else noise_variance * b**2
        new._inner = fit(X, a + b * y, noise)
        return new

    def _line(self, X: ArrayLike) -> tuple[Array, Array]:
        """a and b of each row, (n,)."""
        levels = np.asarray(X)[:, self._column]
        a, b = np.zeros(len(levels)), np.ones(len(levels))
        for level, line in self._lines.items():
            a[levels == level], b[levels == level] = line.a, line.b
        return a, b

    @property
    def inner(self) -> AnyGaussianProcess:
        """The model of f."""
        return self._inner

    @property
    def lines(self) -> Mapping[float, Line]:
        """By the code of each rough level, how it is brought onto the scale of the true one."""
        return self._lines

    @property
    def outcome_mean_(self) -> float:
        return self._inner.outcome_mean_

    @property
    def outcome_scale_(self) -> float:
        return self._inner.outcome_scale_

    @property
    def noise_variance_(self) -> float:
        """Of a measurement at the true level."""
        return self._inner.noise_variance_

    @property
    def length_scale_(self) -> Array:
        return self._inner.length_scale_

    @property
    def theta_(self) -> Array:
        return self._inner.theta_

    @property
    def log_marginal_likelihood_(self) -> float:
        return self._inner.log_marginal_likelihood_

    @property
    def fallback_(self) -> str | None:
        return self._inner.fallback_

    def relevance(self) -> Array:
        return self._inner.relevance()

    def latent(self, X: Array, is_rough: bool = False) -> tuple[Array, Array]:
        """Mean and standard deviation (m,) of f at X (m, d), standardized."""
        return self._inner.latent(X, is_rough)

    def condition(self, X: ArrayLike, y: ArrayLike | None = None, noise_variance: ArrayLike | None = None) -> Self:
        """A new model which also knows X (k, d) and y (k,); without y, what is expected."""
        a, b = self._line(X)
        new = copy.copy(self)
        known = None if y is None else a + b * np.asarray(y, float)
        noise = None if noise_variance is None else np.asarray(noise_variance, float) * b**2
        new._inner = self._inner.condition(X, known, noise)
        return new

    def predict(self, X: ArrayLike, return_std: bool = False, return_cov: bool = False) -> Any:
        """The mean (m,) of y at X (m, d); where asked, with standard deviation (m,) or covariance (m, m)."""
        a, b = self._line(X)
        found = self._inner.predict(X, return_std, return_cov)
        if return_cov:
            return (found[0] - a) / b, found[1] / np.outer(b, b)
        return ((found[0] - a) / b, found[1] / b) if return_std else (found - a) / b

    def predict_with_gradient(self, X: ArrayLike) -> tuple[Array, Array, Array, Array]:
        """Mean (m,), standard deviation (m,) and the gradient of each wrt X (m, d)."""
        a, b = self._line(X)
        mean, std, mean_gradient, std_gradient = self._inner.predict_with_gradient(X)
        return (mean - a) / b, std / b, mean_gradient / b[:, None], std_gradient / b[:, None]


def _lines(column: int, X: Array, y: Array, blocks: Sequence[Block]) -> dict[float, Line]:
    """Of each rough level: from a model of its own, asked where true results are known."""
    is_true = X[:, column] == TRUE
    found: dict[float, Line] = {}
    for level in np.unique(X[~is_true, column]).tolist():
        of_level = X[:, column] == level
        if min(of_level.sum(), is_true.sum()) < FEWEST or not np.ptp(y[of_level]):
            continue
        rough = GaussianProcess(blocks=blocks).fit(X[of_level], y[of_level])
        at_true = X[is_true].copy()
        at_true[:, column] = level
        mean, std = rough.predict(at_true, return_std=True)
        found[level] = Line.through(mean, std, rough.outcome_scale_, y[is_true])
    return found
