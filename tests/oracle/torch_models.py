"""The same Gaussian processes in GPyTorch: of given hyperparameters, for comparison with matloop's own.

A model here is made from what a fitted `GaussianProcess` says of itself in public, so that nothing but mathematics is
compared.
"""

from __future__ import annotations

import gpytorch
import numpy as np
import torch
from botorch.models import SingleTaskGP
from gpytorch.kernels import MaternKernel, RBFKernel
from gpytorch.means import ZeroMean

from matloop.models.gaussian_process import GaussianProcess

torch.set_default_dtype(torch.double)
KERNELS = {"matern52": lambda d: MaternKernel(nu=2.5, ard_num_dims=d), "squared_exponential": lambda d: RBFKernel(d)}


def tensor(x: object) -> torch.Tensor:
    return torch.as_tensor(np.asarray(x, dtype=float))


def standardized(y: np.ndarray) -> tuple[np.ndarray, float, float]:
    """(y − mean)/scale, mean and scale, as the documentation of `GaussianProcess` says."""
    return (y - y.mean()) / y.std(), float(y.mean()), float(y.std())


class Twin:
    """What GPyTorch makes of X (n, d), y (n,) and noise variances (n,), NaN where the learned one holds."""

    def __init__(self, model: GaussianProcess, X: np.ndarray, y: np.ndarray, noise: np.ndarray | None = None) -> None:
        z, self.mean, self.scale = standardized(y)
        learned = model.noise_variance_
        known = np.full(len(y), learned) if noise is None else np.where(np.isnan(noise), learned, noise)
        self.noise = tensor(known / self.scale**2)
        kernel = KERNELS[model.kernel](X.shape[1])
        kernel.lengthscale = tensor(model.length_scale_)
        self.gp = SingleTaskGP(
            tensor(X),
            tensor(z)[:, None],
            self.noise[:, None],
            covar_module=kernel,
            mean_module=ZeroMean(),
            outcome_transform=None,
        )
        self.gp.eval()

    def predict(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean (m,), standard deviation (m,) and covariance (m, m) of the function, in units of y."""
        with torch.no_grad(), exact():
            found = self.gp.posterior(tensor(X)).mvn
        covariance = self.scale**2 * found.covariance_matrix.numpy()
        return self.mean + self.scale * found.mean.numpy(), np.sqrt(covariance.diagonal()), covariance

    def log_marginal_likelihood(self) -> torch.Tensor:
        """Of standardized outcomes, a tensor that knows its gradient wrt the length scales."""
        (inputs,), z = self.gp.train_inputs, self.gp.train_targets
        K = self.gp.covar_module(inputs).to_dense() + torch.diag(self.noise)
        return torch.distributions.MultivariateNormal(torch.zeros_like(z), K).log_prob(z)

    def conditioned(self, X: np.ndarray, y: np.ndarray, noise: np.ndarray) -> Twin:
        """A fantasy: the same hyperparameters and standardization, and more data."""
        new = Twin.__new__(Twin)
        new.mean, new.scale = self.mean, self.scale
        with exact():
            self.gp.posterior(tensor(X))  # GPyTorch conditions what has predicted once
            new.gp = self.gp.condition_on_observations(
                tensor(X), tensor((y - self.mean) / self.scale)[:, None], noise=tensor(noise / self.scale**2)[:, None]
            )
        return new


def exact() -> gpytorch.settings.fast_computations:
    """No iterative or low-rank shortcuts."""
    return gpytorch.settings.fast_computations(covar_root_decomposition=False, log_prob=False, solves=False)
