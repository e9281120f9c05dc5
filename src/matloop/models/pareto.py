"""Fronts of compromises: which points no other beats in every goal, and the volume that they dominate.

All goals are maximized. Y (n, m) holds n points with m values each; units may differ from column to column, and a
hypervolume is in the product of them.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

FENCE = 1.5
"""Values further than this below the first quartile, in distances of the quartiles, are outliers."""


def non_dominated(Y: ArrayLike) -> NDArray[np.bool_]:
    """Whether no other row is at least as good everywhere and better somewhere (n,); equal rows all stay."""
    Y = np.asarray(Y, dtype=float)
    alive = np.ones(len(Y), dtype=bool)
    for i in np.argsort(-Y.sum(axis=1), kind="stable"):
        if alive[i]:
            better = Y - Y[i]
            alive &= (better > 0.0).any(axis=1) | (better == 0.0).all(axis=1)
    return alive


def hypervolume(Y: ArrayLike, reference: ArrayLike) -> float:
    """The volume above the reference point (m,) that the rows of Y (n, m) dominate; exact.

    The recursion of While, Bradstreet & Barone 2012, A Fast Way of Calculating Exact Hypervolumes,
    doi:10.1109/TEVC.2010.2077298: the sum of what each point alone adds to those after it. Its cost grows with
    a power of n that rises with m; beyond five goals it serves small fronts alone.
    """
    above = np.asarray(Y, dtype=float) - np.asarray(reference, dtype=float)
    return _volume(above[(above > 0.0).all(axis=1)])


def _volume(Y: Array) -> float:
    """The volume between the origin and the rows of Y > 0."""
    if not len(Y):
        return 0.0
    if Y.shape[1] == 1:
        return float(Y.max())
    if Y.shape[1] == 2:
        return _area(Y)
    Y = Y[non_dominated(Y)]
    Y = Y[np.argsort(-Y[:, -1], kind="stable")]
    # within the limits of a row, all later rows are alike in the last goal: one goal less
    return sum(float(row[-1]) * _exclusive(row[:-1], Y[:i, :-1]) for i, row in enumerate(Y))


def _exclusive(row: Array, others: Array) -> float:
    """What the row (m,) dominates and none of the others (k, m)."""
    return float(row.prod()) - _volume(np.minimum(others, row))


def _area(Y: Array) -> float:
    Y = Y[np.argsort(-Y[:, 0], kind="stable")]
    heights = np.maximum.accumulate(Y[:, 1])
    return float(Y[:, 0] @ np.diff(heights, prepend=0.0))


def reference_point(Y: ArrayLike) -> Array:
    """The point (m,) from which volume counts, where nobody has given one: inferred from measured goals Y (n, m).

    The worst value of all in each goal, without outliers: none below the first quartile by more than 1.5 times the
    distance of the quartiles (the fence of Tukey 1977, Exploratory Data Analysis). A point just below the worst of
    the front, which others infer, is for comparing fronts that are known (Ishibuchi et al. 2018,
    doi:10.1162/evco_a_00226): in a search a front that is narrow at first would stay narrow. Raises ValueError where
    Y has no row.
    """
    Y = np.asarray(Y, dtype=float)
    if not len(Y):
        raise ValueError("a reference point cannot be inferred from no points: give one")
    worst, first, third, best = np.quantile(Y, [0.0, 0.25, 0.75, 1.0], axis=0)
    fenced = np.maximum(worst, first - FENCE * (third - first))
    below = np.where(fenced < best, fenced, worst)
    return np.asarray(np.where(below < best, below, best - 1.0))
