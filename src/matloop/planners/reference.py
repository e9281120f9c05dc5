"""From where volume counts in a search, where nobody has said it: inferred from what is expected of tried points.

The reference point decides what the ends of a front are worth beside its middle. With two goals the ends are two
points, and a far reference costs little more than finding them. With three or more they are a rim that may have no end,
and a far reference makes a search spend itself there (Ishibuchi, Imada, Setoguchi & Nojima 2018,
doi:10.1162/evco_a_00226).
"""

from __future__ import annotations

import numpy as np

from matloop.models.pareto import reference_point

#: With two goals: so many ranges beyond the worst value.
BEYOND = 0.25
#: With more: so many ranges of the front beyond its worst proper compromise, in which one gives up at most so many
#: ranges of one goal for one of another.
MARGIN, FAIR_TRADE = 0.1, 10.0


def inferred_reference(Y: np.ndarray) -> np.ndarray:
    """The reference point (m,) for a search, from expected utilities Y (n, m); below the best in each goal.

    Two goals: a quarter of a range below `reference_point`. More: just below the worst of the compromises that are
    proper (Geoffrion 1968, doi:10.1016/0022-247X(68)90201-1), but no lower than `reference_point`. Raises ValueError
    where Y has no row.
    """
    worst, best = reference_point(Y), Y.max(axis=0)
    if Y.shape[1] == 2:
        return np.asarray(worst - BEYOND * (best - worst))
    front = Y[_is_proper(Y / (best - worst))]
    low, high = front.min(axis=0), front.max(axis=0)
    near = np.maximum(worst, low - MARGIN * (high - low))
    return np.asarray(np.where(near < best, near, worst))


def _is_proper(Y: np.ndarray) -> np.ndarray:
    """Whether no other row gains in a goal more than `FAIR_TRADE` times of what it loses in any, (n,).

    The row with the highest sum is always among them.
    """
    keeps = np.empty(len(Y), dtype=bool)
    for i, row in enumerate(Y):
        change = Y - row
        gain, loss = change.max(axis=1), np.maximum(-change.min(axis=1), 0.0)
        keeps[i] = not (gain > FAIR_TRADE * loss).any()
    keeps[Y.sum(axis=1).argmax()] = True
    return keeps
