"""How much each of several models counts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matloop.models.blending import blend

FINITE = st.floats(-1e3, 1e3, allow_nan=False)


@given(arrays(float, (4, 12), elements=FINITE), arrays(float, 12, elements=FINITE))
def test_the_blend_is_never_worse_than_the_best_model_alone(told: np.ndarray, y: np.ndarray) -> None:
    def loss(mean: np.ndarray) -> float:
        return float(np.abs(mean - y).mean())

    weights = blend(list(told), loss)
    assert np.isclose(weights.sum(), 1.0)
    assert (weights >= 0).all()
    best = min(loss(each) for each in told)
    assert loss(weights @ told) <= best + 1e-9 * (1 + best)


def test_two_models_that_err_in_opposite_ways_are_joined_by_halves() -> None:
    y = np.linspace(0, 1, 20)
    weights = blend([y + 1, y - 1, y + 5], lambda mean: float(np.abs(mean - y).mean()))
    assert np.allclose(weights, [0.5, 0.5, 0])
