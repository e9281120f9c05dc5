"""The reference point of a search: below the best, in everybody's units, far for two goals and near for more."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matloop.models.pareto import reference_point
from matloop.planners.reference import inferred_reference


@given(st.integers(1, 8).flatmap(lambda n: arrays(float, (n, 3), elements=st.floats(-1e6, 1e6))), st.integers(2, 3))
def test_there_is_always_room_above_it(Y, m):
    """Whatever is known, the best of each goal lies above."""
    assert (inferred_reference(Y[:, :m]) < Y[:, :m].max(axis=0)).all()


@pytest.mark.parametrize("m", [2, 3])
def test_units_do_not_matter(m):
    """Scaled and shifted goals have a scaled and shifted reference."""
    Y = np.random.default_rng(0).random((20, m))
    np.testing.assert_allclose(inferred_reference(1e3 * Y + 7), 1e3 * inferred_reference(Y) + 7)


def test_with_two_goals_the_ends_of_the_front_count():
    """The reference lies beyond the worst of all, so that a point as bad as that in one goal still adds volume."""
    Y = np.array([[0.0, 1.0], [1.0, 0.0], [0.4, 0.4]])
    assert (inferred_reference(Y) < reference_point(Y)).all()


def test_with_three_goals_the_rim_counts_little():
    """Points that give up very much for next to nothing do not draw the reference to them."""
    front = np.eye(3)[[0, 1, 2, 0, 1, 2]] * 0.5 + 0.2
    rim = np.array([[0.7001, -3.0, 0.2], [0.2, 0.7001, -3.0], [-3.0, 0.2, 0.7001]])
    both = inferred_reference(np.concatenate([front, rim]))
    assert (both > 0.0).all()
    assert (both < 0.2).all()


def test_without_a_row_there_is_none():
    """It says so."""
    with pytest.raises(ValueError, match="give one"):
        inferred_reference(np.empty((0, 3)))
