"""Mixtures of which only some components are present: which ones, and how much of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matloop.core.partitions import Partitions
from matloop.core.simplex import amounts_from_unit, amounts_to_unit, tightened
from matloop.core.subsets import Subsets

#: Less than this share of the total is absent.
TRACE = 1e-6
#: Two sums closer than this share of the total are equal.
_SAME = 1e-9
#: The table by which mixtures on a grid are counted takes eight bytes for each of these.
MOST_COUNTS = 10_000_000


@dataclass(frozen=True, eq=False)
class Presence:
    """From `fewest` to `most` of k components are present, between their lows and highs; the others are 0.

    Without a step, each usable combination of components is equally likely, and the amounts are uniform in it; with
    one, each mixture is equally likely.
    """

    total: float
    lows: np.ndarray
    highs: np.ndarray
    required: Sequence[bool]
    fewest: int
    most: int
    step: float | None

    def check(self) -> None:
        """Raise ValueError where there is no such mixture, or counting them would take too much memory."""
        if self.fewest > self.most:
            raise ValueError(f"at least {self.fewest} components cannot be present where at most {self.most} are")
        if sum(self.required) > self.most:
            raise ValueError(f"{sum(self.required)} components are required, and at most {self.most} may be present")
        if not self.step:
            _ = self._subsets
        elif Partitions.size(round(self.total / self.step), len(self.lows), self.most) > MOST_COUNTS:
            raise ValueError(f"step ({self.step:g}) is too small to count the mixtures: leave it out, or enlarge it")
        elif not self._partitions.n:
            raise ValueError("no combination of components reaches the total")

    @property
    def n_points(self) -> float:
        return self._partitions.n if self.step else np.inf

    def from_unit(self, u: np.ndarray) -> np.ndarray:
        """Amounts (n, k), or whole steps where there is a step, from uniform numbers (n, k + 1), the last for which."""
        if self.step:
            return self._partitions.from_unit(u)
        bounds = self._bounds_where(self._subsets.choose(u[:, -1]))
        return amounts_from_unit(u[:, :-1], self.total, *bounds)

    def to_unit(self, amounts: np.ndarray) -> np.ndarray:
        """Uniform numbers (n, k + 1) that `from_unit` makes these amounts of."""
        if self.step:
            u = self._partitions.to_unit(np.rint(amounts / self.step).astype(np.int64))
            return np.column_stack([u, u[:, -1]])  # for the last component, which follows from the others, any would do
        present = self.is_present(amounts)
        u = amounts_to_unit(amounts, self.total, *self._bounds_where(present))
        return np.column_stack([u, self._subsets.to_unit(present)])

    def at(self, index: np.ndarray) -> np.ndarray:
        """The mixtures with these numbers, in whole steps (n, k)."""
        return self._partitions.at(index)

    def is_present(self, amounts: np.ndarray) -> np.ndarray:
        return np.asarray(amounts > TRACE * self.total)

    def allowed(self, amounts: np.ndarray) -> np.ndarray:
        """Which rows (n, k) have a right number of components, each within its bounds: boolean (n,)."""
        present, slack = self.is_present(amounts), TRACE * self.total
        within = (amounts >= self.lows - slack) & (amounts <= self.highs + slack)
        n = present.sum(axis=1)
        is_whole = present[:, np.array(self.required, bool)].all(axis=1)
        return (
            (within | (~present & (amounts >= -slack))).all(axis=1) & is_whole & (n >= self.fewest) & (n <= self.most)
        )

    @cached_property
    def _present_lows(self) -> np.ndarray:
        """What is present is more than a trace, or one step."""
        return np.maximum(self.lows, np.minimum(self.step or 2 * TRACE * self.total, self.highs))

    def _bounds_where(self, present: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        lows, highs = (np.where(present, bound, 0.0) for bound in (self._present_lows, self.highs))
        return tightened(self.total, lows, highs)

    @cached_property
    def _subsets(self) -> Subsets:
        return Subsets(self.required, self.fewest, self.most, self._reach_the_total)

    def _reach_the_total(self, present: np.ndarray) -> np.ndarray:
        """Which combinations (n, k) can sum to the total: boolean (n,)."""
        low, high = present @ self._present_lows, present @ self.highs
        return np.asarray((low <= self.total * (1 + _SAME)) & (high >= self.total * (1 - _SAME)))

    @cached_property
    def _partitions(self) -> Partitions:
        assert self.step is not None
        lows, highs = (np.rint(bound / self.step).astype(int).tolist() for bound in (self._present_lows, self.highs))
        may_be_absent = [not required for required in self.required]
        return Partitions(round(self.total / self.step), lows, highs, may_be_absent, (self.fewest, self.most))
