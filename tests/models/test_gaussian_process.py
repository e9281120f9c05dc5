"""The Gaussian process: exact where a dense formula can tell, sane at its limits, and never a numerical failure."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from matloop.models import hyperparameters
from matloop.models.gaussian_process import GaussianProcess
from matloop.models.geometry import Geometry
from matloop.models.kernels import KERNELS


def data(n=30, d=3, noise=0.1, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.random((n, d))
    return X, np.sin(5 * X[:, 0]) + X[:, 1] ** 2 + noise * rng.standard_normal(n)


def covariance(kernel, A, B, length_scale):
    """k (n, m) by loops over the rows of A (n, d) and B (m, d)."""
    return np.array([[KERNELS[kernel](np.sum(((a - b) / length_scale) ** 2)) for b in B] for a in A])


def dense_posterior(gp, X, y, noise, at):
    """Mean and covariance by the textbook formula, with explicit inverses and loops."""
    scale, length_scale = y.std(), gp.length_scale_
    inverse = np.linalg.inv(covariance(gp.kernel, X, X, length_scale) + np.diag(noise) / scale**2)
    cross = covariance(gp.kernel, at, X, length_scale)
    mean = y.mean() + cross @ inverse @ (y - y.mean())
    return mean, scale**2 * (covariance(gp.kernel, at, at, length_scale) - cross @ inverse @ cross.T)


@parametrize_with_checks([GaussianProcess()])
def test_it_keeps_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


def test_clones_pipelines_and_cross_validation_take_it():
    X, y = data(60)
    model = make_pipeline(MinMaxScaler(), clone(GaussianProcess(kernel="squared_exponential")))
    assert cross_val_score(model, 10 * X, y, cv=4).mean() > 0.9


def test_it_does_not_import_scikit_learn():
    code = "import sys, matloop.models.gaussian_process; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("kernel", KERNELS)
def test_posterior_equals_the_dense_formula(kernel):
    X, y = data()
    at = np.random.default_rng(9).random((8, 3))
    gp = GaussianProcess(kernel=kernel).fit(X, y)
    mean, covariance = dense_posterior(gp, X, y, np.full(len(y), gp.noise_variance_), at)
    np.testing.assert_allclose(gp.predict(at), mean, rtol=1e-9)
    np.testing.assert_allclose(gp.predict(at, return_cov=True)[1], covariance, atol=1e-10)
    np.testing.assert_allclose(gp.predict(at, return_std=True)[1], np.sqrt(np.diag(covariance)), rtol=1e-7)


def test_known_noise_is_used_and_the_rest_is_learned():
    X, y = data()
    known = np.where(np.arange(len(y)) < 10, 0.04, np.nan)
    gp = GaussianProcess().fit(X, y, noise_variance=known)
    noise = np.where(np.isnan(known), gp.noise_variance_, known)
    np.testing.assert_allclose(gp.predict(X), dense_posterior(gp, X, y, noise, X)[0], rtol=1e-9)


def test_log_marginal_likelihood_is_that_of_a_normal_vector():
    X, y = data()
    gp = GaussianProcess().fit(X, y)
    z = (y - y.mean()) / y.std()
    K = covariance("matern52", X, X, gp.length_scale_) + gp.noise_variance_ / y.var() * np.eye(len(y))
    _, log_determinant = np.linalg.slogdet(2 * np.pi * K)
    expected = -0.5 * (z @ np.linalg.inv(K) @ z + log_determinant)
    np.testing.assert_allclose(gp.log_marginal_likelihood_, expected, rtol=1e-9)


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_gradient_of_the_hyperparameter_posterior_equals_finite_differences(kernel):
    X, y = data(20)
    known = np.where(np.arange(20) < 5, 0.1, np.nan)
    posterior = hyperparameters.Posterior(Geometry(3).by_group(X), (y - y.mean()) / y.std(), known, kernel)
    theta = np.log([0.4, 0.9, 1.5, 0.02])
    _, gradient = posterior.value_and_gradient(theta)
    for i, step in enumerate(1e-6 * np.eye(4)):
        rise = posterior.value_and_gradient(theta + step)[0] - posterior.value_and_gradient(theta - step)[0]
        np.testing.assert_allclose(gradient[i], rise / 2e-6, rtol=1e-5, atol=1e-6)


def test_the_search_ends_where_the_gradient_vanishes():
    X, y = data(40)
    gp = GaussianProcess().fit(X, y)
    z, unknown = (y - y.mean()) / y.std(), np.full(len(y), np.nan)
    posterior = hyperparameters.Posterior(Geometry(3).by_group(X), z, unknown, KERNELS["matern52"])
    assert np.abs(posterior.value_and_gradient(gp.theta_)[1]).max() < 0.05


@pytest.mark.parametrize("kernel", KERNELS)
def test_posterior_gradients_equal_finite_differences(kernel):
    X, y = data()
    gp = GaussianProcess(kernel=kernel).fit(X, y)
    at, step = np.random.default_rng(3).random((6, 3)), 1e-5
    mean, std, mean_gradient, std_gradient = gp.predict_with_gradient(at)
    np.testing.assert_allclose((mean, std), gp.predict(at, return_std=True), rtol=1e-12)
    for i, shift in enumerate(step * np.eye(3)):
        high, low = (np.array(gp.predict(at + sign * shift, return_std=True)) for sign in (1, -1))
        rise = (high - low) / (2 * step)
        np.testing.assert_allclose((mean_gradient[:, i], std_gradient[:, i]), rise, rtol=1e-4, atol=1e-6)


def test_conditioning_equals_a_posterior_of_all_data():
    X, y = data()
    gp = GaussianProcess().fit(X[:20], y[:20])
    grown = gp.condition(X[20:25], y[20:25]).condition(X[25:], y[25:])
    at = np.random.default_rng(4).random((5, 3))
    whole = gp.condition(X[20:], y[20:])._factorize()
    np.testing.assert_allclose(grown.predict(at, return_std=True), whole.predict(at, return_std=True), rtol=1e-9)
    np.testing.assert_allclose(grown.log_marginal_likelihood_, whole.log_marginal_likelihood_, rtol=1e-10)


def test_conditioning_on_pending_points_keeps_the_mean_and_shrinks_the_uncertainty():
    X, y = data()
    gp = GaussianProcess().fit(X, y)
    pending, at = np.random.default_rng(5).random((2, 4, 3))
    mean, std = gp.predict(at, return_std=True)
    later_mean, later_std = gp.condition(pending).predict(at, return_std=True)
    np.testing.assert_allclose(later_mean, mean, rtol=1e-7)
    assert (later_std < std).all()
    np.testing.assert_array_equal(gp.predict(at), mean)


def test_the_order_of_observations_does_not_matter():
    X, y = data()
    order = np.random.default_rng(6).permutation(len(y))
    at = X[:5] + 0.01
    results = [GaussianProcess().fit(X[o], y[o]).predict(at, return_std=True) for o in (slice(None), order)]
    np.testing.assert_allclose(results[0], results[1], rtol=1e-3)


def test_units_of_the_outcome_do_not_matter():
    X, y = data()
    at = X[:5] + 0.01
    mean, std = GaussianProcess().fit(X, y).predict(at, return_std=True)
    other_mean, other_std = GaussianProcess().fit(X, 40.0 - 1e3 * y).predict(at, return_std=True)
    np.testing.assert_allclose(other_mean, 40.0 - 1e3 * mean, rtol=1e-4)
    np.testing.assert_allclose(other_std, 1e3 * std, rtol=1e-3)


def test_without_noise_it_passes_through_the_data():
    X, y = data(noise=0.0)
    gp = GaussianProcess().fit(X, y, noise_variance=np.zeros(len(y)))
    mean, std = gp.predict(X, return_std=True)
    np.testing.assert_allclose(mean, y, atol=1e-5)
    assert std.max() < 1e-3


def test_far_from_data_it_knows_only_the_prior():
    X, y = data()
    gp = GaussianProcess().fit(X, y)
    mean, std = gp.predict(np.full((1, 3), 1e4), return_std=True)
    np.testing.assert_allclose((mean[0], std[0]), (y.mean(), y.std()), rtol=1e-6)


def test_noise_is_learned():
    X, y = data(n=200, noise=0.3)
    assert GaussianProcess().fit(X, y).noise_variance_ == pytest.approx(0.09, rel=0.3)


def test_relevance_tells_the_inputs_that_matter():
    X, y = data(n=60)
    relevance = GaussianProcess().fit(X, y).relevance()
    assert ((relevance >= 0.0) & (relevance <= 1.0)).all()
    assert relevance[0] > relevance[1] > relevance[2]


def test_the_same_data_give_the_same_bits():
    X, y = data(n=400)
    first, second = (GaussianProcess(n_search=50).fit(X, y).predict(X, return_std=True) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_with_many_observations_the_search_sees_some_and_the_posterior_all():
    X, y = data(n=400, noise=0.01)
    assert GaussianProcess(n_search=60).fit(X, y).score(X[300:], y[300:]) > 0.99


def test_a_start_from_an_earlier_fit_ends_at_the_same_place():
    X, y = data(n=40)
    theta = GaussianProcess().fit(X[:39], y[:39]).theta_
    warm, cold = GaussianProcess().fit(X, y, start=theta), GaussianProcess().fit(X, y)
    np.testing.assert_allclose(warm.predict(X), cold.predict(X), atol=1e-2)


@pytest.mark.parametrize(
    ("X", "y"),
    [
        ([[0.5, 0.5]], [3.0]),
        ([[0.1], [0.9]], [2.0, 2.0]),
        ([[0.5]] * 20, np.arange(20.0)),
        (data()[0], np.where(np.arange(30) == 7, 1e6, data()[1])),
        (data()[0], 1e300 * data()[1]),
        (data()[0], 1e-300 * data()[1]),
        (data()[0] * 1e-9, data()[1]),
        (data()[0] * 1e9, data()[1]),
    ],
    ids=["one", "constant", "duplicates", "outlier", "huge", "tiny", "crowded", "scattered"],
)
def test_awkward_data_give_finite_answers(X, y):
    gp = GaussianProcess().fit(X, y)
    for values in gp.predict_with_gradient(X):
        assert np.isfinite(values).all()
    assert (gp.predict(X, return_std=True)[1] > 0.0).all()


def test_equal_outcomes_are_reported_as_a_fallback():
    assert "equal" in GaussianProcess().fit([[0.1], [0.9]], [2.0, 2.0]).fallback_
    assert GaussianProcess().fit(*data()).fallback_ is None


def test_a_matrix_without_a_factor_is_mended_and_reported(monkeypatch):
    monkeypatch.setattr(hyperparameters, "MINIMUM_NOISE", 0.0)
    X = np.repeat(data(6)[0], 5, axis=0)
    gp = GaussianProcess("squared_exponential").fit(X, np.arange(30.0), noise_variance=np.zeros(30))
    assert "diagonal" in gp.fallback_
    assert np.isfinite(gp.predict(X)).all()


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.tuples(
            arrays(float, (n, 2), elements=st.floats(0, 1)),
            arrays(float, n, elements=st.floats(-1e12, 1e12)),
        )
    ),
    st.sampled_from(sorted(KERNELS)),
)
@settings(max_examples=60, deadline=None)
def test_any_finite_data_give_finite_answers(observations, kernel):
    X, y = observations
    gp = GaussianProcess(kernel).fit(X, y)
    grown = gp.condition(X)
    for model in (gp, grown):
        assert np.isfinite(model.log_marginal_likelihood_)
        assert all(np.isfinite(values).all() for values in model.predict_with_gradient([[0.5, 0.5], [0.0, 1.0]]))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match="y contains NaN or infinity"):
        GaussianProcess().fit([[0.0], [1.0]], [1.0, bad])


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="choose one of matern52"):
        GaussianProcess("matern").fit(*data())
    with pytest.raises(ValueError, match="2 rows and y has 1"):
        GaussianProcess().fit([[0.0], [1.0]], [1.0])
    with pytest.raises(ValueError, match="one variance"):
        GaussianProcess().fit([[0.0], [1.0]], [1.0, 2.0], noise_variance=[-1.0, 0.0])
    with pytest.raises(ValueError, match="no parameter 'colour'"):
        GaussianProcess().set_params(colour="red")
