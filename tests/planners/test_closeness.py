"""The expected decrease of a squared distance agrees with sampling, with limits, and holds together far away."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, norm

from matloop.planners.closeness import log_expected_decrease


def by_chi_square(k, variance, best):
    """E[(b − vχ²)₊] with central χ² of k degrees: b F_k(b/v) − v k F_(k+2)(b/v)."""
    u = best / variance
    return best * chi2.cdf(u, k) - variance * k * chi2.cdf(u, k + 2)


@pytest.mark.parametrize("k", [1, 2, 3, 6, 12])
@pytest.mark.parametrize("best", [1e-6, 1e-2, 1.0, 30.0, 1e4])
def test_on_the_target_it_is_the_closed_form_of_the_chi_square(k, best):
    """Within 0.5 % for all sizes of the best distance, from far smaller to far larger than the uncertainty."""
    got = np.exp(log_expected_decrease(np.zeros((1, k)), np.ones((1, k)), best))[0]
    assert got == pytest.approx(by_chi_square(k, 1.0, best), rel=0.005)


@pytest.mark.parametrize("mean", [0.5, 2.0, 6.0])
def test_in_one_dimension_it_is_the_integral(mean):
    """Off the target, by quadrature."""
    z = np.linspace(-1.5, 1.5, 200_001)
    exact = np.trapezoid((1.5**2 - z**2) * norm.pdf(z, mean, 0.8), z)
    got = np.exp(log_expected_decrease([[mean]], [[0.64]], 1.5**2))[0]
    assert got == pytest.approx(exact, rel=0.005)


def test_it_agrees_with_sampling_for_unequal_variances():
    rng = np.random.default_rng(0)
    for k in (2, 4, 7):
        mean, variance = 0.7 * rng.standard_normal(k), 10 ** rng.uniform(-2, 0.5, k)
        squares = np.sum((mean + np.sqrt(variance) * rng.standard_normal((200_000, k))) ** 2, axis=1)
        best = float(np.quantile(squares, 0.2))
        sampled = np.maximum(best - squares, 0).mean()
        got = np.exp(log_expected_decrease(mean[None], variance[None], best))[0]
        assert got == pytest.approx(sampled, rel=0.03)


def test_what_is_certain_comes_nearer_by_just_the_difference():
    got = np.exp(log_expected_decrease([[1.0, 2.0]], [[0.0, 0.0]], 7.0))[0]
    assert got == pytest.approx(2.0, rel=0.005)


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3),
    st.lists(st.floats(0, 1e3), min_size=3, max_size=3),
    st.floats(1e-9, 1e6),
)
def test_it_is_always_finite_and_never_more_than_the_best(mean, variance, best):
    got = log_expected_decrease([mean], [variance], best)[0]
    assert np.isfinite(got)
    assert got <= np.log(best) + 0.005


@given(st.floats(0, 50), st.floats(0.01, 10), st.floats(1.01, 2))
def test_a_mean_further_away_promises_less(mean, variance, factor):
    near, far = log_expected_decrease([[mean, 0.1], [factor * mean + 0.01, 0.1]], [[variance, 0.5]], 1.0)
    assert far < near


@given(st.floats(1e-3, 1e3), st.floats(0, 3))
def test_it_scales_with_the_unit(unit, mean):
    """In another unit of length the decrease is the same in units of its square."""
    one = log_expected_decrease([[mean, 1.0]], [[0.5, 0.1]], 0.7)
    other = log_expected_decrease([[unit * mean, unit]], [[0.5 * unit**2, 0.1 * unit**2]], 0.7 * unit**2)
    np.testing.assert_allclose(other - 2 * np.log(unit), one, atol=1e-6)


def test_a_best_that_is_perfect_is_survived():
    """Where the best is zero, or its square underflows, the logarithm is a very low number."""
    for best, mean in ((0.0, 0.0), (0.0, 1.0), (1e-305, 1e-301), (1e-320, 1e3)):
        assert np.isfinite(log_expected_decrease([[mean, mean]], [[mean**2, 0.0]], best)).all()
