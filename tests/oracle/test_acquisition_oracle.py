"""Acquisition values against BoTorch: exact ones to 1e-6, sampled ones within their error."""

import numpy as np
import pytest

pytest.importorskip("botorch")

import torch
from botorch.acquisition.analytic import LogConstrainedExpectedImprovement, LogExpectedImprovement
from botorch.acquisition.multi_objective import qNoisyExpectedHypervolumeImprovement
from botorch.acquisition.multi_objective.analytic import ExpectedHypervolumeImprovement
from botorch.models import ModelListGP
from botorch.sampling import SobolQMCNormalSampler
from botorch.utils.multi_objective import Hypervolume, is_non_dominated
from botorch.utils.multi_objective.box_decompositions.non_dominated import FastNondominatedPartitioning
from botorch.utils.testing import MockModel, MockPosterior
from torch_models import Twin, tensor

from matloop import Maximize
from matloop.models.gaussian_process import GaussianProcess
from matloop.models.pareto import hypervolume, non_dominated
from matloop.planners.acquisition import log_expected_improvement, log_probability_of_feasibility
from matloop.planners.excess import Ramp
from matloop.planners.hypervolume import FreeRegion
from matloop.planners.hypervolume_noisy import NoisyHypervolume

CLOSE = {"rtol": 1e-6, "atol": 1e-6}
FRONTS = [(1, 2), (5, 2), (25, 2), (1, 3), (6, 3), (20, 3), (6, 4)]


def given(mean: np.ndarray, std: np.ndarray) -> MockModel:
    """A model whose posterior at n candidates has this mean and standard deviation, each (n, m)."""
    return MockModel(MockPosterior(mean=tensor(mean)[:, None, :], variance=tensor(std**2)[:, None, :]))


def candidates(n: int, m: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0.6, 0.5, (n, m)), rng.uniform(0.02, 1.0, (n, m))


@pytest.mark.parametrize("far", [0.0, 2.0, 8.0])
def test_log_expected_improvement(far: float) -> None:
    """Near the best and far below it."""
    mean, std = candidates(40, 1, 0)
    expected = LogExpectedImprovement(given(mean - far, std), best_f=0.7)(torch.zeros(40, 1, 1))
    np.testing.assert_allclose(log_expected_improvement(mean - far, std, 0.7)[:, 0], expected.numpy(), **CLOSE)


def test_expected_improvement_under_a_limit() -> None:
    """Expected improvement times the probability of feasibility, in logarithms."""
    mean, std = candidates(40, 2, 1)
    acquisition = LogConstrainedExpectedImprovement(given(mean, std), 0.7, 0, {1: [None, 0.4]})
    found = log_expected_improvement(mean[:, 0], std[:, 0], 0.7)
    found += log_probability_of_feasibility(mean[:, 1], std[:, 1], 0.4)
    np.testing.assert_allclose(found, acquisition(torch.zeros(40, 1, 1)).numpy(), **CLOSE)


@pytest.mark.parametrize(("p", "m"), FRONTS)
def test_fronts_and_hypervolumes(p: int, m: int) -> None:
    """Which points are on the front, and the volume that they dominate."""
    Y = np.random.default_rng(p).random((4 * p, m))
    reference = np.full(m, 0.1)
    is_on = non_dominated(Y)
    np.testing.assert_array_equal(is_on, is_non_dominated(tensor(Y)).numpy())
    np.testing.assert_allclose(
        hypervolume(Y, reference), Hypervolume(tensor(reference)).compute(tensor(Y[is_on])), **CLOSE
    )


@pytest.mark.parametrize(("p", "m"), FRONTS)
def test_expected_hypervolume_improvement(p: int, m: int) -> None:
    """The exact value, its logarithm's slopes wrt mean and standard deviation included."""
    front, (mean, std) = np.random.default_rng(p).random((p, m)), candidates(25, m, p)
    reference = np.full(m, -0.1)
    free = FastNondominatedPartitioning(ref_point=tensor(reference), Y=tensor(front))
    leaves = [tensor(part)[:, None, :].requires_grad_() for part in (mean, std**2)]
    model = MockModel(MockPosterior(mean=leaves[0], variance=leaves[1]))
    expected = ExpectedHypervolumeImprovement(model, reference.tolist(), free)(torch.zeros(25, 1, 1))
    by_mean, by_variance = torch.autograd.grad(expected.log().sum(), leaves)
    region, goals = FreeRegion([front], reference), [Ramp()] * m
    value = region.expected_improvement(goals, mean.T[:, None], std.T)
    np.testing.assert_allclose(value, expected.detach().numpy(), **CLOSE)
    logarithm, mean_slope, std_slope = region.log_gradient(goals, mean.T[:, None], std.T)
    likely = value > 1e-9  # below, the digits of the other side are lost
    np.testing.assert_allclose(logarithm[likely], np.log(expected.detach().numpy()[likely]), **CLOSE)
    np.testing.assert_allclose(mean_slope[:, 0, likely].T, by_mean[likely, 0].numpy(), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        std_slope[:, likely].T, 2 * std[likely] * by_variance[likely, 0].numpy(), rtol=1e-5, atol=1e-5
    )


@pytest.mark.filterwarnings("ignore:qNoisyExpectedHypervolumeImprovement has known numerical issues")
@pytest.mark.parametrize(("n", "m"), [(6, 2), (20, 2), (10, 3)])
@pytest.mark.parametrize("n_pending", [0, 2])
def test_noisy_expected_hypervolume_improvement(n: int, m: int, n_pending: int) -> None:
    """Within the error of sampling (4 % of the largest value), with trials under way too: what a batch is made of."""
    rng = np.random.default_rng(n + m)
    X, P = rng.random((n, 2)), rng.random((30, 2))
    pending = rng.random((n_pending, 2)) if n_pending else None
    names = [f"y{j}" for j in range(m)]
    targets = {
        name: np.sin(3 * X[:, 0] + j) + (j - 1) * X[:, 1] + 0.2 * rng.standard_normal(n) for j, name in enumerate(names)
    }
    models = {name: GaussianProcess().fit(X, y, noise_variance=np.full(n, 0.04)) for name, y in targets.items()}
    twins = [Twin(models[name], X, y, np.full(n, 0.04)) for name, y in targets.items()]
    reference = np.array([y.min() - 0.5 for y in targets.values()])
    scales, means = (np.array([getattr(twin, what) for twin in twins]) for what in ("scale", "mean"))
    expected = qNoisyExpectedHypervolumeImprovement(
        ModelListGP(*[twin.gp for twin in twins]),
        ((reference - means) / scales).tolist(),
        tensor(X),
        sampler=SobolQMCNormalSampler(torch.Size([1024]), seed=0),
        prune_baseline=False,
        X_pending=None if pending is None else tensor(pending),
    )
    with torch.no_grad():
        sampled = expected(tensor(P)[:, None, :]).numpy() * scales.prod()
    goals = [Maximize(name) for name in names]
    found = np.exp(NoisyHypervolume(goals, models, X, rng, pending, reference, n_samples=512).log_value(P))
    np.testing.assert_allclose(found, sampled, rtol=0.1, atol=0.04 * sampled.max())
