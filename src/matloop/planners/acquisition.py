"""How much a trial at a point is worth, from the model's mean and standard deviation there.

Everything maximizes: for a smaller-is-better outcome pass −mean. Arrays of any one shape go in and come out.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcx, log_ndtr, ndtr

Array = NDArray[np.float64]

_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)

_SERIES_BELOW = -30.0
"""There 1 + z Φ/φ has lost three digits to cancellation, and six terms of the series give all of them."""


def log_expected_improvement(mean: ArrayLike, std: ArrayLike, best: float) -> Array:
    """log E[max(f − best, 0)] for f normal with this mean and std > 0; finite however small it is.

    Ament, Daulton, Eriksson, Balandat & Bakshy 2023, Unexpected Improvements to Expected Improvement for
    Bayesian Optimization, NeurIPS (arXiv:2310.20708); far below `best` an asymptotic series replaces their
    limit, so that all digits stay.
    """
    return log_expected_improvement_gradient(mean, std, best)[0]


def log_expected_improvement_gradient(mean: ArrayLike, std: ArrayLike, best: float) -> tuple[Array, Array, Array]:
    """The same, and its derivatives wrt mean and wrt std.

    With z = (mean − best)/std: E = std h(z) and h = φ + zΦ, so h′ = Φ, ∂log E/∂mean = Φ/(std h) and
    ∂log E/∂std = φ/(std h).
    """
    z, std = _standardize(mean, std, best)
    log_h, distribution, density = np.where(z < -1.0, _tail(np.minimum(z, -1.0)), _body(np.maximum(z, -1.0)))
    return np.log(std) + log_h, distribution / std, density / std


def _standardize(mean: ArrayLike, std: ArrayLike, level: float) -> tuple[Array, Array]:
    """z = (mean − level)/std and std, both kept where z²/std stays finite."""
    positive = np.maximum(np.asarray(std, dtype=float), 1e-60)
    with np.errstate(over="ignore"):
        z = (np.asarray(mean, dtype=float) - level) / positive
    return np.clip(z, -1e100, 1e100), positive


def _body(z: Array) -> Array:
    """log h, Φ/h and φ/h stacked (3, …), for z ≥ −1, by their definitions."""
    density, distribution = np.exp(-0.5 * z**2 - _HALF_LOG_2PI), ndtr(z)
    h = density + z * distribution
    return np.stack([np.log(h), distribution / h, density / h])


def _tail(z: Array) -> Array:
    """The same for z ≤ −1, from ratios to the density φ, which itself would underflow."""
    mills = math.sqrt(0.5 * math.pi) * erfcx(-z / math.sqrt(2.0))  # Φ/φ
    near = np.maximum(z, _SERIES_BELOW)
    ratio = np.where(z < _SERIES_BELOW, _series(np.minimum(z, _SERIES_BELOW)), 1.0 + near * mills)  # h/φ
    return np.stack([np.log(ratio) - 0.5 * z**2 - _HALF_LOG_2PI, mills / ratio, 1.0 / ratio])


def _series(z: Array) -> Array:
    """h/φ = Σ_k (−1)^k (2k + 1)!! / z^(2k + 2) for z → −∞.

    By the expansion of Mills' ratio, Abramowitz & Stegun 1964, Handbook of Mathematical Functions, 26.2.12.
    """
    u = 1.0 / z**2
    return u * (1.0 - 3.0 * u * (1.0 - 5.0 * u * (1.0 - 7.0 * u * (1.0 - 9.0 * u * (1.0 - 11.0 * u)))))


def log_expected_improvement_near(miss: ArrayLike, std: ArrayLike, distance: float) -> Array:
    """log E[(d − |x|)₊] for x normal with mean `miss` and this std: by how much the distance d to a target shrinks.

    The triangle (d − |x|)₊ is (x + d)₊ − 2 (x)₊ + (x − d)₊, and each term is an expected improvement. Where these
    cancel, the logarithm of the density at the target takes over, which has the same order.
    """
    z, std = _standardize(miss, std, 0.0)
    miss = np.asarray(miss, dtype=float)
    distance = max(distance, 1e-12 * float(np.max(std)))
    ramps = [np.exp(log_expected_improvement(miss + shift, std, 0.0)) for shift in (distance, 0.0, -distance)]
    direct = ramps[0] - 2 * ramps[1] + ramps[2]
    density = 2 * np.log(distance) - 0.5 * z**2 - np.log(std * np.sqrt(2 * np.pi))
    return np.where(direct > 1e-6 * ramps[0], np.log(np.maximum(direct, 1e-300)), np.minimum(density, np.log(distance)))


def log_optimistic_gain(mean: Array, std: Array) -> Array:
    """log softplus(mean + std) of standardized outcomes: an upper confidence bound, made positive.

    It ranks points as mean + std does. As the logarithm of a positive number it can be added to that of a probability:
    the product is what an optimist expects to gain over an ordinary outcome by a trial which may fail.
    """
    gain = upper_confidence_bound(mean, std)
    return np.where(gain > -30.0, np.log(np.logaddexp(0.0, np.maximum(gain, -30.0))), gain)


def log_probability_of_feasibility(mean: ArrayLike, std: ArrayLike, limit: float) -> Array:
    """log P(f ≤ limit), to be added to a log acquisition for each outcome that has a limit.

    For f ≥ limit pass −mean and −limit. Gardner, Kusner, Xu, Weinberger & Cunningham 2014, Bayesian
    Optimization with Inequality Constraints, ICML.
    """
    return log_probability_of_feasibility_gradient(mean, std, limit)[0]


def log_probability_of_feasibility_gradient(
    mean: ArrayLike, std: ArrayLike, limit: float
) -> tuple[Array, Array, Array]:
    """The same, and its derivatives wrt mean and wrt std.

    With z = (limit − mean)/std they are −φ/(Φ std) and −z φ/(Φ std).
    """
    negative, std = _standardize(mean, std, limit)
    z = -negative
    hazard = np.where(z < 0.0, _low_hazard(np.minimum(z, 0.0)), _high_hazard(np.maximum(z, 0.0)))
    return log_ndtr(z), -hazard / std, -z * hazard / std


def _low_hazard(z: Array) -> Array:
    """φ/Φ for z ≤ 0, where Φ may underflow."""
    return 1.0 / (math.sqrt(0.5 * math.pi) * erfcx(-z / math.sqrt(2.0)))


def _high_hazard(z: Array) -> Array:
    """φ/Φ for z ≥ 0."""
    return np.exp(-0.5 * z**2 - _HALF_LOG_2PI) / ndtr(z)


def upper_confidence_bound(mean: ArrayLike, std: ArrayLike, beta: float = 1.0) -> Array:
    """mean + beta std: what a point may well be worth; beta sets how far it looks on the bright side.

    Srinivas, Krause, Kakade & Seeger 2010, Gaussian Process Optimization in the Bandit Setting, ICML
    (arXiv:0912.3995), with a constant beta in units of one standard deviation.
    """
    return np.asarray(mean) + beta * np.asarray(std)
