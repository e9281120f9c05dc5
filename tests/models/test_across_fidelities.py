"""A model of several fidelities: rough results tell of true ones, whatever their offset and scale."""

import numpy as np
import pytest

from matloop.core.block import numbers
from matloop.models.across_fidelities import AcrossFidelities, Line
from matloop.models.gaussian_process import GaussianProcess

BLOCKS = numbers(2)


def fit(X, y, noise):
    return GaussianProcess(blocks=BLOCKS).fit(X, y, noise)


def wave(x):
    return np.sin(7 * x)


def at(x, level):
    return np.column_stack([x, np.full(len(x), level)])


def learned(offset=0.0, factor=1.0, n_rough=20, n_true=5):
    rough, true = np.linspace(0, 1, n_rough), np.linspace(0.05, 0.9, n_true)
    X = np.concatenate([at(rough, 0.5), at(true, 1.0)])
    y = np.concatenate([(wave(rough) - offset) / factor, wave(true)])
    return AcrossFidelities.learned(1, X, y, None, BLOCKS, fit), X, y


@pytest.mark.parametrize(("offset", "factor"), [(0.0, 1.0), (3.0, 1.0), (-1.0, 0.5), (1.0, 2.0)])
def test_rough_results_make_true_ones_known(offset, factor) -> None:
    """Twenty rough results and five true ones tell a wave that five alone do not, off by a line or not."""
    model, X, y = learned(offset, factor)
    x = np.linspace(0, 1, 50)
    alone = GaussianProcess(blocks=BLOCKS).fit(X[20:], y[20:])
    error = np.abs(model.predict(at(x, 1.0)) - wave(x)).mean()
    assert error < 0.5 * np.abs(alone.predict(at(x, 1.0)) - wave(x)).mean()


def test_predictions_are_on_the_scale_of_their_level() -> None:
    """Where something was measured, each level's own value is predicted."""
    model, X, y = learned(3.0, 2.0)
    assert np.abs(model.predict(X) - y).max() < 0.15


def test_standard_deviations_fit_covariances_and_gradients_fit_differences() -> None:
    """The faces agree with each other: std² on the diagonal, slopes with finite differences at either level."""
    model, _, _ = learned(3.0, 2.0)
    X = np.array([[0.33, 0.5], [0.71, 1.0]])
    std = model.predict(X, return_std=True)[1]
    assert np.allclose(model.predict(X, return_cov=True)[1].diagonal(), std**2, rtol=1e-6)
    _, _, mean_gradient, std_gradient = model.predict_with_gradient(X)
    step = np.array([1e-5, 0.0])
    up, down = model.predict(X + step, return_std=True), model.predict(X - step, return_std=True)
    assert np.allclose(mean_gradient[:, 0], (up[0] - down[0]) / 2e-5, rtol=1e-4, atol=1e-6)
    assert np.allclose(std_gradient[:, 0], (up[1] - down[1]) / 2e-5, rtol=1e-3, atol=1e-5)


def test_conditioning_on_what_is_expected_leaves_the_mean() -> None:
    """A pending rough trial makes its place more certain and moves nothing."""
    model, _, _ = learned(3.0, 2.0, n_rough=6)
    new, x = np.array([[0.42, 0.5]]), at(np.linspace(0, 1, 9), 1.0)
    after = model.condition(new)
    assert np.allclose(after.predict(x), model.predict(x), atol=1e-6)
    assert after.predict(new, return_std=True)[1] < model.predict(new, return_std=True)[1]


def test_a_line_through_nothing_known_is_the_identity() -> None:
    """Where the rough model knows nothing at the true results, slope one and the difference of means remain."""
    line = Line.through(np.zeros(4), np.ones(4), 1.0, np.array([1.0, 2.0, 3.0, 4.0]))
    assert line.b == pytest.approx(1.0)
    assert line.a == pytest.approx(2.5)
