"""How likely a trial succeeds at a point, learned from those that did and those that failed.

A failure here is one of the material: what the lab did wrong is told to no planner (`TrialState.observation`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matloop.core.parameter import Columns
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.models.gaussian_process_classifier import GaussianProcessClassifier
from matloop.planners.inputs import inputs_of

#: The latent mean where nothing is known. With the variance around it success is about 0.7 likely there: most of what
#: people plan to try can be tried.
PRIOR_LOG_ODDS = 3.0
#: How much the probability counts: its logarithm is multiplied by this. One is what is expected of a trial; two wasted
#: fewer trials and found worse points.
WEIGHT = 1.0

#: Below every score that a planner gives.
DOUBTFUL = -1e9


@dataclass(frozen=True)
class Success:
    """The probability that a trial brings a result."""

    space: Space
    model: GaussianProcessClassifier

    @classmethod
    def learned(cls, space: Space, observations: Sequence[Observation]) -> Success | None:
        """From all that came back; None where nothing has failed, or where points have nothing that a model could see.

        What ended without a failure has succeeded, whether or not everything was measured.
        """
        variables = set(space.variables)
        told = [o for o in observations if variables <= o.point.keys()]
        if not space.features or all(o.failed is None for o in told):
            return None
        inputs = inputs_of(space, told)
        model = GaussianProcessClassifier(prior_mean=PRIOR_LOG_ODDS, blocks=space.blocks)
        return cls(space, model.fit(inputs, [o.failed is None for o in told]))

    def log_weight(self, x: np.ndarray) -> np.ndarray:
        """What is added to the logarithm of a trial's worth at encoded points (n, d), (n,)."""
        return WEIGHT * self.model.log_probability(x)

    def rough_log_weight(self, x: np.ndarray) -> np.ndarray:
        """The same in single precision."""
        return WEIGHT * self.model.glance(x)

    def sober(self, scores: np.ndarray, columns: Columns) -> np.ndarray:
        """Scores (n,) on any scale, in which what rather fails than succeeds stands below all else, by its chance."""
        return sober(scores, self.probabilities(columns))

    def probability(self, point: Point) -> float:
        """The probability at one point."""
        return float(self.probabilities(self.space.columns([point]))[0])

    def probabilities(self, columns: Columns) -> np.ndarray:
        """The probability at n points, (n,)."""
        return np.exp(self.model.log_probability(self.space.encode(columns)))


def sober(scores: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Scores on any scale, in which what rather fails than succeeds stands below all else, by its chance.

    `chances` have the shape of the scores, or of their last axis.
    """
    log_p = np.log(np.maximum(chances, 1e-300))
    return np.where(chances < 0.5, DOUBTFUL + log_p, np.maximum(scores, DOUBTFUL))
