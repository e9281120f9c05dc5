"""Functions drawn from what a model believes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from matloop.core.merit import values
from matloop.core.objective import Objective
from matloop.core.parameter import Columns
from matloop.core.space import Space
from matloop.core.trial import Observation
from matloop.models.gaussian_process import GaussianProcess
from matloop.models.warped import WarpedGaussianProcess
from matloop.planners.inputs import inputs_of
from matloop.planners.surrogates import Surrogate, fit_objectives


def joint(surrogate: Surrogate, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Mean (m,) and covariance (m, m) of the function at m points, without the noise of measuring."""
    mean, covariance = surrogate.model.predict(surrogate.space.encode(columns), return_cov=True)
    return mean, covariance


def normal_joint(surrogate: Surrogate, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    """The same of what is normal: of bent outcomes, where the model bends them."""
    mean, covariance = normal(surrogate).predict(surrogate.space.encode(columns), return_cov=True)
    return mean, covariance


def normal(surrogate: Surrogate) -> GaussianProcess:
    """The model of what is normal: of bent outcomes, where it bends them."""
    model = surrogate.model
    return model.inner if isinstance(model, WarpedGaussianProcess) else model


def bent(surrogate: Surrogate, y: np.ndarray) -> np.ndarray:
    """Outcomes as the model sees them, in the shape of y."""
    return surrogate.model.warp.bend(y) if isinstance(surrogate.model, WarpedGaussianProcess) else y


def straight(surrogate: Surrogate, seen: np.ndarray) -> np.ndarray:
    """What `bent` came from."""
    return surrogate.model.warp.straighten(seen) if isinstance(surrogate.model, WarpedGaussianProcess) else seen


def draws(surrogate: Surrogate, columns: Columns, n: int, rng: np.random.Generator) -> np.ndarray:
    """n functions at m points, (n, m), without the noise of measuring."""
    mean, covariance = normal_joint(surrogate, columns)
    return straight(surrogate, mean + rng.standard_normal((n, len(mean))) @ root(covariance).T)


def root(covariance: np.ndarray) -> np.ndarray:
    """L with L Lᵀ = covariance (m, m) but for a little on its diagonal, which rounding may ask for."""
    scale = float(np.mean(covariance.diagonal())) or 1.0
    for share in (1e-10, 1e-8, 1e-6, 1e-4):
        try:
            return np.linalg.cholesky(covariance + share * scale * np.eye(len(covariance)))
        except np.linalg.LinAlgError:
            continue
    return np.diag(np.sqrt(np.maximum(covariance.diagonal(), 0.0)))


def doubted(
    space: Space,
    objectives: Sequence[Objective],
    observations: Sequence[Observation],
    size: int,
    rng: np.random.Generator,
) -> dict[str, tuple[Surrogate, float]]:
    """A model of each objective whose hyperparameters come from so many of the observations, drawn at random.

    It knows them all, but believes in other length scales, noise and spread than the best fit to all: what the results
    leave open, and what one fit would hide. Beside it stands how far the others lay from what it had expected of them:
    the mean square, in its standard deviations; 1 where there are no others.
    """
    order = rng.permutation(len(observations))
    part, rest = ([observations[i] for i in chosen] for chosen in (order[:size], order[size:]))
    inputs = inputs_of(space, rest) if rest else None
    models = fit_objectives(space, objectives, part)
    return {
        wish.name: (models[wish.name], 1.0) if inputs is None else _with(models[wish.name], inputs, values(wish, rest))
        for wish in objectives
    }


def _with(surrogate: Surrogate, inputs: np.ndarray, y: np.ndarray) -> tuple[Surrogate, float]:
    """The same beliefs once y (n,) at the inputs (n, d) are known too, and how surprising these were."""
    model = normal(surrogate)
    mean, std = model.predict(inputs, return_std=True)
    surprise = float(np.mean((bent(surrogate, y) - mean) ** 2 / (std**2 + model.noise_variance_)))
    known = np.concatenate([surrogate.inputs, inputs])
    return Surrogate(surrogate.space, surrogate.model.condition(inputs, y), known), surprise
