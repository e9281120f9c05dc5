"""The evidence integrates hyperparameters out, and so chooses the model that outcomes speak for."""

import numpy as np
import pytest

from matloop.models.evidence import CANDIDATES, fit_most_evident, log_evidence
from matloop.models.gaussian_process import GaussianProcess
from matloop.models.hyperparameters import LogNormal, Posterior, Prior
from matloop.models.kernels import Matern52


def of_one_input(n: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.random((n, 1))
    y = np.sin(7 * X[:, 0]) + 0.1 * rng.standard_normal(n)
    return X, (y - y.mean()) / y.std()


def test_it_is_the_integral_over_a_grid_of_hyperparameters() -> None:
    """For a single length scale and the noise the integral is summed up directly."""
    X, z = of_one_input(40)
    prior = Prior([LogNormal(-0.3, 0.7), LogNormal(-4.0, 1.0)])
    model = GaussianProcess(length_scale_prior=(-0.3, 0.7)).fit(X, z)
    posterior = Posterior((X - X.T)[None] ** 2, z, np.full(len(z), np.nan), Matern52(), prior)
    scales, noises = np.linspace(-3.5, 2.5, 90), np.linspace(-9.0, 1.5, 90)
    grid = [np.array([a, b]) for a in scales for b in noises]
    logs = [
        posterior.value_and_gradient(t)[0] - prior.value_and_gradient(t)[0] + prior.log_normal_density(t) for t in grid
    ]
    cell = (scales[1] - scales[0]) * (noises[1] - noises[0])
    assert log_evidence(posterior, model.theta_) == pytest.approx(np.log(np.sum(np.exp(logs)) * cell), abs=0.2)
    assert model.log_evidence() == pytest.approx(log_evidence(posterior, model.theta_))


def test_its_density_is_one_in_all() -> None:
    """The prior of the logarithms integrates to one."""
    prior = Prior([LogNormal(0.4, 0.7)])
    grid = np.linspace(-6, 6, 4001)
    total = sum(np.exp(prior.log_normal_density(np.array([t]))) for t in grid) * (grid[1] - grid[0])
    assert total == pytest.approx(1.0)


def chosen(y, n: int = 40, d: int = 5) -> GaussianProcess:
    X = np.random.default_rng(3).random((n, d))
    return fit_most_evident(X, y(X))


def test_a_plain_outcome_gets_a_wide_prior_and_a_rough_one_a_short_one() -> None:
    """One of five parameters alone, smoothly: the others are found not to matter. Jumps: short length scales."""
    plain = chosen(lambda X: X[:, 0] ** 2)
    assert (plain.kernel, plain.length_scale_prior) == CANDIDATES[2]
    assert np.sort(plain.length_scale_)[1] > 5 * plain.length_scale_[0]
    rough = chosen(lambda X: np.floor(3 * X).sum(axis=1))
    assert (rough.kernel, rough.length_scale_prior) == CANDIDATES[0]


def test_extremes_of_data_are_survived() -> None:
    """One outcome, equal outcomes, huge and tiny ones, equal points."""
    for y in ([1.0], [2.0, 2.0, 2.0], [1e150, -1e150, 0.0], [1e-300, 0.0, 1e-300]):
        X = np.linspace(0, 1, len(y))[:, None] ** 0.5
        assert np.isfinite(fit_most_evident(X, np.array(y)).predict(X)).all()
    assert np.isfinite(fit_most_evident(np.full((4, 2), 0.5), np.arange(4.0)).log_evidence())


def test_of_many_outcomes_some_tell_the_kernel_and_all_are_known() -> None:
    """With three hundred outcomes the choice is the same as with forty, and the fit uses all of them."""
    model = chosen(lambda X: X[:, 0] ** 2, n=300)
    assert (model.kernel, model.length_scale_prior) == CANDIDATES[2]
    at = np.random.default_rng(3).random((300, 5))[-1:]
    assert model.predict(at, return_std=True)[1][0] < 1e-3
