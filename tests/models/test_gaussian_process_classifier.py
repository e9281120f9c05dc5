"""The classifier: scikit-learn's answers where both can answer, sane at its limits, and never a numerical failure."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.gaussian_process import GaussianProcessClassifier as Reference
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern
from sklearn.utils.estimator_checks import parametrize_with_checks

from matloop.core.block import Block
from matloop.models import laplace
from matloop.models.gaussian_process_classifier import GaussianProcessClassifier
from matloop.models.geometry import Geometry
from matloop.models.kernels import KERNELS

LENGTHS, VARIANCE = [0.4, 0.8, 1.5], 6.0
THETA = np.log([*LENGTHS, VARIANCE])


def data(n=40, d=3, seed=0):
    """Inputs, and labels that a slanted border tells apart but for a few."""
    rng = np.random.default_rng(seed)
    X = rng.random((n, d))
    return X, (X[:, 0] + 0.4 * X[:, 1] + 0.1 * rng.standard_normal(n)) > 0.6


@parametrize_with_checks([GaussianProcessClassifier()])
def test_it_keeps_the_contract_of_scikit_learn(estimator, check):
    """Every check of scikit-learn's own kit passes."""
    check(estimator)


def test_it_does_not_import_scikit_learn():
    """Who plans does not wait for it."""
    code = "import sys, matloop.models.gaussian_process_classifier; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("n", "seed"), [(8, 1), (40, 0), (150, 2)])
def test_posterior_and_evidence_are_those_of_scikit_learn(kernel, n, seed):
    """At equal hyperparameters and prior mean 0 the latent posterior and the evidence agree to 1e-8."""
    X, y = data(n, seed=seed)
    at = np.random.default_rng(9).random((20, 3))
    shape = Matern(LENGTHS, nu=2.5) if kernel == "matern52" else RBF(LENGTHS)
    reference = Reference(ConstantKernel(VARIANCE) * shape, optimizer=None).fit(X, y)
    ours = GaussianProcessClassifier(kernel, theta=THETA).fit(X, y)
    np.testing.assert_allclose(ours.latent(at), reference.base_estimator_.latent_mean_and_variance(at), atol=1e-8)
    np.testing.assert_allclose(ours.log_marginal_likelihood_, reference.log_marginal_likelihood_value_, rtol=1e-8)
    np.testing.assert_allclose(ours.predict_proba(at), reference.predict_proba(at), atol=0.02)


def test_probability_is_the_mean_over_the_latent_uncertainty():
    """The closed form is within 0.02 of the integral, over many orders of the latent variance."""
    z, weight = np.polynomial.hermite_e.hermegauss(200)
    for variance in (0.01, 1.0, 10.0, 100.0):
        for mean in np.linspace(-3, 3, 13) * (1 + variance**0.5):
            exact = laplace.probability(mean + variance**0.5 * z) @ weight / weight.sum()
            told = 1 / (1 + np.exp(-mean / np.sqrt(1 + np.pi / 8 * variance)))
            assert abs(told - exact) < 0.02


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize("mean", [0.0, 2.0])
def test_gradient_of_the_hyperparameter_posterior_equals_finite_differences(kernel, mean):
    """In every direction, also with a prior mean, and also through the mode that moves with θ."""
    X, y = data(25)
    posterior = laplace.Posterior(Geometry(3).by_group(X), y.astype(float), mean, kernel)
    _, gradient = posterior.value_and_gradient(THETA)
    for i, step in enumerate(1e-5 * np.eye(4)):
        rise = posterior.value_and_gradient(THETA + step)[0] - posterior.value_and_gradient(THETA - step)[0]
        np.testing.assert_allclose(gradient[i], rise / 2e-5, rtol=1e-4, atol=1e-4)


def test_the_mode_is_where_the_log_density_is_flat():
    """K⁻¹(f − m) equals the slope of the log likelihood there."""
    X, y = data()
    K = VARIANCE * KERNELS["matern52"](Geometry(3).squared_distances(X, X, np.array(LENGTHS)))
    mode = laplace.find_mode(K, y.astype(float), 1.0)
    np.testing.assert_allclose(np.linalg.solve(K, mode.f - 1.0), y - laplace.probability(mode.f), atol=1e-6)


@pytest.mark.parametrize("prior_mean", [-1.0, 0.0, 2.0])
def test_far_from_all_data_the_prior_returns(prior_mean):
    """A latent mean of `prior_mean` and the whole prior variance."""
    X, y = data()
    mean, variance = GaussianProcessClassifier(prior_mean=prior_mean, theta=THETA).fit(X, y).latent(X[:3] + 1e3)
    np.testing.assert_allclose(mean, prior_mean, atol=1e-9)
    np.testing.assert_allclose(variance, VARIANCE, rtol=1e-9)


def test_it_falls_towards_a_failure_and_rises_away_from_it():
    """Between a success and a failure the probability falls all the way."""
    model = GaussianProcessClassifier(prior_mean=2.0).fit([[0.0], [1.0]], [True, False])
    path = model.log_probability(np.linspace(0, 1, 50)[:, None])
    assert (np.diff(path) < 0).all()
    assert path[0] > np.log(0.7)
    assert path[-1] < np.log(0.4)


def test_another_failure_lowers_the_probability_where_it_happened():
    """At fixed hyperparameters, wherever it is: among successes, among failures, or alone."""
    X, y = data(30)
    before = GaussianProcessClassifier(theta=THETA).fit(X, y)
    for new in np.random.default_rng(4).random((20, 1, 3)) * 1.5:
        after = GaussianProcessClassifier(theta=THETA).fit(np.vstack([X, new]), np.append(y, False))
        assert after.log_probability(new) < before.log_probability(new)


def test_order_and_names_of_labels_do_not_matter():
    """Another order, and words for yes and no, give the same probabilities; swapped labels the opposite ones."""
    X, y = data(30)
    at, order = np.random.default_rng(4).random((9, 3)), np.random.default_rng(5).permutation(30)
    told = GaussianProcessClassifier().fit(X, y).predict_proba(at)
    np.testing.assert_allclose(GaussianProcessClassifier().fit(X[order], y[order]).predict_proba(at), told, atol=1e-4)
    words = GaussianProcessClassifier().fit(X, np.where(y, "works", "fails"))
    np.testing.assert_allclose(words.predict_proba(at), told, atol=1e-12)
    np.testing.assert_allclose(GaussianProcessClassifier().fit(X, ~y).predict_proba(at)[:, ::-1], told, atol=1e-4)


def test_two_options_of_a_choice_are_told_apart():
    """Where one option always fails and two never do, the others are trusted."""
    options = np.eye(3)[np.arange(18) % 3] / 2**0.5
    model = GaussianProcessClassifier(prior_mean=2.0, blocks=[Block(0, 3, "choice")]).fit(
        options, np.arange(18) % 3 > 0
    )
    told = np.exp(model.log_probability(np.eye(3) / 2**0.5))
    assert told[0] < 0.3
    assert (told[1:] > 0.85).all()


@pytest.mark.parametrize("label", [True, False])
def test_equal_labels_move_the_probability_their_way(label):
    """All successes: more than the prior where they are; all failures: less."""
    X, _ = data(20)
    model = GaussianProcessClassifier(prior_mean=1.0).fit(X, np.full(20, label))
    told = np.exp(model.log_probability(X))
    assert (told > 0.75).all() if label else (told < 0.5).all()
    assert np.isfinite(model.log_probability(X + 100)).all()


def test_a_thousand_labels():
    """The posterior knows all, the search a sample that has its share of the rarer label."""
    X, y = data(1000, d=5)
    model = GaussianProcessClassifier(n_search=100).fit(X, y)
    assert model.score(*data(500, d=5, seed=1)) > 0.8
    rare = np.zeros(1000)
    rare[:30] = 1
    rows = GaussianProcessClassifier(n_search=100).fit(X, rare)
    assert np.isfinite(rows.theta_).all()


def test_a_glance_is_the_same_in_single_precision():
    """Good to 1e-3 in the logarithm."""
    X, y = data(60)
    at = np.random.default_rng(3).random((500, 3))
    model = GaussianProcessClassifier().fit(X, y)
    np.testing.assert_allclose(model.glance(at), model.log_probability(at), atol=1e-3)


@settings(max_examples=60, deadline=None)
@given(
    X=arrays(
        float, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.floats(0, 1).map(lambda x: round(x, 2))
    ),
    bits=st.integers(0, 2**12 - 1),
)
def test_any_labels_of_any_points_have_an_answer(X, bits):
    """Duplicates with contrary labels, constants, one row: probabilities between 0 and 1."""
    y = (bits >> np.arange(len(X))) % 2 > 0
    told = GaussianProcessClassifier(prior_mean=2.0).fit(X, y).log_probability(np.vstack([X, X + 0.5]))
    assert np.isfinite(told).all()
    assert (told <= 0).all()


def test_mistakes_are_named():
    """Three classes, too few labels and an unknown kernel are refused in words."""
    X, y = data(9)
    with pytest.raises(ValueError, match="Only binary"):
        GaussianProcessClassifier().fit(X, np.arange(9) % 3)
    with pytest.raises(ValueError, match="9 rows"):
        GaussianProcessClassifier().fit(X, y[:-1])
    with pytest.raises(ValueError, match="no kernel"):
        GaussianProcessClassifier("cubic").fit(X, y)
