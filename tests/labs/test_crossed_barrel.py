"""The crossed-barrel twin obeys mechanics: limits, scaling, energy balance, and roughly the published tests."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matloop.labs.twins.crossed_barrel import RELATIVE_NOISE, Rig, force_displacement, toughness
from matloop.labs.twins.crossed_barrel_struts import (
    axial_stiffness,
    concertina_reduction,
    section,
    strut,
    yield_reduction,
)

counts = st.integers(6, 12)
twists = st.floats(0, 200)
radii = st.floats(1.5, 2.5)
walls = st.floats(0.7, 1.4)
RIG = Rig()


@given(counts, twists, radii, walls)
def test_toughness_is_positive_and_finite_everywhere_and_is_the_area_under_the_curve(n, theta, r, t):
    curve = force_displacement(n, theta, r, t)
    assert 0 < curve.toughness < 100
    assert curve.toughness == pytest.approx(toughness(n, theta, r, t))
    assert np.isfinite(curve.force).all()
    assert (np.diff(curve.displacement) >= 0).all()
    assert curve.displacement[-1] < RIG.height + RIG.force_limit * RIG.compliance


@given(counts, twists, radii, walls)
def test_no_test_goes_beyond_the_force_limit_of_the_machine(n, theta, r, t):
    assert force_displacement(n, theta, r, t).peak_force <= RIG.force_limit * (1 + 1e-9)


@given(counts, twists, radii, walls, st.floats(0.2, 5))
def test_scaling_all_lengths_by_s_scales_forces_by_s2_and_energy_by_s3(n, theta, r, t, s):
    scaled = replace(
        RIG,
        height=RIG.height * s,
        circle=RIG.circle * s,
        force_limit=RIG.force_limit * s**2,
        compliance=RIG.compliance / s,
    )
    small, large = force_displacement(n, theta, r, t), force_displacement(n, theta, r * s, t * s, scaled)
    assert large.peak_force == pytest.approx(s**2 * small.peak_force, rel=1e-6)
    assert large.toughness == pytest.approx(s**3 * small.toughness, rel=1e-6)
    assert large.failure_mode == small.failure_mode


@given(st.integers(2, 4), st.floats(0, 90), st.floats(1, 2))
def test_twice_as_many_struts_that_do_not_touch_yield_at_twice_the_force(n, theta, r):
    rig = replace(RIG, circle=50.0, force_limit=np.inf)
    assert strut(*_columns(2 * n, theta, r), rig.height, rig.circle).fusion == 0
    one, two = force_displacement(n, theta, r, 0.7, rig), force_displacement(2 * n, theta, r, 0.7, rig)
    assert two.force[1] == pytest.approx(2 * one.force[1])


@given(counts, st.floats(1.5, 2.4), st.floats(0.7, 1.4))
def test_vertical_struts_reduce_to_axial_stiffness_and_squash_load(n, r, t):
    shape, tube = strut(*_columns(n, 0.0, r), RIG.height, RIG.circle), section(*_columns(r, t))
    area = np.pi * (r**2 - (r - t) ** 2)
    assert axial_stiffness(shape, tube, RIG.modulus) == pytest.approx(RIG.modulus * area / RIG.height)
    reduction = min(yield_reduction(shape, tube, RIG.modulus, RIG.strength), concertina_reduction(tube)).item()
    curve = force_displacement(n, 0.0, r, t, replace(RIG, force_limit=np.inf))
    assert curve.force[1] == pytest.approx(n * reduction * RIG.strength * area)
    stiffness = 1 / (RIG.compliance + RIG.height / (n * RIG.modulus * area))
    assert curve.force[1] / curve.displacement[1] == pytest.approx(stiffness)


@given(counts, st.floats(0, 360), radii)
def test_a_twist_and_the_same_twist_the_other_way_round_are_equally_strong(n, theta, r):
    assert toughness(n, theta, r, 1.0) == pytest.approx(toughness(n, 360 - theta, r, 1.0))


@pytest.mark.parametrize("n", [6, 8])
def test_toughness_of_breaking_designs_is_continuous_in_twist(n):
    theta = np.linspace(0, 90, 3001)
    energy = toughness(n, theta, 1.6, 0.7)
    assert np.abs(np.diff(energy)).max() < 0.02 * energy.max()


def test_the_best_twist_lies_inside_the_space_and_depends_on_the_other_parameters():
    theta = np.linspace(0, 200, 81)
    best = [theta[np.argmax(toughness(n, theta, r, t))] for n, r, t in [(8, 2.4, 1.2), (10, 2.4, 1.2), (12, 2.3, 1.05)]]
    assert all(0 < angle < 200 for angle in best)
    assert len(set(best)) == 3


@pytest.mark.parametrize("r", [2.0, 2.4])
def test_twist_costs_six_struts_their_toughness_until_they_fuse(r):
    straight, leaning, fused = toughness(6, np.array([0.0, 75.0, 175.0]), r, 1.05)
    assert leaning < 0.7 * straight < 1.4 * fused


def test_a_barrel_stronger_than_the_machine_scores_only_its_elastic_energy():
    curve = force_displacement(12, 0.0, 2.5, 1.4)
    assert curve.failure_mode == "load limit reached"
    assert curve.toughness * 1000 == pytest.approx(RIG.force_limit * curve.displacement[-1] / 2)
    assert curve.toughness < toughness(12, 0.0, 2.2, 0.7)


def test_the_toughest_barrel_of_a_kind_is_the_last_one_that_stays_below_the_load_limit():
    radius = np.linspace(1.5, 2.5, 201)
    energy = toughness(12, 100.0, radius, 1.4)
    best = int(np.argmax(energy))
    assert 0.9 < force_displacement(12, 100.0, radius[best], 1.4).peak_force / RIG.force_limit <= 1
    assert energy[-1] < 0.1 * energy[best]


def test_slender_free_struts_break_between_layers_and_fused_ones_do_not():
    assert force_displacement(6, 50.0, 1.5, 0.7).failure_mode == "layer fracture"
    assert force_displacement(12, 175.0, 1.6, 0.7).failure_mode == "crushed flat"


def test_designs_are_evaluated_together_as_they_are_alone():
    theta = np.array([[0.0, 90.0], [150.0, 200.0]])
    together = toughness(8, theta, 2.0, 0.7)
    assert together.shape == (2, 2)
    assert together[1, 0] == pytest.approx(toughness(8, 150.0, 2.0, 0.7))


@pytest.mark.parametrize(
    ("design", "hint"),
    [
        ((1, 0, 2, 1), "at least 2 struts"),
        ((8, -1, 2, 1), "0 to 360 degrees"),
        ((8, 0, 0, 1), "outer radius in mm, must be positive"),
        ((8, 0, 2, 0), "wall in mm, must be positive"),
        ((8, 0, 1, 1.5), "at most the outer radius"),
        ((8, 0, np.nan, 1), "outer radius in mm, must be positive"),
    ],
)
def test_a_barrel_that_cannot_exist_is_refused_with_a_hint(design, hint):
    with pytest.raises(ValueError, match=hint):
        toughness(*design)


@pytest.mark.data
def test_the_600_published_designs_are_ranked_and_sized_roughly_as_measured():
    predicted, measured = _compared()
    ranks = [np.argsort(np.argsort(values)) for values in (predicted, measured)]
    assert np.corrcoef(*ranks)[0, 1] > 0.8
    assert 0.8 < np.median(predicted / measured) < 1.25
    assert predicted.max() == pytest.approx(measured.max(), rel=0.15)


@pytest.mark.data
@pytest.mark.parametrize(("upper", "lower"), [(0.99, 0.75), (1.0, 0.95)])
def test_the_upper_tail_is_as_sharp_as_the_published_one(upper, lower):
    predicted, measured = (np.quantile(values, upper) / np.quantile(values, lower) for values in _compared())
    assert predicted == pytest.approx(measured, rel=0.15)


@pytest.mark.data
def test_the_stated_noise_is_the_median_spread_of_the_published_replicates():
    *_, replicates = _published()
    assert np.median(replicates.std(axis=1, ddof=1)) == pytest.approx(RELATIVE_NOISE, abs=0.01)


def _published() -> tuple[np.ndarray, ...]:
    """The four parameters (600,) and ln(toughness) of the three replicates (600, 3)."""
    folder = os.environ.get("MATLOOP_DATA")
    if not folder:
        pytest.skip("MATLOOP_DATA does not name the folder of published datasets")
    rows = np.loadtxt(Path(folder) / "pvlab_crossed_barrel" / "crossed_barrel.csv", delimiter=",", skiprows=1)
    designs, index = np.unique(rows[:, :4], axis=0, return_inverse=True)
    replicates = rows[np.argsort(index.ravel(), kind="stable"), 4].reshape(len(designs), -1)
    return (*designs.T, np.log(replicates))


def _compared() -> tuple[np.ndarray, np.ndarray]:
    """Toughness (600,) of the published designs by the twin, and as measured: means of replicates."""
    *design, replicates = _published()
    return np.asarray(toughness(*design)), np.exp(replicates).mean(axis=1)


def _columns(*values: float) -> list[np.ndarray]:
    return [np.array([[float(value)]]) for value in values]
