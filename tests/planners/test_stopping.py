"""Stop rules that look at results alone, and those that ask a model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matloop import (
    AtLeast,
    AtMost,
    ChanceBelow,
    GainBelow,
    Integer,
    Maximize,
    Minimize,
    Near,
    Reached,
    Real,
    Space,
    Stalled,
)
from matloop.core.contracts import StopRule
from matloop.core.standing import Standing
from matloop.core.trial import Observation
from matloop.planners.gains import Gains

SPACE = Space(x=Real(0, 1))
GRID = Space(x=Integer(0, 40))


WISHES = (Maximize("y", unit="J"),)


def standing(values, objectives=WISHES, space=SPACE, points=None, cost=None):
    """Results in order: a number is a value of y, a mapping has several, None is a failed trial."""
    found = []
    for i, value in enumerate(values):
        point = {"x": float(i) / 100} if points is None else {"x": points[i]}
        measured = {} if value is None else value if isinstance(value, dict) else {"y": float(value)}
        found.append(Observation(f"t-k-{i + 1:04d}", point, measured, failed="cracked" if value is None else None))
    return Standing(space, tuple(objectives), tuple(found), 0, cost)


@pytest.mark.parametrize("rule", [Reached("y > 1"), Stalled(3), GainBelow(0.1), ChanceBelow(0.1)])
def test_each_rule_keeps_the_contract(rule) -> None:
    """Each is a StopRule and finds no reason where nothing is known."""
    assert isinstance(rule, StopRule)
    assert rule.reason(standing([])) is None


def test_a_goal_is_reached_by_the_trial_that_meets_it() -> None:
    """The reason names the condition, the trial and its value with the unit."""
    rule = Reached("y >= 45")
    assert rule.reason(standing([1, None, 44.9])) is None
    assert rule.reason(standing([1, None, 46.2, 47])) == "y >= 45 is reached by trial 3: y 46.2 J"


def test_a_goal_may_ask_for_the_mean_of_replicates() -> None:
    """A lucky single value is not enough; the mean of so many measurements of one point is."""
    rule, points = Reached("y >= 45", replicates=2), [0.1, 0.2, 0.1, 0.2]
    assert rule.reason(standing([50, 44, 30, 44], points=points)) is None
    reason = rule.reason(standing([50, 44, 41, 44], points=points))
    assert reason is not None
    assert "trials 1, 3" in reason
    assert "45.5" in reason


def test_a_goal_may_speak_of_settings_and_of_several_values() -> None:
    """All names in the condition count together; a result that lacks one of them does not meet it."""
    wishes, rule = (Maximize("y"), AtMost("mass", 3)), Reached("y >= 2 and mass <= 3 and x < 0.02")
    assert rule.reason(standing([{"y": 3, "mass": 4}, {"y": 3}, {"y": 3, "mass": 2}], wishes)) is None
    assert rule.reason(standing([{"y": 1, "mass": 1}, {"y": 3, "mass": 2}], wishes)) is not None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.integers(1, 6))
def test_stalled_is_what_it_says(values: list[int], n: int) -> None:
    """It holds exactly where the best of all results was there before the last n."""
    stalls = len(values) > n and max(values[:-n]) >= max(values[-n:])
    assert (Stalled(n).reason(standing(values)) is not None) == stalls


def test_a_small_improvement_may_count_as_none() -> None:
    """With `by`, only more than that is an improvement; smaller is better for a goal that is minimized."""
    assert Stalled(2, by=0.5).reason(standing([5, 4.8, 4.6], [Minimize("y")])) is not None
    assert Stalled(2, by=0.3).reason(standing([5, 4.8, 4.6], [Minimize("y")])) is None


def test_failed_trials_bring_nothing() -> None:
    """Results count as without improvement where they failed, and nothing stalls before there is a value."""
    assert Stalled(2).reason(standing([1, None, None])) is not None
    assert Stalled(2).reason(standing([None, None, None])) is None


def test_a_front_that_grows_does_not_stall() -> None:
    """With several goals a point that nothing before dominates is an improvement."""
    wishes = [Maximize("y"), Maximize("z")]
    rows = [{"y": 3, "z": 1}, {"y": 1, "z": 3}, {"y": 2, "z": 2}]
    assert Stalled(1).reason(standing(rows, wishes)) is None
    assert Stalled(1).reason(standing([*rows, {"y": 2, "z": 1}], wishes)) is not None


# -- rules that ask a model ---------------------------------------------------------------------------------------


def known_well(n: int = 21) -> Standing:
    """A parabola on a grid of 41 points, every other of which was measured."""
    points = list(range(0, 2 * n, 2))
    return standing([9 - (p - 20) ** 2 / 40 for p in points], space=GRID, points=points)


def barely_known() -> Standing:
    """The same where only the left half was measured, and where it rises."""
    points = list(range(11))
    return standing([9 - (p - 20) ** 2 / 40 for p in points], space=GRID, points=points)


@pytest.mark.parametrize(
    "rule", [GainBelow(0.1), GainBelow(1.0, of="noise"), ChanceBelow(0.05, margin=0.2)], ids=["gain", "noise", "chance"]
)
def test_a_model_says_when_nothing_is_to_be_gained(rule) -> None:
    """Where all is known the rule holds and says a number; where the best lies in the unknown it does not."""
    reason = rule.reason(known_well())
    assert reason is not None
    assert any(letter.isdigit() for letter in reason)
    assert rule.reason(barely_known()) is None


def test_the_same_results_give_the_same_reason() -> None:
    """Stateless and repeatable, chances estimated by drawing too."""
    rule = ChanceBelow(0.5)
    assert rule.reason(known_well()) == rule.reason(known_well())


def test_models_wait_for_results() -> None:
    """Before `after` results with a value no model is asked."""
    assert GainBelow(1e6, after=22).reason(known_well()) is None
    assert GainBelow(1e6, after=21).reason(known_well()) is not None


def test_a_gain_may_be_weighed_against_its_cost() -> None:
    """A trial that brings less than its cost is not worth it; without a known cost the rule does not speak."""
    rule, known = GainBelow(1.0, of="cost"), barely_known()
    dear = Standing(known.space, known.objectives, known.observations, 0, lambda c: np.full(len(c["x"]), 1e3))
    cheap = Standing(known.space, known.objectives, known.observations, 0, lambda c: np.full(len(c["x"]), 1e-3))
    assert rule.reason(known) is None
    assert rule.reason(cheap) is None
    assert "its cost" in (rule.reason(dear) or "")


def test_everything_tried_leaves_nothing_to_gain() -> None:
    """In a finite space of which every point was tried, gain and chance are nought."""
    points = list(range(41))
    all_tried = standing([float(p) for p in points], space=GRID, points=points)
    assert GainBelow(1e-9).reason(all_tried) is not None
    assert "0.0%" in (ChanceBelow(0.01).reason(all_tried) or "")


def test_gains_agree_with_the_closed_form() -> None:
    """The quadrature of expected improvement is within 3 % of its formula wherever it matters."""
    from scipy.stats import norm

    seen = Gains(barely_known())
    mean, std = seen.models["y"].predict(seen.points)
    z = (mean - seen.best[1]) / std
    exact = std * (norm.pdf(z) + z * norm.cdf(z))
    matters = exact > 1e-3 * exact.max()
    np.testing.assert_allclose(seen.expected[matters], exact[matters], rtol=0.03)


@settings(max_examples=10, deadline=None)
@given(st.floats(0, 3))
def test_the_quick_bound_is_below_the_chance(margin: float) -> None:
    """What spares the drawing never rules out what the drawing would find."""
    for seen in (Gains(barely_known()), Gains(known_well())):
        assert seen.least_chance(margin) <= seen.chance(margin, 1024) + 0.02


def test_thresholds_weigh_the_gain() -> None:
    """Where a threshold cannot be met any more, there is nothing to gain, however high the goal."""
    points = list(range(0, 41, 2))
    rows = [{"y": float(p), "safe": 10.0 - p} for p in points]
    wishes = [Maximize("y"), AtLeast("safe", 0)]
    seen = standing(rows, wishes, space=GRID, points=points)
    free = standing(rows, [Maximize("y")], space=GRID, points=points)
    assert Gains(seen).best[1] == pytest.approx(10, abs=1)
    assert Gains(seen).expected.max() < 2.0
    assert GainBelow(2.0).reason(seen) is not None
    assert Gains(free).best[1] == pytest.approx(40, abs=1)


def test_a_value_to_come_near_to_is_worked_out_too() -> None:
    """`Near` goals have gains and chances: nothing is to be gained once a point hits the value."""
    points = list(range(0, 41, 2))
    hit = standing([float(p) for p in points], [Near("y", 20.0)], space=GRID, points=points)
    off = standing([float(p) for p in points], [Near("y", 21.0)], space=GRID, points=points)
    assert GainBelow(0.3).reason(hit) is not None
    assert GainBelow(0.3).reason(off) is None
    assert ChanceBelow(0.1, margin=0.5).reason(off) is None
