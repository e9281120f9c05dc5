"""Boxes of the free region, and the expected improvement over it: against sampling, integrals and limits."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import quad
from scipy.stats import norm

from matloop.models.pareto import hypervolume
from matloop.planners.acquisition import log_expected_improvement
from matloop.planners.excess import Ramp, Tent, log_unit_excess, unit_excess
from matloop.planners.hypervolume import FreeRegion
from matloop.planners.hypervolume_boxes import free_boxes

sizes = st.integers(1, 4).flatmap(lambda m: st.tuples(st.integers(0, 7), st.just(m)))
fronts = sizes.flatmap(lambda shape: arrays(float, shape, elements=st.floats(-0.2, 1).map(lambda x: round(x, 1))))


def some(m: int, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A front (8, m), and mean (m, 1, n) and std (m, n) of n candidates around it."""
    rng = np.random.default_rng(seed)
    return rng.random((8, m)), rng.random((m, 1, n)), 0.05 + 0.4 * rng.random((m, n))


@given(fronts, st.integers(0, 2**32 - 1))
def test_every_free_point_lies_in_one_box_and_no_dominated_one_in_any(front, seed):
    """The boxes cover the free region once, and nothing else."""
    m = front.shape[1]
    low, high = free_boxes(front, np.zeros(m))
    points = np.random.default_rng(seed).random((60, m)) * 1.5
    count = ((points[:, None] > low) & (points[:, None] <= high)).all(axis=2).sum(axis=1)
    is_dominated = (front[None] >= points[:, None]).all(axis=2).any(axis=1) if len(front) else np.zeros(60, bool)
    np.testing.assert_array_equal(count, ~is_dominated)


@given(fronts)
def test_boxes_and_recursion_agree_on_the_volume(front):
    """What the boxes leave of a large box is the dominated volume, whose own formula is another one."""
    m = front.shape[1]
    low, high = free_boxes(front, np.zeros(m))
    free = np.prod(np.minimum(high, 2.0) - low, axis=1).sum()
    assert 2.0**m - free == pytest.approx(hypervolume(front, np.zeros(m)), abs=1e-9)


@pytest.mark.parametrize("m", [2, 3])
def test_the_number_of_boxes_grows_as_the_front_does(m):
    """p points of a front make p + 1 boxes for two goals and no more than 2 p + 1 for three."""
    normal = np.abs(np.random.default_rng(3).standard_normal((25, m)))
    front = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    n_boxes = len(free_boxes(front, np.zeros(m))[0])
    assert n_boxes == 26 if m == 2 else n_boxes <= 51


def test_the_excess_keeps_ten_digits():
    """The polynomial agrees with the exact formula, in logarithms also where it underflows."""
    z = np.concatenate([np.linspace(-36.9, 40, 5001), -np.geomspace(37, 1e8, 50)])
    exact = log_expected_improvement(z, 1.0, 0.0)
    np.testing.assert_allclose(unit_excess(z[:5001]), np.exp(exact[:5001]), rtol=2e-10)
    np.testing.assert_allclose(log_unit_excess(z), exact, rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("mean", [-3.0, 0.1, 0.9, 7.0])
@pytest.mark.parametrize("level", [-2.0, -0.3, -0.01])
def test_the_excess_of_a_tent_is_its_integral(mean, level):
    """Near a value: E[(−|f − v| − level)₊] by quadrature, and its logarithm."""
    tent, std = Tent(0.4), 0.8
    x = np.array([0.4 + level, 0.4, 0.4 - level])
    exact = sum(
        quad(lambda f: (-abs(f - 0.4) - level) * norm.pdf(f, mean, std), a, b, epsabs=0)[0] for a, b in pairwise(x)
    )
    at = np.array(mean), np.array(std), np.array(level)
    np.testing.assert_allclose(tent(*at), exact, rtol=1e-6)
    np.testing.assert_allclose(tent.log(*at), np.log(exact), rtol=1e-8)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.floats(-1e6, 0.0))
def test_tents_are_finite_everywhere(mean, std, level):
    """No logarithm and no slope of it is lost, however far or thin the tent is."""
    values = np.array(Tent(1.0).log_gradient(np.array(mean), np.array(std), np.array(level)))
    assert np.isfinite(values).all()


@pytest.mark.parametrize("m", [1, 2, 3, 4])
def test_the_expected_improvement_is_what_sampling_finds(m):
    """The mean growth of the volume over many outcomes agrees with the formula within four standard errors."""
    front, mean, std = some(m, 3)
    reference = np.full(m, -0.1)
    region = FreeRegion([front], reference)
    outcomes = mean + std[:, None] * np.random.default_rng(1).standard_normal((m, 400, 3))
    before = hypervolume(front, reference)
    for i in range(3):
        growth = [hypervolume(np.vstack([front, y]), reference) - before for y in outcomes[..., i].T]
        error = 4 * np.std(growth) / np.sqrt(len(growth)) + 1e-12
        assert abs(region.expected_improvement([Ramp()] * m, mean, std)[i] - np.mean(growth)) < error


def test_one_goal_is_ordinary_expected_improvement():
    """With a single goal the volume is a length, and its expected improvement the classical one."""
    mean, std = np.linspace(-2, 3, 9), np.linspace(0.1, 1.0, 9)
    region = FreeRegion([np.array([[0.3], [1.2], [-4.0]])], np.array([-5.0]))
    np.testing.assert_allclose(
        region.log_expected_improvement([Ramp()], mean[None, None], std[None]),
        log_expected_improvement(mean, std, 1.2),
        rtol=1e-9,
    )


@pytest.mark.parametrize("m", [2, 3])
def test_without_uncertainty_it_is_the_growth_of_the_volume(m):
    """As std goes to zero the expected improvement becomes the improvement itself."""
    front, mean, _ = some(m, 20)
    reference = np.full(m, -0.1)
    grown = [hypervolume(np.vstack([front, y]), reference) - hypervolume(front, reference) for y in mean[:, 0].T]
    value = FreeRegion([front], reference).expected_improvement([Ramp()] * m, mean, np.full((m, 20), 1e-12))
    np.testing.assert_allclose(value, grown, atol=1e-9)


@given(st.floats(0.01, 100.0), st.floats(-100.0, 100.0))
def test_scaling_and_shifting_a_goal_adds_a_constant(scale, shift):
    """Units of a goal change no choice: log E moves by the logarithm of the factor."""
    front, mean, std = some(2, 5)
    factor, moved = np.array([scale, 1.0]), np.array([shift, 0.0])
    plain = FreeRegion([front], np.zeros(2)).log_expected_improvement([Ramp()] * 2, mean, std)
    region = FreeRegion([front * factor + moved], moved)
    other = region.log_expected_improvement(
        [Ramp()] * 2, mean * factor[:, None, None] + moved[:, None, None], std * factor[:, None]
    )
    np.testing.assert_allclose(other, plain + np.log(scale), rtol=1e-6, atol=1e-6)


def test_minimizing_is_maximizing_the_negative():
    """A ramp that falls sees the mean with the other sign."""
    front, mean, std = some(2, 6)
    region = FreeRegion([front], np.zeros(2))
    np.testing.assert_allclose(
        region.expected_improvement([Ramp(-1.0)] * 2, -mean, std), region.expected_improvement([Ramp()] * 2, mean, std)
    )


@pytest.mark.parametrize("far", [10.0, 60.0, 1e4, 1e8])
def test_far_below_the_front_the_logarithm_still_tells_better_from_worse(far):
    """Where E underflows its logarithm is finite and grows with mean and std."""
    front, mean, std = some(2, 4)
    region = FreeRegion([front], np.zeros(2))
    values = [
        region.log_expected_improvement([Ramp()] * 2, mean - far + step, std + wide)
        for step, wide in [(0.0, 0.0), (0.1, 0.0), (0.0, 0.1)]
    ]
    assert np.isfinite(values).all()
    assert (values[1] > values[0]).all()
    assert (values[2] > values[0]).all()


@pytest.mark.parametrize("goals", [[Ramp(), Ramp()], [Ramp(-1.0), Tent(0.3)], [Ramp(), Tent(0.5), Ramp()]])
@pytest.mark.parametrize("far", [0.0, 3.0, 40.0])
def test_gradients_equal_finite_differences(goals, far):
    """∂log E/∂mean and ∂log E/∂std, near the front and far below it, averaged over two fronts."""
    m, step = len(goals), 1e-6
    rng = np.random.default_rng(5)
    regions = [goal.utility(rng.random((6, m))[:, j]) for j, goal in enumerate(goals)]
    front = np.stack(regions, axis=1)
    region = FreeRegion([front, front - 0.05], np.full(m, -1.5))
    mean, std = np.repeat(some(m, 3)[1], 2, axis=1) - far, some(m, 3)[2]
    value, by_mean, by_std = region.log_gradient(goals, mean, std)
    np.testing.assert_allclose(value, region.log_expected_improvement(goals, mean, std), rtol=1e-7, atol=1e-8)
    for j in range(m):
        up = np.zeros_like(std)
        up[j] = step
        for s in range(2):
            moved = np.zeros_like(mean)
            moved[j, s] = step
            rise = region.log_gradient(goals, mean + moved, std)[0] - region.log_gradient(goals, mean - moved, std)[0]
            np.testing.assert_allclose(by_mean[j, s], rise / (2 * step), rtol=1e-4, atol=1e-6 * (1 + far))
        rise = region.log_gradient(goals, mean, std + up)[0] - region.log_gradient(goals, mean, std - up)[0]
        np.testing.assert_allclose(by_std[j], rise / (2 * step), rtol=1e-4, atol=1e-6 * (1 + far**2))


def test_several_fronts_give_the_mean_over_them():
    """Fronts of different lengths, one of them empty, are averaged."""
    first, mean, std = some(2, 7)
    parts = [first, first[:1] + 0.4, np.empty((0, 2))]
    each = [FreeRegion([part], np.zeros(2)).expected_improvement([Ramp()] * 2, mean, std) for part in parts]
    together = FreeRegion(parts, np.zeros(2)).expected_improvement([Ramp()] * 2, mean, std)
    np.testing.assert_allclose(together, np.mean(each, axis=0))


def test_many_candidates_are_as_few():
    """Working in blocks changes nothing, and no candidate at all has no value."""
    front, mean, std = some(2, 5000)
    region = FreeRegion([front], np.zeros(2))
    all_of_them = region.log_expected_improvement([Ramp()] * 2, mean, std)
    np.testing.assert_allclose(
        all_of_them[-3:], region.log_expected_improvement([Ramp()] * 2, mean[..., -3:], std[:, -3:])
    )
    assert region.log_expected_improvement([Ramp()] * 2, mean[..., :0], std[:, :0]).shape == (0,)
