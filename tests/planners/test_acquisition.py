"""Acquisition functions: against independent references of high precision, at their limits, and their gradients."""

from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import log_ndtr
from scipy.stats import norm

from matloop.planners.acquisition import (
    log_expected_improvement,
    log_expected_improvement_gradient,
    log_probability_of_feasibility,
    log_probability_of_feasibility_gradient,
    upper_confidence_bound,
)


def decimal_log_h(z: float) -> float:
    """log h(z) for z < 0 in 60 digits, by the continued fraction of Mills' ratio: h = φ(1 + z R)."""
    getcontext().prec = 60
    x = Decimal(-z)
    tail = x
    for k in range(4000, 0, -1):
        tail = x + Decimal(k) / tail
    ratio = (Decimal(1) - x / tail).ln()
    two_pi = Decimal("6.28318530717958647692528676655900576839433879875021164194989")
    return float(ratio - x * x / 2 - two_pi.ln() / 2)


@pytest.mark.parametrize("z", [-1.5, -3.0, -8.0, -20.0, -29.9, -30.1, -50.0, -1e3, -1e5, -1e8])
def test_log_expected_improvement_keeps_all_digits_far_below_the_best(z):
    np.testing.assert_allclose(log_expected_improvement(z, 1.0, 0.0), decimal_log_h(z), rtol=1e-13)
    difference = log_expected_improvement(z, 1.0, 0.0) - decimal_log_h(z)
    assert abs(difference) <= 1e-12 + 2e-16 * z**2


@pytest.mark.parametrize("mean", [-6.0, -2.0, -1.0, -0.3, 0.0, 0.5, 4.0, 30.0])
def test_log_expected_improvement_equals_its_integral(mean):
    std, best = 1.7, 0.4
    value = quad(
        lambda f: (f - best) * norm.pdf(f, mean, std), best, max(mean, best) + 40 * std, epsabs=1e-16, limit=200
    )
    np.testing.assert_allclose(log_expected_improvement(mean, std, best), np.log(value[0]), rtol=1e-7)


def test_log_expected_improvement_is_smooth_where_its_formulas_meet():
    for meeting in (-1.0, -30.0):
        below, above = (log_expected_improvement_gradient(meeting + step, 1.0, 0.0) for step in (-1e-13, 1e-13))
        np.testing.assert_allclose(below, above, rtol=1e-10)


@given(st.floats(-1e200, 1e200), st.floats(0.0, 1e100), st.floats(-1e200, 1e200))
@settings(deadline=None)
def test_log_expected_improvement_is_never_nan_nor_positive_infinity(mean, std, best):
    values = np.array(log_expected_improvement_gradient(mean, std, best))
    assert np.isfinite(values).all()


@given(st.floats(-50, 50), st.floats(1e-3, 50), st.floats(-50, 50))
@settings(deadline=None)
def test_expected_improvement_grows_with_mean_and_with_std(mean, std, best):
    value, by_mean, by_std = log_expected_improvement_gradient(mean, std, best)
    assert by_mean >= 0.0
    assert by_std >= 0.0
    assert log_expected_improvement(mean + 0.1, std, best) >= value


@pytest.mark.parametrize("function", [log_expected_improvement_gradient, log_probability_of_feasibility_gradient])
@pytest.mark.parametrize("z", [-200.0, -31.0, -12.0, -1.2, -0.8, 0.0, 0.7, 5.0])
def test_gradients_equal_finite_differences(function, z):
    std, level, step = 0.6, 0.3, 1e-6
    mean = level + z * std
    _, by_mean, by_std = function(mean, std, level)
    mean_difference = (function(mean + step, std, level)[0] - function(mean - step, std, level)[0]) / (2 * step)
    std_difference = (function(mean, std + step, level)[0] - function(mean, std - step, level)[0]) / (2 * step)
    np.testing.assert_allclose(by_mean, mean_difference, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(by_std, std_difference, rtol=1e-5, atol=1e-8)


def test_gradient_stays_exact_where_differences_of_logarithms_would_not():
    """For z → −∞, Φ/h → |z| and φ/h → z²."""
    _, by_mean, by_std = log_expected_improvement_gradient(-1e8, 1.0, 0.0)
    np.testing.assert_allclose([by_mean, by_std], [1e8, 1e16], rtol=1e-14)


def test_log_probability_of_feasibility_is_that_of_a_normal_variable():
    mean, std = np.array([-40.0, 0.0, 3.0, 80.0]), np.array([1.0, 2.0, 0.5, 1.0])
    np.testing.assert_allclose(log_probability_of_feasibility(mean, std, 1.0), log_ndtr((1.0 - mean) / std))


@given(st.floats(-1e100, 1e100), st.floats(0.0, 1e50), st.floats(-1e100, 1e100))
@settings(deadline=None)
def test_log_probability_of_feasibility_is_never_nan(mean, std, limit):
    assert not np.isnan(np.array(log_probability_of_feasibility_gradient(mean, std, limit))).any()


def test_upper_confidence_bound_adds_beta_standard_deviations():
    np.testing.assert_array_equal(upper_confidence_bound([1.0, 2.0], [0.5, 0.0], beta=2.0), [2.0, 2.0])


def test_arrays_keep_their_shape():
    mean = np.zeros((2, 3))
    for values in (log_expected_improvement(mean, mean + 1, 0.0), log_probability_of_feasibility(mean, mean + 1, 0.0)):
        assert values.shape == (2, 3)
