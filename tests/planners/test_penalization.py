"""Local penalization keeps a batch apart, by as much as the steepest slope allows."""

import numpy as np
import pytest

from matloop import Maximize, Minimize, Real, Space
from matloop.core.trial import Observation
from matloop.planners.penalization import Apart, highest, log_penalty, steepest
from matloop.planners.surrogates import fit_objectives

SPACE = Space(x=Real(0, 1))
SEEN = [Observation(str(x), {"x": float(x)}, {"y": 3.0 * x}) for x in np.linspace(0, 1, 9)]


def test_it_is_the_paper_s_formula() -> None:
    """Each factor is ½ erfc(−z) with z = (L d − M + μ)/√(2σ²)."""
    from scipy.special import erfc

    x, centre = np.array([[0.1], [0.5], [0.9]]), np.array([[0.4]])
    told = log_penalty(x, centre, np.array([1.0]), np.array([0.3]), best=2.0, lipschitz=4.0)
    z = (4.0 * np.abs(x[:, 0] - 0.4) - 2.0 + 1.0) / np.sqrt(2 * 0.3**2)
    assert told == pytest.approx(np.log(0.5 * erfc(-z)))


def test_limits() -> None:
    """Certainty makes a ball of radius (M − μ)/L: nothing inside, no penalty outside; the centres multiply."""
    x = np.array([[0.2], [0.39], [0.61], [0.8]])
    one = np.array([[0.5]])
    told = np.exp(log_penalty(x, one, np.array([1.0]), np.array([1e-9]), best=1.2, lipschitz=1.0))
    assert told == pytest.approx([1.0, 0.0, 0.0, 1.0])
    two = log_penalty(x, np.array([[0.5], [0.1]]), np.array([1.0, 0.0]), np.array([0.2, 0.1]), 1.2, 1.0)
    first = log_penalty(x, one, np.array([1.0]), np.array([0.2]), 1.2, 1.0)
    second = log_penalty(x, np.array([[0.1]]), np.array([0.0]), np.array([0.1]), 1.2, 1.0)
    assert two == pytest.approx(first + second)


def test_the_slope_of_a_line_is_found() -> None:
    """A straight line has its own slope, whatever its sign."""
    model = fit_objectives(SPACE, [Maximize("y")], SEEN)["y"]
    assert steepest(model) == pytest.approx(3.0, rel=0.05)


def test_the_highest_that_may_be_reached_is_no_less_than_the_best_so_far() -> None:
    """One standard deviation above the mean, wherever that is highest; of what is to be small, turned round."""
    model = fit_objectives(SPACE, [Maximize("y")], SEEN)["y"]
    assert highest(model, Maximize("y")) == pytest.approx(3.0, abs=0.1)
    assert highest(model, Minimize("y")) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("goal", [Maximize("y"), Minimize("y")], ids=lambda goal: goal.goal)
def test_poor_points_keep_a_wider_berth(goal) -> None:
    """Around a point that is expected to be good the ball is small, around a poor one large."""
    model = fit_objectives(SPACE, [goal], SEEN)["y"]
    good, poor = ({"x": 0.9}, {"x": 0.1}) if goal.goal == "maximize" else ({"x": 0.1}, {"x": 0.9})
    none = Apart.of(model, goal)
    at = np.array([[0.5]])
    near_good, near_poor = (none.with_pending([point]).log_penalty(at)[0] for point in (good, poor))
    assert near_good > near_poor
    assert none.log_penalty(at) == pytest.approx([0.0])
    both = none.with_pending([good]).with_pending([poor]).log_penalty(at)[0]
    assert both == pytest.approx(near_good + near_poor)
