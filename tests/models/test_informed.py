"""The average of a Gaussian process that was told what to expect, and of one that was not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matloop.core.block import numbers
from matloop.models.gaussian_process import GaussianProcess
from matloop.models.informed import InformedGaussianProcess

BLOCKS = numbers(2)
RNG = np.random.default_rng(0)
x = RNG.random((200, 2))
truth = np.sin(5 * x[:, 0]) + x[:, 1] ** 2
exact = (truth - truth.mean()) / truth.std()


def told(prior: np.ndarray, n: int, y: np.ndarray = truth, first: int = 0) -> InformedGaussianProcess:
    X = np.column_stack([x, prior])
    return InformedGaussianProcess(2, 2, BLOCKS).fit(X[first : first + n], y[first : first + n])


def weights(prior: np.ndarray, n: int) -> np.ndarray:
    return np.array([told(prior, n, first=first).weight_ for first in range(0, 160, 10)])


def test_an_exact_prior_is_trusted_within_a_few_outcomes() -> None:
    """What turns out as foretold is believed: the weight is near one after four outcomes."""
    assert np.median(weights(exact, 4)) > 0.95


def test_a_misleading_prior_loses_its_weight() -> None:
    """A negated prior is dropped after four outcomes that differ, a shuffled one counts less with each."""
    assert np.median(weights(-exact, 4)) == 0.0
    assert weights(-exact, 8).max() < 0.05
    shuffled = [np.mean(weights(np.random.default_rng(1).permutation(exact), n)) for n in (2, 5, 12)]
    assert shuffled[0] > shuffled[1] > shuffled[2]
    assert shuffled[2] < 0.25


def test_a_dropped_prior_leaves_the_ordinary_model() -> None:
    """Where the prior has no weight, mean and uncertainty are those of a Gaussian process that never knew it."""
    model, plain = told(-exact, 12), GaussianProcess(blocks=BLOCKS).fit(x[:12], truth[:12])
    X = np.column_stack([x, -exact])
    assert model.weight_ == 0.0
    for ours, theirs in zip(model.predict(X, return_std=True), plain.predict(x, return_std=True), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_a_trusted_prior_predicts_where_nothing_was_measured() -> None:
    """With five outcomes and an exact prior the error is less than a tenth of that without."""
    X = np.column_stack([x, exact])
    plain = GaussianProcess(blocks=BLOCKS).fit(x[:5], truth[:5])
    assert np.std(told(exact, 5).predict(X) - truth) < 0.1 * np.std(plain.predict(x) - truth)


@settings(max_examples=20)
@given(st.floats(1e-6, 1e6), st.floats(-1e3, 1e3), st.integers(2, 12))
def test_outcomes_in_another_unit_are_predicted_in_that_unit(unit: float, shift: float, n: int) -> None:
    """Scaling and shifting the outcomes scales and shifts predictions, and leaves the weight."""
    X = np.column_stack([x, exact])
    one, other = told(exact, n), told(exact, n, unit * (truth + shift))
    assert other.weight_ == pytest.approx(one.weight_, abs=1e-3)
    np.testing.assert_allclose(other.predict(X) / unit - shift, one.predict(X), atol=1e-3 * truth.std())


@pytest.mark.parametrize("n", [2, 7, 30])
def test_what_it_tells_in_several_ways_agrees(n: int) -> None:
    """Mean, standard deviation, covariance, and the standardized values, also in single precision, fit together."""
    noisy = exact + np.random.default_rng(2).standard_normal(200)
    model, X = told(noisy / noisy.std(), n), np.column_stack([x, noisy / noisy.std()])[:50]
    mean, std = model.predict(X, return_std=True)
    same, covariance = model.predict(X, return_cov=True)
    np.testing.assert_allclose(mean, model.predict(X))
    np.testing.assert_allclose(mean, same)
    np.testing.assert_allclose(np.diag(covariance), std**2, atol=1e-9)
    for is_rough, slack in ((False, 1e-9), (True, 2e-2)):
        z, z_std = model.latent(X, is_rough)
        np.testing.assert_allclose(model.outcome_mean_ + model.outcome_scale_ * z, mean, atol=slack)
        np.testing.assert_allclose(model.outcome_scale_ * z_std, std, atol=slack)


def test_pending_points_are_known_at_what_is_expected() -> None:
    """Conditioned on its own mean, the model keeps that mean there and is no longer uncertain."""
    noisy = exact + 0.5 * np.random.default_rng(2).standard_normal(200)
    model, X = told(noisy, 8), np.column_stack([x, noisy])[100:103]
    after = model.condition(X, noise_variance=np.zeros(3))
    mean, std = after.predict(X, return_std=True)
    np.testing.assert_allclose(mean, model.predict(X), atol=1e-3)
    assert std.max() < 0.05 * model.predict(X, return_std=True)[1].max()


def test_equal_outcomes_say_nothing_of_a_prior() -> None:
    """Where all outcomes are equal there is no slope to learn, and no weight."""
    assert told(exact, 6, np.full(200, 3.0)).weight_ == 0.0


def test_without_a_prior_of_its_own_an_objective_has_the_ordinary_model() -> None:
    """Beside objectives with a prior stands one without: its model does not see theirs."""
    X = np.column_stack([x, exact])
    model = InformedGaussianProcess(2, None, BLOCKS).fit(X[:9], truth[:9])
    plain = GaussianProcess(blocks=BLOCKS).fit(x[:9], truth[:9])
    np.testing.assert_allclose(model.predict(X), plain.predict(x))
    assert model.fallback_ is None
