"""Several goals in one number: monotone, sure of every compromise, and within its bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matloop.planners.scalarization import chebyshev, desirability, random_weights

rows = arrays(float, (6, 3), elements=st.floats(-10, 10))


@given(rows, st.integers(0, 2), st.floats(0, 5))
def test_better_in_a_goal_is_never_worse_in_all(Y, j, gain):
    """Both numbers rise, or stay, where one goal rises."""
    more = Y.copy()
    more[:, j] += gain
    assert (chebyshev(more, [0.2, 0.3, 0.5], 0.0, 1.0) >= chebyshev(Y, [0.2, 0.3, 0.5], 0.0, 1.0)).all()
    assert (
        desirability(more, np.full(3, -10.0), np.full(3, 10.0)) >= desirability(Y, np.full(3, -10.0), np.full(3, 10.0))
    ).all()


def test_each_compromise_on_a_hollow_front_is_the_best_for_some_weights():
    """Unlike a weighted sum, which finds the ends alone."""
    first = np.linspace(0, 1, 9)  # near one end, where the front is flat, the sum beside the worst goal skips points
    hollow = np.column_stack([first, (1 - first**0.5) ** 2])
    winners = {int(chebyshev(hollow, [w, 1 - w], hollow.max(axis=0), 1.0).argmax()) for w in np.linspace(0, 1, 400)}
    assert winners >= {0, 1, 2, 3, 4, 5, 8}


def test_random_weights_are_shares():
    """They are positive and sum to one."""
    weights = random_weights(4, np.random.default_rng(0))
    assert weights.sum() == pytest.approx(1.0)
    assert (weights >= 0).all()


def test_desirability_is_one_where_all_is_satisfied_and_zero_where_one_goal_is_unacceptable():
    """Half way in both is a half; the heavier goal counts more."""
    low, high = [0.0, 0.0], [1.0, 2.0]
    np.testing.assert_allclose(desirability([[1, 9], [9, 0], [0.5, 1.0]], low, high), [1.0, 0.0, 0.5])
    assert desirability([[0.9, 0.2]], low, high, [3, 1])[0] > desirability([[0.9, 0.2]], low, high)[0]


def test_a_goal_must_be_satisfied_by_more_than_what_is_unacceptable():
    """Limits in the wrong order are refused in words."""
    with pytest.raises(ValueError, match="unacceptable"):
        desirability([[1.0]], [2.0], [1.0])
