"""Results that their neighbours contradict are set aside, and no others."""

import numpy as np
import pytest

from matloop.core.block import numbers
from matloop.models.gaussian_process import GaussianProcess
from matloop.models.outliers import kept, robustly

X = np.linspace(0, 1, 24)[:, None]
WAVE = np.sin(6 * X[:, 0])
BLOCKS = numbers(1)


def noisy(seed=0, std=0.05):
    return WAVE + std * np.random.default_rng(seed).standard_normal(len(WAVE))


def fit(X, y, noise):
    return GaussianProcess(blocks=BLOCKS).fit(X, y, noise)


@pytest.mark.parametrize("size", [1.5, -3.0, 1e3, 1e6, -1e12])
def test_an_outlier_of_any_size_is_set_aside(size) -> None:
    """One gross error among results of order one is found, and the others are kept."""
    y = noisy()
    y[11] += size
    keep = kept(X, y, None, BLOCKS)
    assert not keep[11]
    assert keep.sum() == len(y) - 1


def test_several_outliers_are_set_aside_one_after_the_other() -> None:
    """The largest error hides no other, and the prediction is that without them."""
    y = noisy()
    y[[3, 12, 20]] += [40.0, -2.5, 1e5]
    model = robustly(fit, BLOCKS, X, y, None)
    assert np.abs(model.predict(X) - WAVE).max() < 0.2
    assert model.fallback_.startswith("set aside as contradicted by their neighbours")


@pytest.mark.parametrize("seed", range(5))
def test_ordinary_noise_is_kept(seed) -> None:
    """Where nothing is wrong nothing is set aside, and the model is the ordinary one."""
    y = noisy(seed, 0.3)
    assert kept(X, y, None, BLOCKS).all()
    assert np.array_equal(robustly(fit, BLOCKS, X, y, None).predict(X), fit(X, y, None).predict(X))


def test_few_results_are_all_kept() -> None:
    """Among seven results nobody can say which is wrong."""
    assert kept(X[:7], np.array([0, 0, 0, 1e6, 0, 0, 0.1]), None, BLOCKS).all()


def test_at_most_a_fifth_is_set_aside() -> None:
    """Where much contradicts its neighbours, it is the model that is wrong."""
    y = np.where(np.arange(len(WAVE)) % 3 == 0, 1e3 * np.arange(len(WAVE)), WAVE)
    assert kept(X, y, None, BLOCKS).sum() >= 0.8 * len(y)


def test_leaving_one_out_is_what_a_model_without_it_predicts() -> None:
    """The formula agrees with a model of all other outcomes at the same hyperparameters."""
    y = noisy()
    model = fit(X, y, np.full(len(y), 0.05**2))
    surprise = model.leave_one_out()
    for i in (0, 7, 23):
        K = model._covariance_of_observations(model._X, model._known_noise)
        others = np.arange(len(y)) != i
        weights = np.linalg.solve(K[np.ix_(others, others)], K[others, i])
        mean, variance = weights @ model._z[others], K[i, i] - weights @ K[others, i]
        assert surprise[i] == pytest.approx((model._z[i] - mean) / np.sqrt(variance), rel=1e-6)
