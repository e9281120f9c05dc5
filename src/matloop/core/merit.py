"""Which trials are the best: one for a single goal, a Pareto front for several; thresholds must be met."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from matloop.core.objective import Objective
from matloop.core.space import Space
from matloop.core.trial import Observation


def utilities(objectives: Sequence[Objective], observations: Sequence[Observation]) -> np.ndarray:
    """Shape (n, m), the higher the better: a column for each goal, or one shared shortfall where all are thresholds.

    A row that failed or misses a threshold is −inf; where nothing meets them, `best` falls back on the shortfall.
    Where all are thresholds, only a failed row is −inf.
    """
    if not observations:
        return np.empty((0, max(1, sum(not o.is_threshold for o in objectives))))
    goals = [o for o in objectives if not o.is_threshold]
    missed = shortfall(objectives, observations)
    if not goals:
        return np.where(np.isnan(missed), -np.inf, -missed)[:, None]
    table = np.column_stack([o.utility(values(o, observations)) for o in goals])
    table[~(missed <= 0) | ~np.isfinite(table).all(axis=1)] = -np.inf
    return table


def counting(space: Space, observations: Sequence[Observation]) -> list[Observation]:
    """The observations that count as results: all but those of a rougher fidelity, which only teach models."""
    return [o for o in observations if space.is_true(o.location)]


def comparable(space: Space, observations: Sequence[Observation]) -> list[Observation]:
    """The observations from which a model of this space can learn: those that have all its variables."""
    return [o for o in observations if space.is_whole(o.point)]


def usable(objectives: Sequence[Objective], observations: Sequence[Observation]) -> list[Observation]:
    """The observations that have a value for every objective."""
    names = {wish.name for wish in objectives}
    return [o for o in observations if o.failed is None and names <= o.values.keys()]


def values(objective: Objective, observations: Sequence[Observation]) -> np.ndarray:
    """The measured values, shape (n,); not-a-number where a trial failed or did not measure it."""
    return np.array([o.values.get(objective.name, np.nan) if o.failed is None else np.nan for o in observations], float)


def shortfall(objectives: Sequence[Objective], observations: Sequence[Observation]) -> np.ndarray:
    """By how much the thresholds are missed, each over the size of its limit (unless that is zero), summed.

    Shape (n,); 0 where all are met, not-a-number where one was not measured.
    """
    total = np.zeros(len(observations))
    for objective in objectives:
        if objective.is_threshold:
            size = abs(getattr(objective, "limit", 1.0)) or 1.0
            with np.errstate(over="ignore"):
                missed = np.maximum(-objective.utility(values(objective, observations)), 0.0) / size
            total += np.minimum(missed, 1e300)  # several of which have a finite sum
    return total


def best(objectives: Sequence[Objective], observations: Sequence[Observation]) -> list[int]:
    """The positions of the best trials: one, or the Pareto front of several goals in the order of trials."""
    table = utilities(objectives, observations)
    ranked = np.flatnonzero(np.isfinite(table).all(axis=1)) if len(table) else np.array([], int)
    if not len(ranked):
        missed = shortfall(objectives, observations)
        near = np.flatnonzero(np.isfinite(missed) & (missed > 0))
        return [int(near[missed[near].argmin()])] if len(near) else []
    if table.shape[1] == 1:
        return [int(ranked[table[ranked, 0].argmax()])]
    return [int(i) for i in ranked if not _is_dominated(table[i], table[ranked])]


def best_so_far(objectives: Sequence[Objective], observations: Sequence[Observation]) -> np.ndarray:
    """The best value of the first goal after each trial, in its own unit, shape (n,); not-a-number before any is good.

    Of several goals it follows the first one alone.
    """
    goal = next((o for o in objectives if not o.is_threshold), None)
    if goal is None or not observations:
        return np.full(len(observations), np.nan)
    table, measured = utilities(objectives, observations)[:, 0], values(goal, observations)
    leader = np.maximum.accumulate(table)
    leads_anew = leader > np.append(-np.inf, leader[:-1])
    position = np.maximum.accumulate(np.where(leads_anew, np.arange(len(table)), 0))
    return np.where(np.isfinite(leader), measured[position], np.nan)


def _is_dominated(row: np.ndarray, table: np.ndarray) -> bool:
    return bool(np.any(np.all(table >= row, axis=1) & np.any(table > row, axis=1)))
