"""Packed triangles agree with whole matrices."""

import numpy as np
import pytest

from matloop.models import triangle

SIZES = [1, 2, 3, 6, 7, 50]


def covariance(n):
    A = np.random.default_rng(n).standard_normal((n, n))
    return A @ A.T + n * np.eye(n)


@pytest.mark.parametrize("n", SIZES)
def test_the_diagonal_is_found_in_its_order(n):
    """The packed numbers at `diagonal` are those of the diagonal, from the first to the last, whether n is even."""
    K = covariance(n)
    assert len(triangle.packed(K)) == n * (n + 1) // 2
    np.testing.assert_array_equal(triangle.packed(K)[triangle.diagonal(n)], K.diagonal())


@pytest.mark.parametrize("n", SIZES)
def test_a_packed_factor_solves_as_the_matrix_does(n):
    """The factor's diagonal gives the determinant, and it solves K a = b."""
    K, b = covariance(n), np.arange(1.0, n + 1.0)
    L = triangle.factor(n, triangle.packed(K))
    np.testing.assert_allclose(2 * np.log(L[triangle.diagonal(n)]).sum(), np.linalg.slogdet(K)[1])
    np.testing.assert_allclose(triangle.solve(L, b), np.linalg.solve(K, b))


@pytest.mark.parametrize("n", SIZES)
def test_the_outer_product_less_the_inverse(n):
    """ααᵀ − K⁻¹ comes out packed as the whole matrix would be."""
    K, alpha = covariance(n), np.arange(1.0, n + 1.0)
    found = triangle.outer_less_inverse(alpha, triangle.factor(n, triangle.packed(K)))
    expected = triangle.packed(np.outer(alpha, alpha) - np.linalg.inv(K))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_what_is_not_positive_definite_has_no_factor():
    """A symmetric matrix with a negative eigenvalue gives None."""
    assert triangle.factor(2, triangle.packed(np.array([[1.0, 2.0], [2.0, 1.0]]))) is None
