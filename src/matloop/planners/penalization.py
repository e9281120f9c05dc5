"""Local penalization: a batch is kept apart by what a single trial can tell of its neighbourhood.

González, Dai, Hennig & Lawrence 2016, Batch Bayesian Optimization via Local Penalization, AISTATS (arXiv:1505.08052).
An outcome that changes by at most L per unit of distance cannot reach the maximum M within (M − f(x_j))/L of a point
x_j: a ball around each pending point is left out, softly, as f(x_j) is known only as a normal distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from matloop.core.objective import Objective
from matloop.core.space import Point
from matloop.models.geometry import squared_distances
from matloop.planners.sampling import Sampler
from matloop.planners.surrogates import Surrogate

#: Points at which mean and slope are looked at, and the least slope that counts: a flat model says nothing.
PROBES, FLATTEST = 500, 1e-7


def log_penalty(
    x: np.ndarray, centres: np.ndarray, mean: np.ndarray, std: np.ndarray, best: float, lipschitz: float
) -> np.ndarray:
    """Σ_j log P(x lies outside the ball of x_j), (n,): to be added to the logarithm of an acquisition.

    x (n, d); centres (k, d) with the utility's mean (k,) and standard deviation (k,) there; `best` is M. Each factor
    is Φ((L ‖x − x_j‖ − M + mean_j)/std_j), which is the paper's ½ erfc(−z).
    """
    from scipy.special import log_ndtr

    distance = np.sqrt(squared_distances(x, centres))
    z = (lipschitz * distance - best + mean) / np.maximum(std, 1e-12)
    return np.asarray(log_ndtr(np.clip(z, -1e100, 1e100)).sum(axis=1))


def steepest(surrogate: Surrogate) -> float:
    """L: the largest slope of the mean over the space, in outcome units per unit of the encoded inputs."""
    gradient = surrogate.model.predict_with_gradient(_probes(surrogate))[2]
    return max(float(np.sqrt((gradient**2).sum(axis=1)).max()), FLATTEST)


def highest(surrogate: Surrogate, goal: Objective) -> float:
    """M: the highest utility that may well be reached, one standard deviation above what is expected anywhere.

    The best result so far, which the paper takes, lies below what is expected of most pending points: then nothing
    around them would be left out.
    """
    mean, std = surrogate.model.predict(_probes(surrogate), return_std=True)
    return float((goal.utility(mean) + std).max())


def _probes(surrogate: Surrogate) -> np.ndarray:
    """Encoded points of the space, always the same, and all that were measured."""
    space, rng = surrogate.space, np.random.Generator(np.random.PCG64(0))
    columns = Sampler(space).draw(lambda n: rng.random((n, space.width)), PROBES)[1]
    return np.concatenate([space.encode(columns), surrogate.inputs])


@dataclass(frozen=True)
class Apart:
    """The neighbourhoods of pending points, of which a batch keeps clear.

    `best` is the highest utility that may well be reached. Of each of k pending points: its encoded place (k, d), and
    the mean (k,) and standard deviation (k,) of its utility, by a surrogate that knows nothing of them.
    """

    surrogate: Surrogate
    goal: Objective
    best: float
    lipschitz: float
    centres: np.ndarray
    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def of(cls, surrogate: Surrogate, goal: Objective) -> Apart:
        """Around nothing yet."""
        none, best = np.empty((0, surrogate.inputs.shape[1])), highest(surrogate, goal)
        return cls(surrogate, goal, best, steepest(surrogate), none, np.empty(0), np.empty(0))

    def with_pending(self, points: Sequence[Point]) -> Apart:
        """And around these points."""
        columns = self.surrogate.space.columns(points)
        mean, std = self.surrogate.predict(columns)
        return replace(
            self,
            best=max([self.best, *(self.goal.utility(mean) + std)]),
            centres=np.concatenate([self.centres, self.surrogate.space.encode(columns)]),
            mean=np.concatenate([self.mean, self.goal.utility(mean)]),
            std=np.concatenate([self.std, std]),
        )

    def log_penalty(self, x: np.ndarray) -> np.ndarray:
        """To be added to the logarithm of an acquisition at encoded points (n, d), (n,); zero around nothing."""
        return log_penalty(x, self.centres, self.mean, self.std, self.best, self.lipschitz)
