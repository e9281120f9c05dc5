"""Which components are present: subsets of a size from … to …, each found from one uniform number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb

import numpy as np

#: So many subsets are listed; of more, unusable ones are drawn again, so often.
_LISTED, _ATTEMPTS = 1 << 16, 64


class Subsets:
    """The subsets of `n` things that hold all the `required` ones, have `fewest` to `most` members and are `usable`:
    as many of them as are required must be allowed.

    `usable` takes masks of shape (k, n) and returns booleans of shape (k,). Raises ValueError where none is found.
    """

    def __init__(
        self, required: Sequence[bool], fewest: int, most: int, usable: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        self._required, self._usable = np.asarray(required, bool), usable
        self._free = np.flatnonzero(~self._required)
        n_required = int(self._required.sum())
        self._sizes = list(range(max(fewest - n_required, 0), most - n_required + 1))
        self._ends = np.cumsum([float(comb(len(self._free), size)) for size in self._sizes])
        self.n = float(self._ends[-1])
        step = max(1.0, np.floor(self.n / _LISTED))
        some = self._numbered(np.arange(min(self.n, _LISTED)) * step)
        self._known = some[usable(some)]
        if not len(self._known):
            raise ValueError("no combination of components reaches the total")

    def choose(self, u: np.ndarray) -> np.ndarray:
        """A usable subset for each uniform number (k,): masks of shape (k, n). Each is equally likely."""
        if self.n <= _LISTED:
            return self._known[(u * len(self._known)).astype(np.int64)]
        return self._drawn(u)

    def to_unit(self, masks: np.ndarray) -> np.ndarray:
        """A uniform number (k,) that `choose` makes each of these usable subsets of; one half for any other."""
        if self.n > _LISTED:
            return np.clip((self._number(masks) + 0.5) / self.n, 0.0, 1.0 - 1e-12)
        place = {mask.tobytes(): i for i, mask in enumerate(self._known)}
        found = np.array([place.get(mask.tobytes(), -1) for mask in np.asarray(masks, bool)])
        return np.where(found >= 0, (found + 0.5) / len(self._known), 0.5)

    def _number(self, masks: np.ndarray) -> np.ndarray:
        """The numbers by which `_numbered` finds these subsets."""
        left = masks[:, self._free].sum(axis=1).clip(self._sizes[0], self._sizes[-1])
        place = left - self._sizes[0]
        rank = np.where(place > 0, self._ends[place - 1], 0.0)
        for i, thing in enumerate(self._free):
            rank += np.where(masks[:, thing], 0.0, self._ways(i)[left])
            left = np.maximum(left - masks[:, thing], 0)
        return rank

    def _ways(self, i: int) -> np.ndarray:
        """In how many ways the subsets go on that hold the i-th free thing, by how many members are still to come."""
        others = len(self._free) - i - 1
        return np.array([comb(others, size - 1) if size else 0 for size in range(self._sizes[-1] + 1)], float)

    def _drawn(self, u: np.ndarray) -> np.ndarray:
        """Too many to be listed: an unusable one is replaced by another that follows from the same number."""
        masks = self._numbered(np.floor(u * self.n))
        wrong = np.flatnonzero(~self._usable(masks))
        for _ in range(_ATTEMPTS):
            if not len(wrong):
                return masks
            u = u.copy()
            u[wrong] = np.modf(u[wrong] * 1.6180339887498949 + 0.7548776662466927)[0]  # the golden and plastic ratios
            masks[wrong] = self._numbered(np.floor(u[wrong] * self.n))
            wrong = wrong[~self._usable(masks[wrong])]
        masks[wrong] = self._known[(u[wrong] * len(self._known)).astype(np.int64)]
        return masks

    def _numbered(self, index: np.ndarray) -> np.ndarray:
        """The subsets with these numbers, small ones first: by each thing in turn, those that hold it come first."""
        place = np.minimum(np.searchsorted(self._ends, index, side="right"), len(self._sizes) - 1)
        rank = index - np.where(place > 0, self._ends[place - 1], 0.0)
        left = np.array(self._sizes)[place]
        masks = np.repeat(self._required[None, :], len(index), axis=0)
        for i, thing in enumerate(self._free):
            ways = self._ways(i)[left]
            holds = rank < ways
            masks[:, thing] = holds
            rank = np.where(holds, rank, rank - ways)
            left = left - holds
        return masks
