"""Bent outcomes: chosen where they speak for it, straightened again, and calm about a few that lie far out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matloop.models.gaussian_process import GaussianProcess
from matloop.models.warped import Warp, WarpedGaussianProcess, fit_by_evidence


def inputs(n=40, seed=0):
    return np.random.default_rng(seed).random((n, 2))


def smooth(X):
    return np.sin(4 * X[:, 0]) + X[:, 1]


def over_decades(X):
    return np.exp(6 * smooth(X))


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e3), st.floats(-1e9, 1e9))
def test_straightening_undoes_bending(median, spread, y):
    warp = Warp(median, spread)
    back = float(warp.straighten(warp.bend(np.array(y))))
    assert back == pytest.approx(y, rel=1e-9, abs=1e-9 * (abs(median) + spread))


@given(st.floats(-5, 5), st.floats(0.1, 10), st.floats(-50, 50))
def test_the_slope_is_the_derivative(median, spread, y):
    warp, step = Warp(median, spread), 1e-6
    rise = (warp.bend(np.array(y + step)) - warp.bend(np.array(y - step))) / (2 * step)
    assert np.exp(warp.log_slope(np.array(y))) == pytest.approx(rise, rel=1e-5)


def test_outcomes_over_decades_are_bent_and_ordinary_ones_are_not():
    X = inputs()
    assert isinstance(fit_by_evidence(X, over_decades(X)), WarpedGaussianProcess)
    noisy = smooth(X) + 0.1 * np.random.default_rng(1).standard_normal(len(X))
    assert isinstance(fit_by_evidence(X, noisy), GaussianProcess)


def test_bending_predicts_outcomes_over_decades_better():
    X, at = inputs(), inputs(200, seed=1)
    ranks = np.argsort(np.argsort(over_decades(at)))

    def agreement(model):
        return np.corrcoef(np.argsort(np.argsort(model.predict(at))), ranks)[0, 1]

    assert agreement(fit_by_evidence(X, over_decades(X))) > agreement(GaussianProcess().fit(X, over_decades(X)))


def test_a_few_outcomes_of_a_million_leave_the_rest_readable():
    X, at = inputs(), inputs(100, seed=1)
    y = smooth(X)
    y[[3, 17]] = 1e6, -1e6
    error = np.abs(fit_by_evidence(X, y).predict(at) - smooth(at))
    assert np.median(error) < 0.3
    assert np.median(np.abs(GaussianProcess().fit(X, y).predict(at) - smooth(at))) > 10


@given(st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
@settings(max_examples=20, deadline=None)
def test_units_do_not_matter(factor, shift):
    X = inputs(25)
    one, other = (fit_by_evidence(X, y) for y in (over_decades(X), factor * over_decades(X) + shift * factor))
    at = inputs(10, seed=2)
    np.testing.assert_allclose(one.latent(at), other.latent(at), atol=2e-3)


def test_equal_outcomes_and_few_of_them_are_taken_as_they_are():
    X = inputs(12)
    for y in (np.ones(12), np.r_[np.zeros(8), 1, 2, 3, 1e9]):
        assert isinstance(fit_by_evidence(X, y), GaussianProcess)
    assert isinstance(fit_by_evidence(X[:4], np.array([1, 10, 1e3, 1e9])), GaussianProcess)


def test_gradients_equal_finite_differences():
    X, at, step = inputs(), inputs(5, seed=3), 1e-6
    model = fit_by_evidence(X, over_decades(X))
    mean, std, mean_gradient, std_gradient = model.predict_with_gradient(at)
    np.testing.assert_allclose((mean, std), model.predict(at, return_std=True), rtol=1e-9)
    for i, shift in enumerate(step * np.eye(2)):
        high, low = (np.array(model.predict(at + sign * shift, return_std=True)) for sign in (1, -1))
        rise = (high - low) / (2 * step)
        scale = np.abs(rise).max(axis=1, keepdims=True)
        np.testing.assert_allclose(np.array((mean_gradient[:, i], std_gradient[:, i])) / scale, rise / scale, atol=1e-4)


def test_pending_points_keep_the_medians_and_lose_their_uncertainty():
    X = inputs()
    model = fit_by_evidence(X, over_decades(X))
    at = inputs(3, seed=4)
    later = model.condition(at, noise_variance=np.zeros(3))
    np.testing.assert_allclose(later.predict(at), model.predict(at), rtol=1e-3)
    assert (later.latent(at)[1] < 0.05 * np.maximum(model.latent(at)[1], 0.01) + 1e-3).all()


def test_the_covariance_has_the_variances_on_its_diagonal():
    X, at = inputs(), inputs(6, seed=5)
    model = fit_by_evidence(X, over_decades(X))
    std = model.predict(at, return_std=True)[1]
    np.testing.assert_allclose(np.sqrt(np.diag(model.predict(at, return_cov=True)[1])), std, rtol=1e-6)
