"""What is counted: how good a campaign is after each trial, as a score, and as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from matloop.core.objective import Objective
from matloop.models.pareto import hypervolume, non_dominated, reference_point

#: The goals of a rehearsal: so far on the way from a typical design to the best known one.
SHARES = (0.9, 0.95, 0.99)
#: The share of a pool that counts as its top.
TOP = 0.05


@dataclass(frozen=True)
class Target:
    """A score to be reached, and what it is called."""

    label: str
    score: float


@dataclass(frozen=True)
class Measure:
    """The higher a score, the better; `shown` turns it into what stands on an axis.

    `known` are the utilities (n, goals) of all designs that are known: every candidate of a finite space
    (`is_complete`), or else whatever any of the rehearsed campaigns tried.
    """

    objectives: Sequence[Objective]
    known: np.ndarray
    is_complete: bool
    #: Whether values are the truth, or as a lab gave them that may be noisy itself.
    is_true: bool = True
    #: Of a front: from where its hypervolume counts, and that of the best known one.
    reference: np.ndarray = field(init=False, default_factory=lambda: np.empty(0))
    whole: float = field(init=False, default=1.0)

    def __post_init__(self) -> None:
        if self.is_front:
            finite = self.known[np.isfinite(self.known).all(axis=1)]
            reference = reference_point(finite) if len(finite) else np.zeros(self.known.shape[1])
            object.__setattr__(self, "reference", reference)
            object.__setattr__(self, "whole", hypervolume(finite, reference) or 1.0)

    @property
    def goals(self) -> list[Objective]:
        """What is to be made as good as possible, thresholds left aside."""
        return [wish for wish in self.objectives if not wish.is_threshold]

    @property
    def is_front(self) -> bool:
        """Whether there are several goals, so that the front counts."""
        return len(self.goals) > 1

    def scores(self, utilities: np.ndarray) -> np.ndarray:
        """The score after each trial, (n,), of a campaign whose trials have these utilities (n, goals)."""
        if self.is_front:
            return volumes(utilities, self.reference) / self.whole
        return np.maximum.accumulate(utilities[:, 0])

    def shown(self, scores: np.ndarray) -> np.ndarray:
        """Scores as people read them; not-a-number before there is any."""
        values = np.where(np.isfinite(scores), scores, np.nan)
        return values if self.is_front or self._rises else 0.0 - values

    def score_of(self, shown: float) -> float:
        """The score of what people read."""
        return shown if self.is_front or self._rises else -shown

    @property
    def _rises(self) -> bool:
        return bool(self.goals) and getattr(self.goals[0], "goal", "") == "maximize"

    @property
    def is_better_higher(self) -> bool:
        """Whether what people read grows as a campaign gets better."""
        return self.is_front or self._rises

    @property
    def name(self) -> str:
        """What stands on the axis."""
        if self.is_front:
            return "hypervolume, share of the best known front"
        if not self.goals:
            return "shortfall from the conditions"
        goal = self.goals[0]
        kind = getattr(goal, "goal", "")
        return goal.name if kind in ("maximize", "minimize") else f"distance of {goal.name} from what is wanted"

    @property
    def short(self) -> str:
        """The same as the head of a column."""
        return "hypervolume" if self.is_front else "best" if self.goals else "shortfall"

    @property
    def unit(self) -> str | None:
        """The unit of what stands on the axis."""
        return None if self.is_front or not self.goals else self.goals[0].unit

    @property
    def typical(self) -> float:
        """The score of a typical design, the median; the zero of a front."""
        finite = self.known[np.isfinite(self.known).all(axis=1), 0]
        return 0.0 if self.is_front or not len(finite) else float(np.median(finite))

    @property
    def best(self) -> float:
        """The best score known."""
        if self.is_front:
            return 1.0
        return float(self.known[:, 0].max(initial=-np.inf)) if self.goals else 0.0

    def targets(self, own: float | None = None) -> list[Target]:
        """What campaigns are to reach: a value that was asked for, then so many percent of the way to the best."""
        asked = [] if own is None else [Target(f"{own:g}", self.score_of(own))]
        if not self.goals:
            return [*asked, Target("all conditions met", 0.0)]
        way = self.best - self.typical
        if not (np.isfinite(way) and way > 0):
            return asked
        return asked + [Target(f"{share:.0%}", self.typical + share * way) for share in SHARES]

    @property
    def definition(self) -> str:
        """What is counted, in words to be printed beside the figures."""
        who = "all candidates" if self.is_complete else "all designs that any of these campaigns tried"
        value = "true value, without noise," if self.is_true else "value that the lab gave, before noise was added,"
        if self.is_front:
            goals = ", ".join(goal.name for goal in self.goals)
            return (
                f"the hypervolume in front of one fixed reference point, by {goals} ({value[:-1]}), of the designs "
                f"tried so far, as a share of that of the Pareto front of {who}"
            )
        if not self.goals:
            return "by how much the best design tried so far misses the conditions, over the size of their limits"
        return (
            f"the {value} of the best design tried so far; x % means x % of the way from the median to the best of "
            f"{who}"
        )

    def top_share(self, utilities: np.ndarray) -> np.ndarray | None:
        """The share of the top designs that were found after each trial, (n,); None where they are not known."""
        if not self.is_complete or self.is_front or not self.goals:
            return None
        n = int(np.ceil(TOP * len(self.known)))
        cutoff = np.sort(self.known[:, 0])[-n]
        n_top = int((self.known[:, 0] >= cutoff).sum())
        return np.cumsum(utilities[:, 0] >= cutoff) / n_top if np.isfinite(cutoff) else None


def volumes(utilities: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The hypervolume after each of the trials (n, m): (n,). A dominated one costs nothing."""
    found, front, volume = np.empty(len(utilities)), np.empty((0, len(reference))), 0.0
    for i, point in enumerate(utilities):
        if (point > reference).all() and not (front >= point).all(axis=1).any():
            front = np.vstack([front, point])
            front = front[non_dominated(front)]
            volume = hypervolume(front, reference)
        found[i] = volume
    return found
