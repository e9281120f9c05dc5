"""Local penalization: a batch is kept apart by what a single trial can tell of its neighbourhood.

González, Dai, Hennig & Lawrence 2016, Batch Bayesian Optimization via Local Penalization, AISTATS (arXiv:1505.08052).
An outcome that changes by at most L per unit of distance cannot reach the maximum M within (M − f(x_j))/L of a point
x_j: a ball around each pending point is left out, softly, as f(x_j) is known only as a normal distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from matloop.core.objective import Objective
from matloop.core.parameter import Columns
from matloop.core.space import Point
from matloop.planners.sampling import Sampler
from matloop.planners.surrogates import Surrogate

#: Points at which the slope of the mean is looked at, and the least slope that counts: a flat model says nothing.
PROBES, FLATTEST = 500, 1e-7


def log_penalty(
    x: np.ndarray, centres: np.ndarray, mean: np.ndarray, std: np.ndarray, best: float, lipschitz: float
) -> np.ndarray:
    """Σ_j log P(x lies outside the ball of x_j), (n,): to be added to the logarithm of an acquisition.

    x (n, d); centres (k, d) with the utility's mean (k,) and standard deviation (k,) there; `best` is M. Each factor
    is Φ((L ‖x − x_j‖ − M + mean_j)/std_j), which is the paper's ½ erfc(−z).
    """
    from scipy.special import log_ndtr

    distance = np.sqrt(((x[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2))
    z = (lipschitz * distance - best + mean) / np.maximum(std, 1e-12)
    return np.asarray(log_ndtr(np.clip(z, -1e100, 1e100)).sum(axis=1))


def steepest(surrogate: Surrogate, rng: np.random.Generator) -> float:
    """L: the largest slope of the mean over the space, in outcome units per unit of the encoded inputs."""
    space = surrogate.space
    columns = Sampler(space).draw(lambda n: rng.random((n, space.width)), PROBES)[1]
    x = np.concatenate([space.encode(columns), surrogate.inputs])
    gradient = surrogate.model.predict_with_gradient(x)[2]
    return max(float(np.sqrt((gradient**2).sum(axis=1)).max()), FLATTEST)


def around(
    surrogate: Surrogate, goal: Objective, points: Sequence[Point], best: float, rng: np.random.Generator
) -> Callable[[Columns], np.ndarray]:
    """The penalty of the neighbourhoods of these points, as a function from columns to (n,); no penalty for none.

    `best` is the highest utility so far. The surrogate knows nothing yet of the points.
    """
    space = surrogate.space
    if not points:
        return lambda columns: np.zeros(len(space.encode(columns)))
    columns = space.columns(points)
    mean, std = surrogate.predict(columns)
    centres, lipschitz = space.encode(columns), steepest(surrogate, rng)
    return lambda columns: log_penalty(space.encode(columns), centres, goal.utility(mean), std, best, lipschitz)
