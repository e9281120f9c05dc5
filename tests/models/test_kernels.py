"""Kernels: their definitions, their slopes and their limits."""

import numpy as np
import pytest

from matloop.models.kernels import KERNELS


@pytest.fixture(params=KERNELS)
def kernel(request):
    return KERNELS[request.param]


def test_matern_equals_its_textbook_formula():
    s = np.linspace(0.0, 9.0, 50)
    r = np.sqrt(s)
    expected = (1 + np.sqrt(5) * r + 5 * s / 3) * np.exp(-np.sqrt(5) * r)
    np.testing.assert_allclose(KERNELS["matern52"].profile(s)[0], expected, rtol=1e-14)


def test_squared_exponential_equals_its_textbook_formula():
    s = np.linspace(0.0, 9.0, 50)
    np.testing.assert_allclose(KERNELS["squared_exponential"].profile(s)[0], np.exp(-s / 2), rtol=1e-14)


def test_slope_is_the_derivative_of_the_profile(kernel):
    s, step = np.linspace(0.01, 20.0, 200), 1e-6
    difference = (kernel.profile(s + step)[0] - kernel.profile(s - step)[0]) / (2 * step)
    np.testing.assert_allclose(kernel.profile(s)[1], difference, atol=1e-8)


def test_correlation_is_one_with_itself_and_none_far_away(kernel):
    value, slope = kernel.profile(np.array([0.0, 1e6]))
    np.testing.assert_allclose(value, [1.0, 0.0], atol=1e-300)
    assert np.isfinite(slope).all()
