"""Distances in groups of columns: numbers, choices and fingerprints side by side."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matloop.core.block import Block
from matloop.models.geometry import Geometry, tanimoto_distance
from matloop.models.kernels import KERNELS

BLOCKS = (
    Block(0, 1, "number"),
    Block(1, 4, "choice"),
    Block(4, 12, "fingerprint"),
    Block(12, 13, "number"),
)
LENGTH_SCALE = np.array([0.3, 0.8, 2.0, 0.5])


def mixed(n, seed=0):
    """Inputs (n, 13): a number, a choice of three, eight bits, a number."""
    rng = np.random.default_rng(seed)
    choice = np.eye(3)[rng.integers(0, 3, n)] / np.sqrt(2)
    return np.column_stack([rng.random(n), choice, rng.integers(0, 2, (n, 8)), rng.random(n)])


def distances_one_by_one(A, B):
    """D (4, n, m) by the definitions, in loops."""
    D = np.zeros((4, len(A), len(B)))
    for i, a in enumerate(A):
        for j, b in enumerate(B):
            both, either = (a[4:12] * b[4:12]).sum(), np.maximum(a[4:12], b[4:12]).sum()
            same = (a[1:4] == b[1:4]).all()
            D[:, i, j] = (a[0] - b[0]) ** 2, not same, 1 - both / either if either else 0, (a[12] - b[12]) ** 2
    return D


def test_every_group_has_the_distance_of_its_kind():
    A = mixed(9)
    np.testing.assert_allclose(Geometry(13, BLOCKS).by_group(A), distances_one_by_one(A, A), atol=1e-14)


def test_distances_of_all_groups_add_up_in_units_of_the_length_scales():
    A, B = mixed(6), mixed(8, seed=1)
    expected = np.tensordot(LENGTH_SCALE**-2.0, distances_one_by_one(A, B), 1)
    np.testing.assert_allclose(Geometry(13, BLOCKS).squared_distances(A, B, LENGTH_SCALE), expected, atol=1e-12)


def test_without_blocks_each_column_is_a_number():
    A = np.random.default_rng(0).random((5, 3))
    expected = (A[:, None, :] - A[None, :, :]) ** 2
    np.testing.assert_allclose(Geometry(3).by_group(A), np.moveaxis(expected, 2, 0), atol=1e-15)


def test_blocks_that_do_not_fit_the_columns_are_refused():
    with pytest.raises(ValueError, match="13 columns, but there are 12"):
        Geometry(12, BLOCKS)


def test_two_empty_fingerprints_are_alike_and_nothing_shared_is_the_farthest():
    bits = np.array([[0.0, 0, 0], [1, 1, 0], [0, 0, 1]])
    np.testing.assert_array_equal(tanimoto_distance(bits, bits), [[0, 1, 1], [1, 0, 1], [1, 1, 0]])


@pytest.mark.parametrize("name", KERNELS)
def test_the_gradient_equals_finite_differences_and_vanishes_along_bits(name):
    kernel, geometry = KERNELS[name], Geometry(13, BLOCKS)
    A, B = mixed(5), mixed(7, seed=1)
    weights = np.random.default_rng(2).standard_normal((5, 7))

    def covariance(A):
        return kernel(geometry.squared_distances(A, B, LENGTH_SCALE))

    slope = kernel.profile(geometry.squared_distances(A, B, LENGTH_SCALE))[1]
    gradient = geometry.weighted_input_gradient(slope, weights, A, B, LENGTH_SCALE)
    assert not gradient[:, 4:12].any()
    for i in (0, 1, 12):
        step = 1e-6 * np.eye(13)[i]
        rise = covariance(A + step) - covariance(A - step)
        np.testing.assert_allclose(gradient[:, i], (weights * rise).sum(axis=1) / 2e-6, rtol=1e-5, atol=1e-8)


@given(st.integers(1, 20), st.floats(0.02, 50.0), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_every_covariance_matrix_is_positive_semidefinite(n, length_scale, seed):
    A, scales = mixed(n, seed), np.full(4, length_scale)
    for kernel in KERNELS.values():
        K = kernel(Geometry(13, BLOCKS).squared_distances(A, A, scales))
        np.testing.assert_allclose(K, K.T, rtol=0, atol=1e-12)
        assert np.linalg.eigvalsh(K).min() > -1e-9
