"""Why a point: what is expected there, what is known around it, and what holds it where it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erf, exp, pi, sqrt

import numpy as np

from matloop.core.merit import shortfall
from matloop.core.objective import Objective
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.planners.binding import holding
from matloop.planners.neighbours import Neighbour, nearest_known
from matloop.planners.surrogates import Surrogate

#: Below the first share of uncertainty a point counts as known to be good, above the second as little known.
KNOWN, LITTLE_KNOWN = 0.4, 0.75


@dataclass(frozen=True)
class Explanation:
    """What speaks for one point, as it was known when it was planned."""

    #: objective -> mean and standard deviation of what will be measured, the noise of measuring included.
    expected: Mapping[str, tuple[float, float]]
    #: The share of the expected improvement that comes from uncertainty; None where there is no single goal.
    exploring: float | None
    #: The known trials nearest to it, the nearest first.
    nearest: tuple[Neighbour, ...]
    #: What kept it from lying elsewhere: constraints, ends of ranges.
    binding: tuple[str, ...]
    #: How many tried points promise more, none of which a finite space offers twice.
    n_better_tried: int
    #: The probability that the trial succeeds, learned from failures; None where nothing has failed.
    success: float | None = None

    def sentence(self) -> str:
        """All of it but the expectation, which a reason states already, in one or two sentences."""
        parts = [f"nearest known: {self.nearest[0].sentence()}"] if self.nearest else []
        if self.binding:
            parts.append("held by " + ", ".join(self.binding))
        if self.n_better_tried:
            were = (
                "1 tried point promises" if self.n_better_tried == 1 else f"{self.n_better_tried} tried points promise"
            )
            parts.append(f"{were} more, but none is tried twice")
        return "; ".join(parts)

    @property
    def side(self) -> str:
        """Exploring against exploiting, in words."""
        share = self.exploring
        if share is None:
            return ""
        return "known to be good" if share < KNOWN else "little known" if share > LITTLE_KNOWN else "promising"


def explain(
    space: Space,
    objectives: Sequence[Objective],
    observations: Sequence[Observation],
    models: Mapping[str, Surrogate],
    point: Point,
    n_nearest: int = 1,
    replicates: int = 1,
) -> Explanation:
    """What speaks for the point, by models that were fitted to these observations (`usable` ones, one at least).

    `replicates` is how often the planner would measure a point.
    """
    columns = space.columns([*(o.location for o in observations), point])
    told = {name: model.predict(columns) for name, model in models.items()}
    noise = {name: model.model.noise_variance_ for name, model in models.items()}
    goals = [wish for wish in objectives if not wish.is_threshold]
    exploring, n_better = None, 0
    if len(goals) == 1:
        meets = shortfall(objectives, observations) <= 0
        weighed = models[goals[0].name].predict(space.at_truth(columns)) if space.fidelity else told[goals[0].name]
        counts = np.array([space.is_true(o.location) for o in observations])
        exploring, n_better = _weighed(goals[0], *weighed, meets & counts, counts)
    return Explanation(
        expected={k: (float(mean[-1]), float(sqrt(std[-1] ** 2 + noise[k]))) for k, (mean, std) in told.items()},
        exploring=exploring,
        nearest=nearest_known(space, objectives, observations, columns, point, n_nearest),
        binding=holding(space, point),
        n_better_tried=n_better if space.n_points < np.inf and replicates == 1 else 0,
    )


def _weighed(
    goal: Objective, mean: np.ndarray, std: np.ndarray, meets: np.ndarray, counts: np.ndarray
) -> tuple[float | None, int]:
    """The exploring share at the last of the points, and how many results promise more on the bright side.

    `meets` says which of the others meet the thresholds, `counts` which are results, boolean (n,).
    """
    utility = goal.utility(mean)
    if not meets.any():
        return None, 0
    gain = float(utility[-1] - utility[:-1][meets].max())
    bright = utility + std
    return exploring_share(gain, float(std[-1])), int(np.sum(counts & (bright[:-1] > bright[-1])))


def exploring_share(gain: float, std: float) -> float:
    """The part of the expected improvement std φ(z) + gain Φ(z), z = gain/std, that is due to uncertainty alone."""
    if std <= 0:
        return 0.0
    z = gain / std
    spread = std * exp(-0.5 * z * z) / sqrt(2 * pi)
    total = spread + gain * 0.5 * (1 + erf(z / sqrt(2)))
    return 1.0 if gain <= 0 or total <= 0 else min(1.0, max(0.0, 1 - gain / total))
