"""What imagined campaigns have proved to be worth: from their trials to a forecast that is right as often as it says.

Replayed campaigns on published pools, each asked on its way how many more trials a goal would need, tell how far such a
forecast is from what happened (benchmarks/results/forecasts.md; recalibration: Kuleshov, Fenner & Ermon 2018,
arXiv:1807.00263). So an imagined campaign stands for campaigns that take e^shift times as long, spread log-normally.
Where few campaigns in the imagination can reach the goal, they say little, and the number of results takes over: after
n trials in vain the next success comes within t with probability t / (t + c n), as for who knows nothing else (Gott
1993, doi:10.1038/363315a0, has c = 1). That counts as much as so many imagined campaigns.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Experience(NamedTuple):
    """Constants of greatest likelihood on the pools of the benchmark, each of which counts the same."""

    shift: float
    spread: float
    #: How many imagined campaigns the number of results counts as much as, and c.
    counts: float
    patience: float
    #: The logarithm of the odds that a goal is within reach is `offset` + `slope` × that of the imagined share.
    offset: float
    slope: float


EXPERIENCE = Experience(shift=0.325, spread=0.512, counts=3.98, patience=0.633, offset=-1.12, slope=0.504)
#: Quantiles that are told, evenly spaced.
TOLD = 200


def expected_trials(needed: np.ndarray, can: np.ndarray, n_results: int, n_left: float, most: int) -> np.ndarray:
    """So many more trials, (TOLD,), rising, infinite beyond `most`: the quantiles of what the goal needs if it is met.

    `needed` and `can` (K,) are of the imagined campaigns, `n_left` how many untried points there are.
    """
    at = np.arange(1, most + 1)
    share = chance_within(at, needed, can, n_results, n_left)
    found = np.searchsorted(share, (np.arange(TOLD) + 0.5) / TOLD)
    return np.where(found < most, at[np.minimum(found, most - 1)].astype(float), np.inf)


def chance_within(
    at: np.ndarray,
    needed: np.ndarray,
    can: np.ndarray,
    n_results: int,
    n_left: float,
    known: Experience = EXPERIENCE,
) -> np.ndarray:
    """The probability that so many more trials `at` (t,) are enough, given that the goal can be met, (t,)."""
    from scipy.special import ndtr

    t = at + 0.5  # trials are whole
    told = np.log(needed[can & np.isfinite(needed)])
    imagined = ndtr((np.log(t)[:, None] - told - known.shift) / known.spread).sum(axis=1)
    share = (imagined + known.counts * t / (t + known.patience * n_results)) / (can.sum() + known.counts)
    return np.where(at >= n_left, 1.0, share)


def chance_of_reach(can: np.ndarray, known: Experience = EXPERIENCE) -> float:
    """The probability that some point that is left meets the goal, from whether one does in the imagination, (K,)."""
    odds = (can.sum() + 0.5) / ((~can).sum() + 0.5)
    return float(1.0 / (1.0 + np.exp(-known.offset) * odds**-known.slope))
