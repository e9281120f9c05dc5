"""Curves and the wish to match one: what a curve is, how far two are apart, and what a changed target does."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from matloop.core import event as e
from matloop.core.curve import Curve
from matloop.core.curve_scores import scored
from matloop.core.objective import Match
from matloop.core.spec import parse_spec
from matloop.core.state import fold
from matloop.core.trial import Outcome, same_content

X = (0.0, 1.0, 2.0, 4.0)
heights = st.lists(st.floats(0.1, 10), min_size=4, max_size=4)
distances = st.sampled_from(["rmse", "shape", "area"])


def match(y=(1.0, 2.0, 3.0, 1.0), **settings):
    return Match("a", (X, y), **settings)


@given(st.permutations(range(4)), heights)
def test_the_order_of_the_points_does_not_matter(order, y):
    """A spectrometer may scan either way."""
    assert Curve([X[i] for i in order], [y[i] for i in order]) == Curve(X, y)


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        ([1, 2, 3], [1, 2], "3 and 2"),
        ([1], [1], "two points"),
        ([1, 1], [1, 2], "comes twice"),
        ([1, 2], [1, float("nan")], r"y\[1\] of the curve is nan"),
        ([1, 2], [1, "2"], "not a number"),
        ([1, 2], [True, 2], "not a number"),
        ([1, 2], 3, "list of numbers"),
        ([1, 2], [1, 10**400], "not a finite number"),
    ],
)
def test_what_is_no_curve_is_refused_with_the_place(x, y, said):
    with pytest.raises(ValidationError, match=said):
        Curve(x, y)


def test_between_its_points_a_curve_is_linear_and_beyond_them_it_is_unknown():
    curve = Curve([0, 2], [0, 4])
    np.testing.assert_allclose(curve.at(np.array([0.0, 0.5, 2.0])), [0, 1, 4])
    with pytest.raises(ValueError, match="from x = 0 to 2, but is needed from 0 to 3"):
        curve.at(np.array([0.0, 3.0]))


@given(heights, heights, distances)
def test_distances_are_metrics_on_what_they_compare(a, b, distance):
    """Not negative, symmetric, zero to itself."""
    there = match(a, distance=distance).distance_of(Curve(X, b))
    back = match(b, distance=distance).distance_of(Curve(X, a))
    assert there == pytest.approx(back, abs=1e-12)
    assert there >= 0
    assert match(a, distance=distance).distance_of(Curve(X, a)) == pytest.approx(0, abs=1e-12)


@given(heights, st.floats(0.01, 100), st.sampled_from(["shape", "area"]))
def test_distances_of_shapes_do_not_see_a_factor(y, factor, distance):
    curve = Curve(X, [factor * v for v in y])
    assert match(distance=distance).distance_of(curve) == pytest.approx(
        match(distance=distance).distance_of(Curve(X, y)), abs=1e-7
    )


def test_distances_have_their_textbook_values():
    """Rmse by hand; orthogonal shapes are √2 apart and the cosine distance is half the square; areas by trapezoids."""
    assert match((1, 1, 1, 1)).distance_of(Curve(X, (3, 1, 1, 1))) == pytest.approx(1.0)
    assert match((1, 1, 1, 1), weights=(0, 1, 1, 1)).distance_of(Curve(X, (3, 1, 1, 1))) == 0
    orthogonal = match((1, 0, 0, 0), distance="shape").distance_of(Curve(X, (0, 0, 5, 0)))
    assert orthogonal == pytest.approx(np.sqrt(2))
    a, b = np.array([1.0, 2, 3, 1]), np.array([2.0, 2, 1, 1])
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert match(a, distance="shape").distance_of(Curve(X, b)) ** 2 / 2 == pytest.approx(1 - cosine)
    mean = (1.5 + 2.5 + 4) / 4, (2 + 1.5 + 2) / 4
    by_hand = np.sqrt(np.mean((a / mean[0] - b / mean[1]) ** 2))
    assert match(a, distance="area").distance_of(Curve(X, b)) == pytest.approx(by_hand)


@given(distances)
def test_a_curve_of_zeros_has_a_finite_distance(distance):
    assert np.isfinite(match(distance=distance).distance_of(Curve(X, (0, 0, 0, 0))))


def test_where_nothing_counts_the_curve_need_not_reach():
    wish = match(weights=(0, 1, 1, 0))
    assert wish.distance_of(Curve([0.5, 2.5], [1.5, 3.5])) == pytest.approx(np.sqrt(0))
    with pytest.raises(ValueError, match="needed"):
        match().distance_of(Curve([0.5, 2.5], [1, 2]))


@pytest.mark.parametrize(
    "settings",
    [
        {"weights": (1, 1)},
        {"weights": (0, 0, 0, 0)},
        {"weights": (-1, 1, 1, 1)},
        {"distance": "shape", "unit": "V"},
        {"distance": "nearby"},
    ],
)
def test_a_match_that_contradicts_itself_is_refused(settings):
    with pytest.raises(ValidationError):
        match(**settings)


def test_a_nearer_curve_has_a_higher_utility():
    assert match().utility(np.array([0.1, 0.2])).tolist() == [-0.1, -0.2]
    assert not match().is_threshold


def definition(y, x=X):
    wish = {"goal": "match", "target": {"x": list(x), "y": list(y)}}
    return {"space": {"t": {"kind": "real", "low": 0, "high": 1}}, "objective": {"a": wish}}


def test_a_definition_comes_back_from_plain_data_with_all_points():
    spec = parse_spec(definition((1, 2, 3, 1)))
    assert parse_spec(json.loads(json.dumps(spec.to_dict()))).objectives == spec.objectives


def test_a_journal_keeps_the_curve_as_it_was_measured():
    """On its own x, to the last digit; and without a curve the journal reads as it always did."""
    outcome = scored(Outcome(curves={"a": Curve([-1, 0.5, 5], [0.1, 0.2, 1 / 3])}), [match()])
    assert Outcome.model_validate_json(outcome.model_dump_json()) == outcome
    assert "curves" not in Outcome(values={"a": 1.0}).model_dump_json()


def test_outcomes_with_other_curves_say_something_else():
    one, same, other = (Outcome(curves={"a": Curve(X, y)}) for y in ([1, 2, 3, 1], [1, 2, 3 + 1e-12, 1], [1, 2, 3, 2]))
    assert same_content(one, same)
    assert not same_content(one, other)
    assert not same_content(one, Outcome())


def test_a_changed_target_gives_every_curve_its_new_distance():
    """And one that the curve does not reach leaves it without a distance, but with its points."""
    planned = e.Planned(trial="t", number=1, proposal=e.Proposal(point={"t": 0.5}), planner="random")
    outcome = scored(Outcome(curves={"a": Curve(X, (1, 2, 3, 1))}), [match()])
    told = [e.Created(spec=definition((1, 2, 3, 1)), key="k"), planned, e.Observed(trial="t", outcome=outcome)]
    assert fold(told).observations[0].values == {"a": 0.0}
    changed = fold([*told, e.SpecChanged(spec=definition((2, 3, 4, 2)))])
    assert changed.observations[0].values == {"a": pytest.approx(1.0)}
    beyond = fold([*told, e.SpecChanged(spec=definition((2, 3, 4, 2), (0, 1, 2, 9)))])
    assert beyond.observations[0].values == {}
    assert beyond.observations[0].curves["a"].y == (1, 2, 3, 1)
