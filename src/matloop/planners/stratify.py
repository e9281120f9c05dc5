"""The best stratified choice out of many candidates: a Latin hypercube where not every combination is allowed.

Conditioned Latin hypercube sampling (Minasny & McBratney 2006, doi:10.1016/j.cageo.2005.12.009): each column's values
among the candidates are cut into as many strata of equal content as points are chosen, and each stratum should hold
one of them. Found by exchanging points one at a time, which here takes the place of the paper's annealing; of equally
stratified choices the one counts whose points lie farther apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

#: Passes of exchanges over all points. Larger choices get one, and no care for distances, whose cost grows with n².
PASSES, LARGE = 2, 64
#: What distance counts beside a stratum: below every difference that stratification makes.
APART = 0.5


def stratified(
    features: np.ndarray, n: int, rng: np.random.Generator, columns: Sequence[int] | None = None
) -> np.ndarray:
    """The positions (n,) of rows of features (N, d), or of all of them in random order where N ≤ n.

    `columns` are those that are cut into strata, unless all are; distances count all of them.
    """
    if len(features) <= n:
        return rng.permutation(len(features))
    choice = _Choice(features, features if columns is None else features[:, list(columns)], n, rng)
    for _ in range(n):
        choice.add(choice.best())
    for place in range(n * (PASSES if n <= LARGE else 1)):
        choice.exchange(place % n)
    return np.array(choice.rows)


class _Choice:
    """The rows chosen so far, and how full each stratum is."""

    def __init__(self, features: np.ndarray, numbers: np.ndarray, n: int, rng: np.random.Generator) -> None:
        self.features, self.n = features, n
        self.strata, self.surplus = _strata(numbers, n)
        self.rows: list[int] = []
        self.is_free = np.ones(len(features), bool)
        self.chance = APART * rng.random(len(features))

    @cached_property
    def _distances(self) -> np.ndarray:
        """Of each candidate to each place of the choice, (N, n); infinite where a place is empty."""
        return np.full((len(self.features), self.n), np.inf)

    def add(self, row: int, place: int | None = None) -> None:
        """Take a row, at the end or at an empty place."""
        if place is None:
            place = len(self.rows)
            self.rows.append(row)
        self.rows[place] = row
        self._count(row, 1.0)
        if self.n <= LARGE:
            self._distances[:, place] = np.linalg.norm(self.features - self.features[row], axis=1)

    def exchange(self, place: int) -> None:
        """Put the best row at this place, which may be the one that is there."""
        self._count(self.rows[place], -1.0)
        if self.n <= LARGE:
            self._distances[:, place] = np.inf
        self.add(self.best(), place)

    def best(self) -> int:
        """The free row that fills the emptiest strata, and among these the one farthest from all chosen ones."""
        fullness = self.surplus[self.strata].sum(axis=1)
        return int(np.where(self.is_free, fullness - self._remoteness(), np.inf).argmin())

    def _remoteness(self) -> np.ndarray:
        """The distance to the nearest chosen row, 0 … APART; for the first row and in large choices by chance."""
        if self.n > LARGE or not self.rows:
            return self.chance
        nearest = self._distances.min(axis=1)
        largest = nearest.max()
        return APART * nearest / largest if np.isfinite(largest) and largest > 0 else self.chance

    def _count(self, row: int, change: float) -> None:
        self.surplus[self.strata[row]] += change
        self.is_free[row] = change < 0


def _strata(features: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The stratum of each row in each column (N, d), numbered through, and −(points it should hold) of each stratum.

    A column of few values has a stratum for each of these, which should hold its share of the points.
    """
    codes: list[np.ndarray] = []
    wanted: list[np.ndarray] = []
    for column in features.T:
        levels, level = np.unique(column, return_inverse=True)
        if len(levels) > n:
            ranks = np.empty(len(column), int)
            ranks[np.argsort(column, kind="stable")] = np.arange(len(column))
            level = ranks * n // len(column)
        codes.append(level + sum(len(strata) for strata in wanted))
        wanted.append(-n * np.bincount(level) / len(column))
    if not codes:
        return np.zeros((len(features), 0), int), np.zeros(0)
    return np.column_stack(codes), np.concatenate(wanted)
