"""All ways to make a whole number of units out of parts, counted, so that each can be named by its number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Partitions:
    """The ways to sum to `total`: part i is `lows[i]` to `highs[i]` units, or 0 where `may_be_absent[i]`.

    With `counted`, from `counted[0]` to `counted[1]` parts are present. The ways are in lexicographic order, those with
    fewer parts first. Counting is by dynamic programming over the parts, and a way is found again from its number by
    walking through the counts (Nijenhuis and Wilf 1978, Combinatorial Algorithms, ch. 13).
    """

    def __init__(
        self,
        total: int,
        lows: Sequence[int],
        highs: Sequence[int],
        may_be_absent: Sequence[bool],
        counted: tuple[int, int] | None = None,
    ) -> None:
        self.total, self.lows, self.highs, self.may_be_absent = total, list(lows), list(highs), list(may_be_absent)
        self._one = 1 if counted else 0
        self._fewest, self._most = counted or (0, 0)
        #: below[i][m, r + 1]: the ways in which parts i, i + 1, … make at most r units, m of them present.
        self._below = [np.zeros((self._most + 1, total + 2)) for _ in range(len(self.lows) + 1)]
        self._below[-1][0, 1:] = 1.0
        for i in reversed(range(len(self.lows))):
            np.cumsum(self._ways(i), axis=1, out=self._below[i][:, 1:])
        whole = self._below[0][:, -1] - self._below[0][:, -2]
        whole[: self._fewest] = 0.0
        self._by_size = np.cumsum(whole)

    @staticmethod
    def size(total: int, n: int, most: int) -> int:
        """The size of the table of counts."""
        return (n + 1) * (most + 1) * (total + 2)

    @property
    def n(self) -> float:
        """How many ways there are."""
        return float(self._by_size[-1])

    def at(self, index: np.ndarray) -> np.ndarray:
        """The ways with these numbers, from 0 on: whole units of shape (n, parts)."""
        size, rank = self._size(np.asarray(index, float))
        left, units = np.full(len(rank), self.total), np.zeros((len(rank), len(self.lows)), np.int64)
        for i in range(len(self.lows)):
            units[:, i], rank = self._part(i, size, left, rank)
            left, size = left - units[:, i], size - self._one * (units[:, i] > 0)
        return units

    def from_unit(self, u: np.ndarray) -> np.ndarray:
        """Ways from uniform numbers of shape (n, parts), each equally likely: whole units of shape (n, parts).

        One number for each part but the last, which follows from the others; the last number is for how many there are.
        """
        size, _ = self._size(np.floor(u[:, -1] * self.n))
        left, units = np.full(len(u), self.total), np.zeros((len(u), len(self.lows)), np.int64)
        for i in range(len(self.lows)):
            weight = self._below[i][size, left + 1] - self._below[i][size, left]
            units[:, i], _ = self._part(i, size, left, np.floor(u[:, i] * weight))
            left, size = left - units[:, i], size - self._one * (units[:, i] > 0)
        return units

    def to_unit(self, units: np.ndarray) -> np.ndarray:
        """Uniform numbers (n, parts) that `from_unit` makes these ways of; of no way, those of one that is near."""
        u, size = np.full(units.shape, 0.5), self._one * (units > 0).sum(axis=1).clip(0, self._most)
        before = np.where(size > 0, self._by_size[size - 1], 0.0)
        u[:, -1] = (before + self._by_size[size]) / 2 / self.n
        left = np.full(len(units), self.total)
        for i in range(len(self.lows) - 1):
            first, last, of = self._ranks(i, size, left, units[:, i])
            u[:, i] = np.where(of > 0, np.clip((first + last) / 2 / np.where(of > 0, of, 1.0), 0.0, 1.0), 0.5)
            left = np.clip(left - units[:, i], 0, self.total)
            size = np.maximum(size - self._one * (units[:, i] > 0), 0)
        return u

    def _ranks(
        self, i: int, size: np.ndarray, left: np.ndarray, units: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Between which ranks the ways lie in which part i has these units, and how many ways there are in all."""
        after, smaller = self._below[i + 1], np.maximum(size - self._one, 0)
        absent = after[size, left + 1] - after[size, left] if self.may_be_absent[i] else np.zeros(len(left))
        upper = after[smaller, np.maximum(left - self.lows[i] + 1, 0)]
        place = np.clip(left - units, 0, self.total)
        is_there = (units > 0) | (not self.may_be_absent[i])
        first = np.where(is_there, absent + upper - after[smaller, place + 1], 0.0)
        last = np.where(is_there, absent + upper - after[smaller, place], absent)
        return first, last, self._below[i][size, left + 1] - self._below[i][size, left]

    def _size(self, rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How many parts are present in the ways of these ranks, and the ranks among the ways of that size."""
        size = np.minimum(np.searchsorted(self._by_size, rank, side="right"), self._most)
        return size, rank - np.where(size > 0, self._by_size[size - 1], 0.0)

    def _ways(self, i: int) -> np.ndarray:
        """The ways in which parts i, i + 1, … make exactly r units, m of them present: shape (most + 1, total + 1)."""
        after = self._below[i + 1]
        ways = np.diff(after, axis=1) if self.may_be_absent[i] else np.zeros((self._most + 1, self.total + 1))
        reach = np.arange(self.total + 1)
        present = after[:, np.maximum(reach - self.lows[i] + 1, 0)] - after[:, np.maximum(reach - self.highs[i], 0)]
        ways[self._one :] += present[: self._most + 1 - self._one]
        return ways

    def _part(self, i: int, size: np.ndarray, left: np.ndarray, rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The units of part i by rank among all that are possible, and the rank among the ways to go on."""
        after, units, rest = self._below[i + 1], np.zeros(len(left), np.int64), rank.copy()
        absent = after[size, left + 1] - after[size, left] if self.may_be_absent[i] else np.zeros(len(left))
        smaller = np.maximum(size - self._one, 0)
        upper = after[smaller, np.maximum(left - self.lows[i] + 1, 0)]
        lower = after[smaller, np.maximum(left - self.highs[i], 0)]
        present = (rank >= absent) & (upper > lower) & (size >= self._one)
        # a sum above `lower` leads to a way that exists, also where the counts are too large to be exact
        level = np.maximum(upper - (rank - absent), np.nextafter(lower, np.inf))
        for m in np.unique(smaller[present]):
            rows = np.flatnonzero(present & (smaller == m))
            place = np.searchsorted(after[m], level[rows], side="left") - 1
            units[rows] = left[rows] - place
            rest[rows] = after[m, place + 1] - level[rows]
        return units, rest
