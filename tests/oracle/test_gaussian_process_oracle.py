"""matloop's Gaussian process against GPyTorch at the same hyperparameters: equal to 1e-6 over a grid of shapes."""

import numpy as np
import pytest

pytest.importorskip("botorch")

import torch
from torch_models import Twin, exact, standardized, tensor

from matloop.models import hyperparameters
from matloop.models.gaussian_process import GaussianProcess
from matloop.models.geometry import Geometry
from matloop.models.kernels import KERNELS

SHAPES = [(2, 1), (8, 1), (20, 3), (50, 6), (120, 12)]
kernels = pytest.mark.parametrize("kernel", ["matern52", "squared_exponential"])
shapes = pytest.mark.parametrize(("n", "d"), SHAPES)
CLOSE = {"rtol": 1e-6, "atol": 1e-6}


def data(n: int, d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, outcomes in a unit far from one, their noise (every third unknown), and other inputs."""
    rng = np.random.default_rng(100 * n + d)
    X = rng.random((n, d))
    y = 40 + 300 * (np.sin(3 * X.sum(axis=1)) + 0.1 * rng.standard_normal(n))
    noise = 300**2 * rng.uniform(0.001, 0.05, n)
    noise[::3] = np.nan
    return X, y, noise, rng.random((15, d))


@kernels
@shapes
@pytest.mark.parametrize("is_known", [False, True])
def test_posterior_mean_and_covariance(kernel: str, n: int, d: int, is_known: bool) -> None:
    """Mean, standard deviation and covariance are GPyTorch's, with learned noise and with noise known in part."""
    X, y, noise, other = data(n, d)
    known = noise if is_known else None
    model = GaussianProcess(kernel).fit(X, y, noise_variance=known)
    mean, std, covariance = Twin(model, X, y, known).predict(other)
    scale = y.std()
    np.testing.assert_allclose(model.predict(other) / scale, mean / scale, **CLOSE)
    np.testing.assert_allclose(model.predict(other, return_std=True)[1] / scale, std / scale, **CLOSE)
    np.testing.assert_allclose(model.predict(other, return_cov=True)[1] / scale**2, covariance / scale**2, **CLOSE)


@kernels
@shapes
def test_gradients_of_the_posterior(kernel: str, n: int, d: int) -> None:
    """The slopes of mean and standard deviation are those of automatic differentiation."""
    X, y, _, other = data(n, d)
    model = GaussianProcess(kernel).fit(X, y)
    twin, at = Twin(model, X, y), tensor(other).requires_grad_()
    with exact():
        posterior = twin.gp.posterior(at[:, None, :])
    (by_mean,) = torch.autograd.grad(posterior.mean.sum(), at, retain_graph=True)
    (by_std,) = torch.autograd.grad(posterior.variance.sqrt().sum(), at)
    _, _, mean_gradient, std_gradient = model.predict_with_gradient(other)
    np.testing.assert_allclose(mean_gradient / twin.scale, by_mean.numpy(), **CLOSE)
    np.testing.assert_allclose(std_gradient / twin.scale, by_std.numpy(), rtol=1e-5, atol=1e-5)


@kernels
@shapes
@pytest.mark.parametrize("is_known", [False, True])
def test_log_marginal_likelihood(kernel: str, n: int, d: int, is_known: bool) -> None:
    """The log marginal likelihood of the standardized outcomes is GPyTorch's."""
    X, y, noise, _ = data(n, d)
    known = noise if is_known else None
    model = GaussianProcess(kernel).fit(X, y, noise_variance=known)
    expected = Twin(model, X, y, known).log_marginal_likelihood().item()
    np.testing.assert_allclose(model.log_marginal_likelihood_, expected, **CLOSE)


@kernels
@shapes
def test_gradient_of_the_log_marginal_likelihood(kernel: str, n: int, d: int) -> None:
    """Away from its maximum too, the slopes in log length scales and log noise are those of torch."""
    X, y, _, _ = data(n, d)
    z = standardized(y)[0]
    theta = np.random.default_rng(n).normal(-0.5, 0.4, d + 1)
    leaf = tensor(theta).requires_grad_()
    scaled = tensor(X) / leaf[:-1].exp()
    distance = torch.cdist(scaled, scaled, compute_mode="donot_use_mm_for_euclid_dist")
    r = 5**0.5 * distance
    K = (1 + r + r**2 / 3) * torch.exp(-r) if kernel == "matern52" else torch.exp(-0.5 * distance**2)
    normal = torch.distributions.MultivariateNormal(torch.zeros(n), K + leaf[-1].exp() * torch.eye(n))
    (expected,) = torch.autograd.grad(normal.log_prob(tensor(z)), leaf)
    posterior = hyperparameters.Posterior(Geometry(d).by_group(X), z, np.full(n, np.nan), KERNELS[kernel])
    prior = hyperparameters.prior(d).value_and_gradient(theta)[1]
    np.testing.assert_allclose(posterior.value_and_gradient(theta)[1] - prior, expected.numpy(), rtol=1e-6, atol=1e-5)


@kernels
@shapes
def test_conditioning_on_more(kernel: str, n: int, d: int) -> None:
    """A fantasy: more observations at the same hyperparameters give what GPyTorch's fantasy gives."""
    X, y, _, other = data(n, d)
    rng = np.random.default_rng(1)
    more, values, noise = rng.random((3, d)), y.mean() + 100 * rng.standard_normal(3), np.full(3, 500.0)
    model = GaussianProcess(kernel).fit(X, y)
    mean, std, _ = Twin(model, X, y).conditioned(more, values, noise).predict(other)
    found = model.condition(more, values, noise_variance=noise).predict(other, return_std=True)
    np.testing.assert_allclose(np.array(found) / y.std(), np.array([mean, std]) / y.std(), **CLOSE)
