"""One score from what is imagined of every objective: several goals under weights, thresholds before all goals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from matloop.core.merit import shortfall, values
from matloop.core.objective import Objective
from matloop.core.trial import Observation
from matloop.planners.scalarization import chebyshev, random_weights

#: Below every point that meets the thresholds stand those that do not, by how much they miss them.
FLOOR = -1e6


class Wishes:
    """Ranks imagined outcomes. Every utility counts in units of the range that was measured.

    Several goals are joined by an augmented Chebyshev scalarization whose weights are drawn anew for each `Wishes`
    (Knowles 2006, doi:10.1109/TEVC.2005.851274; with bounds and samples in place of a model of the joined goal, as
    Paria, Kandasamy & Póczos 2019, arXiv:1805.12168). Where nothing but thresholds is wanted, the worst margin counts.
    """

    def __init__(
        self, objectives: Sequence[Objective], observations: Sequence[Observation], rng: np.random.Generator
    ) -> None:
        self.goals = [wish for wish in objectives if not wish.is_threshold]
        self.thresholds = [wish for wish in objectives if wish.is_threshold]
        table = {wish.name: wish.utility(values(wish, observations)) for wish in objectives}
        self.best = {name: float(column.max()) for name, column in table.items()}
        self.span = {name: float(np.ptp(column)) or 1.0 for name, column in table.items()}
        self.has_met = bool((shortfall(objectives, observations) <= 0).any())
        self.weights = random_weights(len(self.goals), rng)

    def bright(self, expected: Mapping[str, tuple[np.ndarray, np.ndarray]], beta: float) -> np.ndarray:
        """The merit (n,) on the bright side of what is expected: β standard deviations above the mean's.

        Beside goals, thresholds count at their mean as soon as one trial has met them all: a point should be more
        likely to meet them than not.
        """
        sober = {wish.name for wish in self.thresholds} if self.goals and self.has_met else set()
        return self.score(
            {
                wish.name: wish.utility(expected[wish.name][0])
                + (0.0 if wish.name in sober else beta) * expected[wish.name][1]
                for wish in (*self.goals, *self.thresholds)
            }
        )

    def score(self, utilities: Mapping[str, np.ndarray]) -> np.ndarray:
        """The merit (n,) of points with these utilities (n,) of each objective: the higher the better."""
        margins = [utilities[wish.name] / self.span[wish.name] for wish in self.thresholds]
        if not self.goals:
            return np.asarray(np.min(margins, axis=0))
        merit = self._joined(utilities)
        missed = np.sum([np.maximum(-margin, 0.0) for margin in margins], axis=0) if margins else np.zeros(len(merit))
        return np.where(missed > 0, FLOOR - missed, np.maximum(merit, FLOOR))

    def _joined(self, utilities: Mapping[str, np.ndarray]) -> np.ndarray:
        names = [goal.name for goal in self.goals]
        ideal, span = [self.best[name] for name in names], [self.span[name] for name in names]
        return chebyshev(np.stack([utilities[name] for name in names], axis=-1), self.weights, ideal, span)
