"""Functions drawn from what a model believes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from matloop.core.merit import values
from matloop.core.objective import Objective
from matloop.core.parameter import Columns
from matloop.core.space import Space
from matloop.core.trial import Observation
from matloop.planners.inputs import inputs_of
from matloop.planners.surrogates import Surrogate, fit_objectives


def joint(surrogate: Surrogate, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Mean (m,) and covariance (m, m) of the function at m points, without the noise of measuring."""
    mean, covariance = surrogate.model.predict(surrogate.space.encode(columns), return_cov=True)
    return mean, covariance


def draws(surrogate: Surrogate, columns: Columns, n: int, rng: np.random.Generator) -> np.ndarray:
    """n functions at m points, (n, m), without the noise of measuring."""
    mean, covariance = joint(surrogate, columns)
    return mean + rng.standard_normal((n, len(mean))) @ root(covariance).T


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
) -> dict[str, Surrogate]:
    """A model of each objective whose hyperparameters come from so many of the observations, drawn at random.

    It knows them all, but believes in other length scales, noise and spread than the best fit to all: what the results
    leave open, and what one fit would hide.
    """
    order = rng.permutation(len(observations))
    part, rest = ([observations[i] for i in chosen] for chosen in (order[:size], order[size:]))
    inputs = inputs_of(space, rest) if rest else None
    models = fit_objectives(space, objectives, part)
    return {
        wish.name: models[wish.name] if inputs is None else _with(models[wish.name], inputs, values(wish, rest))
        for wish in objectives
    }


def _with(surrogate: Surrogate, inputs: np.ndarray, y: np.ndarray) -> Surrogate:
    """The same beliefs once y (n,) at the inputs (n, d) are known too."""
    known = np.concatenate([surrogate.inputs, inputs])
    return Surrogate(surrogate.space, surrogate.model.condition(inputs, y), known)
