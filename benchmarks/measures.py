"""The measures of a campaign, computed from the rows that it chose. All count the starts as trials."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import numpy as np
from scipy.stats import hypergeom

from benchmarks.pools import Pool

#: A measure of one campaign: pool, rows in the order of trial, shape (t,).
Measure = Callable[[Pool, np.ndarray], float]


def trials_to_top(pool: Pool, rows: np.ndarray) -> float:
    """The trial at which the first row of the best 1 % was found; one more than all trials where none was."""
    hits = np.flatnonzero(pool.top(0.01)[rows])
    return float(hits[0] + 1) if len(hits) else float(len(rows) + 1)


def share_of_top(pool: Pool, rows: np.ndarray) -> float:
    """The share of the best 5 % of the pool's rows that was found."""
    top = pool.top(0.05)
    return float(top[rows].sum() / top.sum())


def area(pool: Pool, rows: np.ndarray) -> float:
    """The mean over the trials of the best so far, where 0 is the pool's median (or worse) and 1 its best."""
    best = np.maximum.accumulate(pool.utilities[rows])
    low, high = np.median(pool.utilities), pool.utilities.max()
    return float(np.clip((best - low) / (high - low), 0.0, 1.0).mean())


#: Name -> measure and whether more of it is better.
MEASURES: dict[str, tuple[Measure, bool]] = {
    "trials to the first top-1 % row": (trials_to_top, False),
    "share of the top 5 % found": (share_of_top, True),
    "area under best so far": (area, True),
}


def trials_to_share(pool: Pool, rows: np.ndarray, share: float = 0.8) -> float:
    """The trial at which this share of the best 5 % was found; infinity where it was not."""
    found = np.cumsum(pool.top(0.05)[rows])
    hits = np.flatnonzero(found >= needed(pool, share))
    return float(hits[0] + 1) if len(hits) else float("inf")


def needed(pool: Pool, share: float) -> int:
    """How many rows of the best 5 % make up this share of them."""
    return ceil(round(share * pool.top(0.05).sum(), 9))


def random_trials_to_share(pool: Pool, share: float = 0.8) -> int:
    """The median number of trials that random choice needs to this share of the best 5 %, exactly.

    Rows drawn without replacement: the fewest trials at which the hypergeometric distribution gives at least even
    odds. Dividing it by the planner's median gives the acceleration factor of Liang et al. 2021
    (doi:10.1038/s41524-021-00656-9).
    """
    trials = np.arange(1, pool.n + 1)
    odds = hypergeom.sf(needed(pool, share) - 1, pool.n, int(pool.top(0.05).sum()), trials)
    return int(trials[np.argmax(odds >= 0.5)])
