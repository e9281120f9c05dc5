"""A set of 64-bit keys that takes thousands at a time and 9 to 19 bytes for each of them."""

from __future__ import annotations

import numpy as np

#: The table is made twice as large when it is so full.
_FULL = 0.85
_EMPTY = np.uint64(0)


class Seen:
    """Open addressing with linear probing in one NumPy array, all new keys probing side by side."""

    def __init__(self) -> None:
        self._table = np.zeros(1 << 12, np.uint64)
        self._n = 0

    def __len__(self) -> int:
        return self._n

    @property
    def n_bytes(self) -> int:
        """The memory it takes."""
        return self._table.nbytes

    def add(self, keys: np.ndarray) -> np.ndarray:
        """Take keys (n,) in. Returns which of them are new, boolean (n,): of equal ones among them the first."""
        keys = np.where(keys == _EMPTY, np.uint64(1), keys)  # 0 marks an empty place
        unique, first = np.unique(keys, return_index=True)
        absent = ~self._has(unique)
        is_new = np.zeros(len(keys), bool)
        is_new[first[absent]] = True
        self._make_room(int(absent.sum()))
        self._put(unique[absent])
        return is_new

    def has(self, keys: np.ndarray) -> np.ndarray:
        """Which keys (n,) are in it."""
        return self._has(np.where(keys == _EMPTY, np.uint64(1), keys))

    def _has(self, keys: np.ndarray) -> np.ndarray:
        found = np.zeros(len(keys), bool)
        left = np.arange(len(keys))
        place = self._home(keys)
        while len(left):
            there = self._table[place]
            found[left] = there == keys[left]
            goes_on = (there != _EMPTY) & ~found[left]
            left, place = left[goes_on], (place[goes_on] + 1) & (len(self._table) - 1)
        return found

    def _put(self, keys: np.ndarray) -> None:
        """Keys that are not in it, each once."""
        place = self._home(keys)
        left = keys
        while len(left):
            free = self._table[place] == _EMPTY
            self._table[place[free]] = left[free]  # of several for one place the last one has it
            unlucky = self._table[place] != left
            left, place = left[unlucky], (place[unlucky] + 1) & (len(self._table) - 1)
        self._n += len(keys)

    def _make_room(self, n: int) -> None:
        size = len(self._table)
        while self._n + n > _FULL * size:
            size *= 2
        if size > len(self._table):
            keys = self._table[self._table != _EMPTY]
            self._table, self._n = np.zeros(size, np.uint64), 0
            for part in np.array_split(keys, len(keys) // 1_000_000 + 1):
                self._put(part)

    def _home(self, keys: np.ndarray) -> np.ndarray:
        """Keys are mixed already: their lowest bits are as good as any."""
        return (keys & np.uint64(len(self._table) - 1)).astype(np.intp)
