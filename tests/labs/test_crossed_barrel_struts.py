"""One strut of the crossed barrel: its geometry, section, buckling and folding agree with what can be derived."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matloop.labs.twins.crossed_barrel import Rig
from matloop.labs.twins.crossed_barrel_struts import (
    bow_mechanism,
    concertina_reduction,
    section,
    strut,
    sway_eccentricity,
    yield_reduction,
)

counts = st.integers(6, 12)
radii = st.floats(1.5, 2.5)
walls = st.floats(0.7, 1.4)
RIG = Rig()


@given(radii, walls, walls)
def test_a_thicker_wall_never_lowers_the_section(r, one, other):
    thin, thick = section(*_columns(r, min(one, other))), section(*_columns(r, max(one, other)))
    assert thick.area >= thin.area
    assert thick.second_moment >= thin.second_moment
    assert thick.plastic_modulus >= thin.plastic_modulus


def test_a_wall_as_thick_as_the_radius_is_a_solid_rod():
    solid = section(*_columns(2.0, 2.0))
    assert solid.area == pytest.approx(np.pi * 4)
    assert solid.second_moment == pytest.approx(np.pi * 4)
    assert solid.plastic_modulus == pytest.approx(32 / 3)


@given(st.floats(4, 30), st.floats(0.4, 1.5))
def test_the_work_of_the_folding_force_is_what_the_hinges_dissipate(free, ratio):
    rotation = np.linspace(0, 1, 4000)[None] ** 2
    share, shortening = bow_mechanism(rotation, np.array([[free]]), np.array([[ratio]]))
    moment = ratio * np.cos(np.pi / 2 * share)
    squeeze = share * np.pi / 2 * ratio * np.sin(np.pi / 2 * share)
    dissipated = _area(4 * (moment + squeeze), rotation)
    assert _area(share, shortening) == pytest.approx(dissipated, rel=1e-3)


@given(st.floats(4, 30), st.floats(0.4, 1.5))
def test_a_folding_strut_only_loses_force_and_starts_at_its_squash_load(free, ratio):
    share, shortening = bow_mechanism(np.linspace(0, 1.4, 100), np.array([[free]]), np.array([[ratio]]))
    assert share[0, 0] == 1
    assert (np.diff(share) <= 1e-9).all()
    assert (np.diff(shortening) > 0).all()


def test_slender_struts_buckle_at_the_euler_load_and_stocky_ones_at_yield():
    tube = section(*_columns(2.0, 1.0))
    slender, stocky = (strut(*_columns(3, 0.0, 2.0), height, 1000.0) for height in (2000.0, 10.0))
    euler = 4 * np.pi**2 * RIG.modulus * tube.second_moment / slender.free**2
    load = yield_reduction(slender, tube, RIG.modulus, RIG.strength) * RIG.strength * tube.area
    assert load == pytest.approx(euler)
    assert yield_reduction(stocky, tube, RIG.modulus, RIG.strength) == pytest.approx(1)


@given(st.floats(1, 90), radii, walls)
def test_an_inclined_strut_yields_earlier_because_its_ends_bend(theta, r, t):
    shape, tube = strut(*_columns(2, theta, r), RIG.height, 50.0), section(*_columns(r, t))
    bending = sway_eccentricity(shape, tube) * tube.area * r / tube.second_moment
    reduction = yield_reduction(shape, tube, np.inf, RIG.strength)
    assert reduction == pytest.approx(1 / (1 + bending))
    assert reduction < 1


def test_thin_tubes_fold_below_their_squash_load_and_thick_ones_do_not():
    thin, thick = (concertina_reduction(section(*_columns(2.5, t))).item() for t in (0.7, 1.4))
    assert thin == pytest.approx(6 / np.pi * np.sqrt(0.7 / 4.3))
    assert thick == 1


@given(st.floats(8, 30), st.floats(0.4, 1.5), st.floats(0, 2))
def test_hardening_holds_a_folding_strut_and_a_load_off_its_axis_weakens_it(free, ratio, eccentricity):
    rotation = np.linspace(0, 1.4, 100)
    plain, _ = bow_mechanism(rotation, free, ratio)
    held, _ = bow_mechanism(rotation, free, ratio, hardening=0.5)
    bent, _ = bow_mechanism(rotation, free, ratio, eccentricity=eccentricity)
    squashed, _ = bow_mechanism(rotation, free, ratio, hardening=1.5)
    assert (held >= np.maximum(plain, 0.5) - 1e-9).all()
    assert (bent <= plain + 1e-9).all()
    assert squashed == pytest.approx(1)


@given(st.integers(2, 12), st.floats(0, 360), radii)
def test_what_neighbours_share_is_a_part_and_nothing_where_they_do_not_touch(n, theta, r):
    shape = strut(*_columns(n, theta, r), RIG.height, RIG.circle)
    for part in (shape.merged, shape.shared, shape.fusion):
        assert 0 <= part.item() <= 1
        assert (part.item() == 0) == (shape.gap.item() >= 2 * r)


@given(counts, st.floats(1, 179), radii)
def test_the_gap_between_neighbours_is_the_distance_between_their_axes(n, theta, r):
    along = np.linspace(0, 1, 401)[:, None]
    one, other = (_axis(start, np.deg2rad(theta), along) for start in (0.0, 2 * np.pi / n))
    nearest = np.linalg.norm(one[:, None] - other[None], axis=-1).min()
    gap = strut(*_columns(n, theta, r), RIG.height, RIG.circle).gap.item()
    assert gap == pytest.approx(nearest, abs=0.06)


@given(counts, st.floats(0, 199.9), radii, walls)
def test_twist_changes_the_free_length_without_jumps_where_struts_begin_to_touch(n, theta, r, t):
    here, there = (strut(*_columns(n, x, r), RIG.height, RIG.circle).free for x in (theta, theta + 1e-7))
    assert here == pytest.approx(there, abs=1e-2)


def _columns(*values: float) -> list[np.ndarray]:
    return [np.array([[float(value)]]) for value in values]


def _area(values: np.ndarray, along: np.ndarray) -> float:
    return float(((values[..., 1:] + values[..., :-1]) / 2 * np.diff(along)).sum())


def _axis(start: float, twist: float, along: np.ndarray) -> np.ndarray:
    """Points of a strut axis that begins at angle `start` and ends `twist` further, (m, 3)."""
    foot = np.array([RIG.circle * np.cos(start), RIG.circle * np.sin(start), 0.0])
    head = np.array([RIG.circle * np.cos(start + twist), RIG.circle * np.sin(start + twist), RIG.height])
    return foot + along * (head - foot)
