"""What is believed of curves: components, the distance to the target, and where a trial would come nearest to it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matloop.core.curve import Curve
from matloop.core.objective import Match
from matloop.core.parameter import Real
from matloop.core.space import Space
from matloop.core.trial import Observation
from matloop.planners.curves import Components, CurveBeliefs, noise_of
from matloop.planners.designs import LatinHypercube

SPACE = Space(a=Real(0, 1), b=Real(0, 1))
X = np.linspace(0, 1, 40)
SOLUTION = {"a": 0.3, "b": 0.6}


def bands(a, b):
    """Two bands: `a` moves the one, `b` lifts the other."""
    return np.exp(-(((X - 0.2 - 0.2 * a) / 0.1) ** 2)) + (0.2 + b) * np.exp(-(((X - 0.8) / 0.1) ** 2))


TARGET = bands(**SOLUTION)


def observed(points, wish, rng=None, sigma=0.0):
    told = []
    for i, point in enumerate(points):
        y = bands(**point) + (0.0 if rng is None else sigma * rng.standard_normal(len(X)))
        curve = Curve(X, y)
        told.append(Observation(str(i), point, {wish.name: wish.distance_of(curve)}, curves={wish.name: curve}))
    return told


def points(n, seed=0):
    rng = np.random.default_rng(seed)
    return [p.point for p in LatinHypercube(size=n).propose(SPACE, [], [], [], n, rng)]


def grid(n=41):
    a, b = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, n))
    return {"a": a.ravel(), "b": b.ravel()}


@pytest.mark.parametrize("distance", ["rmse", "shape", "area"])
def test_ten_curves_show_where_the_target_lies(distance):
    """By each distance the best score is near the solution, though nothing was measured there."""
    wish = Match("y", (X, TARGET), distance=distance)
    beliefs = CurveBeliefs(SPACE, wish, observed(points(10), wish))
    columns = grid()
    best = int(beliefs.score(columns).argmax())
    assert abs(columns["a"][best] - SOLUTION["a"]) < 0.11
    assert abs(columns["b"][best] - SOLUTION["b"]) < 0.11


def test_the_predicted_distance_is_that_of_the_curve():
    """At new points, within the stated uncertainty for almost all of them."""
    wish = Match("y", (X, TARGET))
    beliefs = CurveBeliefs(SPACE, wish, observed(points(25), wish))
    columns = grid(9)
    mean, std = beliefs.predict(columns)
    true = [wish.distance_of(Curve(X, bands(a, b))) for a, b in zip(columns["a"], columns["b"], strict=True)]
    assert np.mean(np.abs(mean - true) < 3 * std + 1e-3) > 0.9
    assert np.corrcoef(mean, true)[0, 1] > 0.98


def test_mean_and_spread_of_the_distance_agree_with_sampled_curves():
    """Sampled from the scores: mean within 5 %, standard deviation within 15 %."""
    wish = Match("y", (X, TARGET))
    beliefs = CurveBeliefs(SPACE, wish, observed(points(6), wish))
    columns = grid(5)
    means, variances = beliefs._scores(SPACE.encode(columns))
    rng = np.random.default_rng(0)
    drawn = means + np.sqrt(variances) * rng.standard_normal((20_000, *means.shape))
    distances = np.sqrt(np.sum(drawn**2, axis=2) + beliefs.components.remainder)
    mean, std = beliefs.predict(columns)
    np.testing.assert_allclose(mean, distances.mean(axis=0), rtol=0.05)
    np.testing.assert_allclose(std, distances.std(axis=0), rtol=0.15, atol=1e-4)


def test_a_pending_point_promises_little_and_moves_no_mean():
    wish = Match("y", (X, TARGET))
    beliefs = CurveBeliefs(SPACE, wish, observed(points(8), wish))
    columns = grid()
    best = int(beliefs.score(columns).argmax())
    point = {name: float(column[best]) for name, column in columns.items()}
    after = beliefs.with_pending([point])
    assert after.score(columns)[best] < beliefs.score(columns)[best] - 1
    assert int(after.score(columns).argmax()) != best
    before, now = (b._scores(SPACE.encode(columns)) for b in (beliefs, after))
    np.testing.assert_allclose(now[0], before[0], atol=1e-6)
    assert (now[1] <= before[1] + 1e-9).all()
    assert beliefs.with_pending([]) is beliefs


def test_what_misses_a_threshold_is_not_the_one_to_beat():
    wish = Match("y", (X, TARGET))
    told = observed([*points(8), SOLUTION], wish)
    beliefs = CurveBeliefs(SPACE, wish, told)
    without = np.array([True] * 8 + [False])
    assert (beliefs.score(grid(), without) > beliefs.score(grid())).all()


def test_two_components_beneath_noise_are_two_components():
    """Noise adds none; the direction of a target that lies outside of them adds one."""
    rng = np.random.default_rng(1)
    basis = np.array([np.sin(3 * X), np.cos(5 * X)])
    curves = 1 + rng.standard_normal((30, 2)) @ basis + 0.01 * rng.standard_normal((30, len(X)))
    found = Components.of(curves)
    assert len(found.basis) == 3
    np.testing.assert_allclose(found.basis @ found.basis.T, np.eye(3), atol=1e-9)
    assert found.remainder == pytest.approx(40 * 0.01**2, rel=0.2)


def test_noise_is_told_from_smooth_curves_by_second_differences():
    rng = np.random.default_rng(2)
    curves = np.sin(3 * X) + 0.03 * rng.standard_normal((50, len(X)))
    assert noise_of(curves) == pytest.approx(len(X) * 0.03**2, rel=0.3)
    assert noise_of(np.ones((3, 2))) == 0


@settings(max_examples=20)
@given(st.integers(2, 6), st.sampled_from(["rmse", "shape", "area"]), st.sampled_from([0.0, 1.0, 1e6]))
def test_equal_curves_zeros_and_the_target_itself_give_finite_scores(n, distance, height):
    """Nothing to learn is no failure."""
    wish = Match("y", (X, TARGET), distance=distance)
    for y in (np.full(len(X), height), TARGET):
        curve = Curve(X, y)
        told = [Observation(str(i), p, {}, curves={"y": curve}) for i, p in enumerate(points(n))]
        beliefs = CurveBeliefs(SPACE, wish, told)
        assert np.isfinite(beliefs.score(grid(5))).all()
        assert np.isfinite(beliefs.predictions(SOLUTION)).all()


def test_trials_without_a_curve_teach_nothing():
    wish = Match("y", (X, TARGET))
    told = observed(points(6), wish)
    blind = [Observation("f", SOLUTION, failed="spilled"), Observation("n", SOLUTION, {"other": 1.0})]
    np.testing.assert_array_equal(
        CurveBeliefs(SPACE, wish, [*told, *blind]).score(grid(5)), CurveBeliefs(SPACE, wish, told).score(grid(5))
    )
    with pytest.raises(ValueError, match="two measured curves"):
        CurveBeliefs(SPACE, wish, told[:1])


def test_the_expected_curve_is_the_one_that_comes():
    """Between the measured points the curve itself is predicted, with its uncertainty."""
    wish = Match("y", (X, TARGET))
    beliefs = CurveBeliefs(SPACE, wish, observed(points(25), wish))
    mean, std = beliefs.curves(SPACE.columns([SOLUTION]))
    assert np.abs(mean[0] - wish.target_features).max() < 0.05 * wish.target_features.max()
    assert (std >= 0).all()


def test_noise_of_measuring_is_part_of_what_will_be_measured():
    wish = Match("y", (X, TARGET))
    rng = np.random.default_rng(3)
    beliefs = CurveBeliefs(SPACE, wish, observed(points(20), wish, rng, 0.05))
    quiet, _ = beliefs.predict(SPACE.columns([SOLUTION]))
    measured, _ = beliefs.predictions(SOLUTION)
    assert measured > quiet[0]
