"""Kernels: their definitions, their gradients and what makes them covariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matloop.models.kernels import KERNELS, squared_distances, weighted_input_gradient

LENGTH_SCALE = np.array([0.3, 0.8, 2.0])


@pytest.fixture(params=KERNELS)
def kernel(request):
    return KERNELS[request.param]


@pytest.fixture
def inputs():
    rng = np.random.default_rng(1)
    return rng.random((5, 3)), rng.random((7, 3))


def test_squared_distances_equal_their_definition(inputs):
    A, B = inputs
    naive = [[sum(((a - b) / LENGTH_SCALE) ** 2) for b in B] for a in A]
    np.testing.assert_allclose(squared_distances(A, B, LENGTH_SCALE), naive, rtol=1e-12)


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


def test_input_gradient_equals_finite_differences(kernel, inputs):
    A, B = inputs
    weights = np.random.default_rng(2).standard_normal((5, 7))
    slope = kernel.profile(squared_distances(A, B, LENGTH_SCALE))[1]
    gradient = weighted_input_gradient(slope, weights, A, B, LENGTH_SCALE)
    for i, step in enumerate(1e-6 * np.eye(3)):
        rise = kernel(A + step, B, LENGTH_SCALE) - kernel(A - step, B, LENGTH_SCALE)
        np.testing.assert_allclose(gradient[:, i], (weights * rise).sum(axis=1) / 2e-6, rtol=1e-6, atol=1e-8)


def test_moving_all_inputs_together_changes_nothing(kernel, inputs):
    A, B = inputs
    np.testing.assert_allclose(kernel(A + 0.5, B + 0.5, LENGTH_SCALE), kernel(A, B, LENGTH_SCALE), atol=1e-13)


@given(st.integers(1, 20), st.integers(1, 6), st.floats(0.02, 50.0), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_every_covariance_matrix_is_positive_semidefinite(n, d, length_scale, seed):
    X = np.random.default_rng(seed).random((n, d))
    for kernel in KERNELS.values():
        K = kernel(X, X, np.full(d, length_scale))
        np.testing.assert_allclose(K, K.T, rtol=0, atol=1e-12)
        assert np.linalg.eigvalsh(K).min() > -1e-9
