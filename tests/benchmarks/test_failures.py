"""The benchmark of failing trials: what fails is what was asked for, and its functions are the known ones."""

import numpy as np
import pytest

from benchmarks.failures import PLACES, PROBLEMS, branin, hartmann, region


def test_the_functions_have_their_known_optima() -> None:
    """Branin's three minima of 0.397887 and Hartmann's 3.32237 (Dixon & Szegö 1978)."""
    minima = (np.array([[-np.pi, 12.275], [np.pi, 2.275], [9.42478, 2.475]]) - [-5, 0]) / 15
    np.testing.assert_allclose(branin(minima), -0.397887, atol=1e-5)
    best = np.array([[0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573]])
    np.testing.assert_allclose(hartmann(best), 3.32237, atol=1e-4)


@pytest.mark.parametrize("shape", ["half-space", "ball"])
@pytest.mark.parametrize("place", PLACES)
def test_a_third_of_the_space_fails_and_the_best_point_lies_where_it_should(shape: str, place: str) -> None:
    """The share that fails is 30 %, and the best point fails only if the region is to lie over it."""
    problem = PROBLEMS["branin"]()
    bad = region(problem, shape, place, np.random.default_rng(1))
    assert bad is not None
    fails = bad.fails(problem.x)
    assert fails.mean() == pytest.approx(0.3, abs=0.01)
    assert fails[problem.utilities.argmax()] == (place == "over")
