"""Fronts and the volume that they dominate: known shapes, invariances, and counting of random points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matloop.models.pareto import hypervolume, non_dominated, reference_point

fronts = st.integers(1, 4).flatmap(
    lambda m: arrays(float, st.tuples(st.integers(0, 9), st.just(m)), elements=st.floats(0, 1))
)


def test_the_volume_of_one_point_is_that_of_its_box():
    """A single point dominates the box between the reference and itself."""
    assert hypervolume([[2.0, 3.0, 5.0]], [1.0, 1.0, 1.0]) == pytest.approx(1 * 2 * 4)


def test_the_volume_of_two_points_counts_their_overlap_once():
    """Of two boxes the common part counts once."""
    assert hypervolume([[2.0, 1.0], [1.0, 3.0]], [0.0, 0.0]) == pytest.approx(2 + 3 - 1)


def test_the_volume_of_a_sphere_is_approached_from_inside():
    """Many points on an eighth of the unit sphere dominate nearly an eighth of its volume, and never more."""
    normal = np.abs(np.random.default_rng(0).standard_normal((150, 3)))
    volume = hypervolume(normal / np.linalg.norm(normal, axis=1, keepdims=True), np.zeros(3))
    assert 0.88 * np.pi / 6 < volume < np.pi / 6


@given(fronts)
def test_the_volume_equals_the_share_of_dominated_grid_points(Y):
    """The volume is the measure of the set that some point dominates: here summed over all cells between values."""
    m = Y.shape[1]
    cuts = [np.unique(np.append(Y[:, j], 0.0)) for j in range(m)]
    corners = np.stack(np.meshgrid(*[cut[1:] for cut in cuts], indexing="ij"), axis=-1).reshape(-1, m)
    sizes = np.stack(np.meshgrid(*[np.diff(cut) for cut in cuts], indexing="ij"), axis=-1).reshape(-1, m).prod(axis=1)
    is_dominated = (Y[None] >= corners[:, None]).all(axis=2).any(axis=1) if len(Y) else np.zeros(len(corners), bool)
    assert hypervolume(Y, np.zeros(m)) == pytest.approx(sizes @ is_dominated, abs=1e-12)


@given(fronts, st.randoms(use_true_random=False))
def test_the_volume_knows_no_order_of_points_or_goals(Y, random):
    """Points and goals in another order leave the volume as it is, and so do dominated and repeated points."""
    rows, goals = list(range(len(Y))), list(range(Y.shape[1]))
    random.shuffle(rows)
    random.shuffle(goals)
    reference = np.full(Y.shape[1], -0.5)
    more = np.concatenate([Y[rows][:, goals], 0.9 * Y[:, goals], Y[:, goals]])
    assert hypervolume(more, reference) == pytest.approx(hypervolume(Y, reference))


def test_points_not_above_the_reference_add_nothing():
    """A point that is below the reference in one goal does not count, nor does no point at all."""
    assert hypervolume([[5.0, -1.0], [0.0, 5.0]], [0.0, 0.0]) == 0.0
    assert hypervolume(np.empty((0, 3)), np.zeros(3)) == 0.0


@given(fronts)
def test_what_is_left_out_of_the_front_is_dominated_and_what_is_in_it_is_not(Y):
    """A row is off the front if and only if another is as good everywhere and better somewhere."""
    beaten = ((Y[None] >= Y[:, None]).all(axis=2) & (Y[None] > Y[:, None]).any(axis=2)).any(axis=1)
    np.testing.assert_array_equal(non_dominated(Y), ~beaten)


def test_the_reference_point_is_the_worst_of_all_that_is_no_outlier():
    """Each goal for itself; a far outlier moves it no further than the fence, and units carry through."""
    Y = np.column_stack([np.arange(9.0), np.arange(9.0)[::-1]])
    np.testing.assert_allclose(reference_point(Y), [0.0, 0.0])
    with_outlier = np.concatenate([Y, [[-1e6, 3.0]]])
    assert -10 < reference_point(with_outlier)[0] < 0
    np.testing.assert_allclose(reference_point(1000 * Y + 5), 1000 * reference_point(Y) + 5)


def test_the_reference_point_always_leaves_room_above_it():
    """Equal values, few values and values that are nearly all at their best have volume above it."""
    for Y in ([[1.0, 2.0]], [[1.0, 2.0]] * 5, [[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]] * 9 + [[0.0, 0.0]]):
        assert (reference_point(Y) < np.max(Y, axis=0)).all()


def test_no_points_have_no_reference():
    """Nothing can be inferred from no points, and the message says what to do."""
    with pytest.raises(ValueError, match="give one"):
        reference_point(np.empty((0, 2)))
