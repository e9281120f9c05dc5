"""Climbing finds tops: of bowls exactly, of hard valleys closely, and never leaves its box."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize, rosen, rosen_der

from matloop.models.climb import climb

sizes = st.integers(1, 8)


@settings(deadline=None, max_examples=60)
@given(n=sizes, seed=st.integers(0, 1000))
def test_the_top_of_a_bowl(n: int, seed: int) -> None:
    """Of a concave quadratic the top within the box is found: where it is inside, exactly."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n, n))
    H, centre = A @ A.T + np.eye(n), rng.uniform(-2, 2, n)

    def bowl(x):
        return -0.5 * (x - centre) @ H @ (x - centre), -H @ (x - centre)

    low, high = np.full(n, -3.0), np.full(n, 3.0)
    found = climb(bowl, rng.uniform(-3, 3, n), low, high, gain=0.0, flat=1e-8, most_steps=300)
    assert found == pytest.approx(centre, abs=1e-5)


@settings(deadline=None, max_examples=60)
@given(n=sizes, seed=st.integers(0, 1000))
def test_it_stays_in_its_box_and_only_climbs(n: int, seed: int) -> None:
    """Every point that is asked for lies in the box, and the end is no lower than the start."""
    rng = np.random.default_rng(seed)
    low, high = -rng.uniform(0, 1, n), rng.uniform(0, 1, n)
    centre, asked = rng.uniform(-3, 3, n), []

    def hill(x):
        asked.append(x)
        return -np.sum((x - centre) ** 4), -4 * (x - centre) ** 3

    start = rng.uniform(low, high)
    found = climb(hill, start, low, high, gain=0.0, flat=1e-9, most_steps=200)
    assert all((x >= low).all() and (x <= high).all() for x in asked)
    assert hill(found)[0] >= hill(start)[0]
    assert found == pytest.approx(np.clip(centre, low, high), abs=0.05)


def test_it_follows_a_bent_valley() -> None:
    """On Rosenbrock's function it comes as far as SciPy's L-BFGS-B."""
    start, low, high = np.array([-1.2, 1.0, -0.5]), np.full(3, -2.0), np.full(3, 2.0)
    found = climb(lambda x: (-rosen(x), -rosen_der(x)), start, low, high, gain=0.0, flat=1e-6, most_steps=300)
    theirs = minimize(rosen, start, jac=rosen_der, method="L-BFGS-B", bounds=list(zip(low, high, strict=True)))
    assert rosen(found) <= max(theirs.fun, 1e-8)


def test_cliffs_are_walked_around() -> None:
    """Where the function is −inf beyond a cliff, the way on this side of it is still found."""

    def cliff(x):
        if x[0] > 1.0:
            return -math.inf, np.zeros(1)
        return x[0], np.ones(1)

    assert climb(cliff, np.array([-1.0]), np.array([-5.0]), np.array([5.0]))[0] == pytest.approx(1.0, abs=1e-3)


def test_a_flat_start_is_left_alone() -> None:
    """Without a slope there is nowhere to go."""
    start = np.array([0.3, 0.4])
    found = climb(lambda x: (0.0, np.zeros(2)), start, np.zeros(2), np.ones(2))
    assert (found == start).all()
