"""From records to figures: curves with quartiles, trials needed, acceleration and enhancement over random search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from matloop.campaign.rehearsal.loop import Rehearsed
from matloop.campaign.rehearsal.measure import Measure, Target
from matloop.campaign.rehearsal.scene import Configuration
from matloop.campaign.rehearsal.truth import utilities_of

#: Lower quartile, median, upper quartile.
QUARTILES = (0.25, 0.5, 0.75)


@dataclass(eq=False)
class Result:
    """What the campaigns of one configuration tell. All curves have a row for each seed."""

    configuration: Configuration
    #: The score after each trial, (seeds, trials); random search goes on beyond the budget.
    scores: np.ndarray
    #: The share of the top designs found after each trial, (seeds, trials), or None.
    top: np.ndarray | None
    #: The score of the design that each campaign itself calls the best, (seeds,); not-a-number for a front.
    named: np.ndarray
    budget: int
    planner_seconds: float
    other_seconds: float
    n_trials: int
    stopped: list[str] = field(default_factory=list)

    @property
    def within(self) -> np.ndarray:
        """The scores within the budget, (seeds, budget)."""
        return self.scores[:, : self.budget]

    def trials_to(self, target: Target) -> np.ndarray:
        """After how many trials each campaign reaches it, (seeds,); infinite where it does not."""
        slack = 1e-9 * max(abs(target.score), 1e-300)
        reached = self.scores >= target.score - slack
        return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)

    def trials_within(self, target: Target) -> np.ndarray:
        """The same within the budget; whoever does not reach it counts as one trial more."""
        return np.minimum(self.trials_to(target), self.budget + 1.0)


def result_of(configuration: Configuration, records: Sequence[Rehearsed], measure: Measure, budget: int) -> Result:
    """The records of one configuration, one for each seed."""
    tables = [utilities_of(measure.objectives, record.true) for record in records]
    length = max(budget, *(len(table) for table in tables))
    tops = [measure.top_share(table) for table in tables]
    named = [np.nan if r.named < 0 or measure.is_front else t[r.named, 0] for r, t in zip(records, tables, strict=True)]
    return Result(
        configuration,
        np.array([_padded(measure.scores(table), length, -np.inf) for table in tables]),
        None if any(t is None for t in tops) else np.array([_padded(t, length, 0.0) for t in tops if t is not None]),
        np.array(named),
        budget,
        sum(record.planner_seconds for record in records),
        sum(record.other_seconds for record in records),
        sum(record.n_trials for record in records),
        [f"seed {record.seed}: {record.stopped}" for record in records if record.stopped],
    )


def _padded(curve: np.ndarray, length: int, empty: float) -> np.ndarray:
    """A campaign that ended early keeps what it had."""
    return np.append(curve, np.full(length - len(curve), curve[-1] if len(curve) else empty))


def quartiles(rows: np.ndarray) -> np.ndarray:
    """Over the seeds (first axis): (3, …). Infinities are kept: a median between a number and infinity is infinite."""
    below, above = (np.quantile(rows, QUARTILES, axis=0, method=how) for how in ("lower", "higher"))
    with np.errstate(invalid="ignore"):
        between = np.quantile(rows, QUARTILES, axis=0)
    return np.where(
        below == above, below, np.where(np.isfinite(between), between, np.where(np.isinf(above), above, below))
    )


@dataclass(frozen=True)
class Factor:
    """A ratio to random search: quartiles over seeds. `at_least`: random search did not get there while followed."""

    low: float
    median: float
    high: float
    at_least: bool = False
    #: Whether the lower quartile did not reach it: `low` is an upper bound then.
    low_is_open: bool = False

    @property
    def text(self) -> str:
        """The median in few digits, marked where it is a lower bound."""
        return f"{'≥ ' if self.at_least else ''}{self.median:.3g}"

    @property
    def range(self) -> str:
        """The quartiles in few digits."""
        return f"{'< ' if self.low_is_open else ''}{self.low:.3g} to {self.high:.3g}"


def acceleration(result: Result, random: Result, target: Target) -> Factor | None:
    """AF(y): trials that random search needs to reach y, in the median, over those that the planner needs.

    Liang et al. 2021, doi:10.1038/s41524-021-00656-9. None where half of the planner's campaigns do not reach it.
    Random search that has not got there while it was followed counts as if it did in the trial after: at least.
    """
    needed = float(quartiles(random.trials_to(target))[1])
    fast, middle, slow = quartiles(result.trials_to(target))
    if not np.isfinite(middle):
        return None
    is_open = not np.isfinite(needed)
    needed = random.scores.shape[1] + 1.0 if is_open else needed
    never = not np.isfinite(slow)
    slow = result.budget + 1.0 if never else slow
    return Factor(needed / slow, needed / middle, needed / fast, is_open, never)


def enhancement(result: Result, random: Result, measure: Measure) -> np.ndarray | None:
    """EF(n): the best after n trials over the median best of random search, (3, budget); for what is to be small the
    other way round. None where a value is below zero: a ratio would mean nothing.
    """
    ours, theirs = measure.shown(result.within), measure.shown(quartiles(random.within)[1])
    known = np.isfinite(ours)
    if not (ours[known] >= 0).all() or not (theirs[np.isfinite(theirs)] >= 0).all():
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = ours / theirs if measure.is_better_higher else theirs / ours
    usable = np.isfinite(ratio).all(axis=0)
    rows = np.full((3, ratio.shape[1]), np.nan)
    rows[:, usable] = quartiles(ratio[:, usable])
    return rows
