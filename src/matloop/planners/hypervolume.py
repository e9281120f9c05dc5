"""Expected hypervolume improvement, exact: what a trial is expected to add to the volume that a front dominates.

With the region that is still free cut into boxes (l_k, u_k], and goals that are independent of each other,

    E = Σ_k Π_j [Ψ_j(l_kj) − Ψ_j(u_kj)],    Ψ_j(b) = E[max(y_j − b, 0)],

exact for any number of goals (Yang, Emmerich, Deutz & Bäck 2019, doi:10.1007/s10898-019-00798-7). All goals are
maximized; the volume is in the product of their units, so that scaling a goal only adds a constant to log E.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from matloop.planners.excess import Excess
from matloop.planners.hypervolume_boxes import free_boxes

#: Candidates × boxes × samples looked at in one go: few enough to stay in a processor's cache.
_BLOCK = 16_384

#: Below this the sum of products has lost digits to underflow, and logarithms take over.
_TINY = 1e-200


class FreeRegion:
    """What is free above a reference point (m,) and one or more fronts of utilities, each (p, m), at once.

    Several fronts are as many samples of an uncertain one: the improvement is the mean over them. Rows of a front
    that are dominated, or not above the reference in every goal, do not matter; a front may be empty.
    """

    def __init__(self, fronts: Sequence[np.ndarray], reference: np.ndarray) -> None:
        boxes = [free_boxes(front, np.asarray(reference, dtype=float)) for front in fronts]
        self.n_samples = len(boxes)
        self.low, self.high = (_stacked([pair[side] for pair in boxes]) for side in (0, 1))  # (s, k, m)
        self._edges = [_Edges(self.low[..., j], self.high[..., j]) for j in range(self.low.shape[2])]

    def expected_improvement(self, goals: Sequence[Excess], mean: np.ndarray, std: np.ndarray) -> np.ndarray:
        """E (n,), zero where it underflows; mean (m, s, n) or (m, 1, n) and std > 0 (m, n) of the m outcomes."""
        n = mean.shape[2]
        size = max(1, _BLOCK // self.low[..., 0].size)
        blocks = [slice(start, start + size) for start in range(0, n, size)]
        return np.concatenate([self._sum(goals, mean[..., block], std[:, block]) for block in blocks] or [np.empty(0)])

    def _sum(self, goals: Sequence[Excess], mean: np.ndarray, std: np.ndarray) -> np.ndarray:
        product: np.ndarray | float = 1.0
        for goal, edges, mean_j, std_j in zip(goals, self._edges, mean, std, strict=True):
            product = product * edges.steps(goal, mean_j, std_j)
        return np.asarray(product).sum(axis=(0, 1)) / self.n_samples

    def log_expected_improvement(self, goals: Sequence[Excess], mean: np.ndarray, std: np.ndarray) -> np.ndarray:
        """log E (n,), finite however small it is; shapes as in `expected_improvement`."""
        std = np.maximum(std, 1e-60)
        total = self.expected_improvement(goals, mean, std)
        is_tiny = ~(total > _TINY)
        logarithm = np.log(np.where(is_tiny, 1.0, total))
        if is_tiny.any():
            logarithm[is_tiny] = self._in_logarithms(goals, mean[..., is_tiny], std[:, is_tiny])
        return logarithm

    def _in_logarithms(self, goals: Sequence[Excess], mean: np.ndarray, std: np.ndarray) -> np.ndarray:
        triples = zip(goals, self._edges, mean, std, strict=True)
        logs = np.asarray(sum(edges.log_steps(goal, mean_j, std_j) for goal, edges, mean_j, std_j in triples))
        largest = logs.max(axis=(0, 1))
        return np.asarray(largest + np.log(np.exp(logs - largest).sum(axis=(0, 1)) / self.n_samples))

    def log_gradient(
        self, goals: Sequence[Excess], mean: np.ndarray, std: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """log E (n,) and its derivatives wrt mean (m, s, n) and wrt std (m, n); all in logarithms, for few points."""
        m, _, n = mean.shape
        value, by_mean, by_std = np.empty(n), np.empty((m, self.n_samples, n)), np.empty((m, n))
        size = max(1, _BLOCK // self.low[..., 0].size)
        for start in range(0, n, size):
            at = slice(start, start + size)
            value[at], by_mean[..., at], by_std[:, at] = self._log_sum(goals, mean[..., at], std[:, at])
        return value, by_mean, by_std

    def _log_sum(
        self, goals: Sequence[Excess], mean: np.ndarray, std: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        std = np.maximum(std, 1e-60)
        steps = [
            _log_step(goal, mean_j[:, None, :], std_j, self.low[..., j, None], self.high[..., j, None])
            for j, (goal, mean_j, std_j) in enumerate(zip(goals, mean, std, strict=True))
        ]
        logs = np.asarray(sum(step[0] for step in steps))  # (s, k, n)
        largest = logs.max(axis=(0, 1))
        weights = np.exp(logs - largest)
        total = weights.sum(axis=(0, 1))
        weights /= total
        by_mean = np.stack([(weights * step[1]).sum(axis=1) for step in steps])
        by_std = np.stack([(weights * step[2]).sum(axis=(0, 1)) for step in steps])
        return largest + np.log(total / self.n_samples), by_mean, by_std


class _Edges:
    """The distinct edges of the boxes in one goal: what exceeds each of them is worked out once."""

    def __init__(self, low: np.ndarray, high: np.ndarray) -> None:
        distinct = [np.unique(np.stack(sides), return_inverse=True) for sides in zip(low, high, strict=True)]
        width = max(len(values) for values, _ in distinct)
        self._values = np.full((len(low), width, 1), np.inf)
        for row, (values, _) in zip(self._values, distinct, strict=True):
            row[: len(values), 0] = values
        where = np.stack([position.reshape(2, -1) + i * width for i, (_, position) in enumerate(distinct)])
        self._low, self._high = where[:, 0], where[:, 1]

    def steps(self, goal: Excess, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
        """Ψ(low) − Ψ(high) (s, k, n) at mean (s, n) or (1, n) and std (n,)."""
        excess = goal(mean[:, None, :], std, self._values).reshape(-1, len(std))
        return excess[self._low] - excess[self._high]

    def log_steps(self, goal: Excess, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
        """The logarithm of the same, −inf for an empty box."""
        excess = goal.log(mean[:, None, :], std, self._values).reshape(-1, len(std))
        share = np.exp(np.minimum(excess[self._high] - excess[self._low], 0.0))
        return excess[self._low] + np.log1p(-share, where=share < 1.0, out=np.full_like(share, -np.inf))


def _log_step(
    goal: Excess, mean: np.ndarray, std: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """log[Ψ(low) − Ψ(high)], −inf for an empty box, and its derivatives wrt mean and std."""
    value, *slopes = goal.log_gradient(mean, std, low)
    other, *others = goal.log_gradient(mean, std, high)
    share = np.exp(np.minimum(other - value, 0.0))
    is_empty = share >= 1.0
    left = np.where(is_empty, 1.0, 1.0 - share)
    by_mean, by_std = ((a - share * b) / left for a, b in zip(slopes, others, strict=True))
    return np.where(is_empty, -np.inf, value + np.log(left)), by_mean, by_std


def _stacked(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays (k_i, m) as one (s, k, m); the rows that are missing are infinite: a box from there to there is empty."""
    stacked = np.full((len(rows), max(len(row) for row in rows), rows[0].shape[1]), np.inf)
    for target, row in zip(stacked, rows, strict=True):
        target[: len(row)] = row
    return stacked
