"""Inputs that already hold the target: a copy, the same in another unit, or a column that all but determines it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from matloop.core.errors import UnitError
from matloop.core.units import convert
from matloop.datasets.column import Column

How = Literal["copy", "unit", "linear", "monotone", "classes"]
#: A column is suspected from so many shared values on, and from this strength of its relation on.
FEWEST, STRONG = 10, 0.99
#: Two columns are one and the same where they differ, relative to their spread, by no more than rounding.
ROUNDING = 1e-6
#: A sum of columns is the target where no more than this share of its variance is left, by so many records a column.
EXACT, EACH = 1e-8, 5
#: Of large tables a sample of this size is looked at.
SAMPLE = 20_000


@dataclass(frozen=True)
class Leak:
    """`strength` is 1 for a copy, the squared correlation for a linear, that of the ranks for a monotone relation."""

    how: How
    strength: float
    told: str


def number_leak(x: np.ndarray, y: np.ndarray, given: Column, target: Column) -> Leak | None:
    """What an input x (n,) of numbers tells of a target y (n,) of numbers, where that is suspiciously much."""
    both = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if len(both) > SAMPLE:
        both = np.random.default_rng(0).choice(both, SAMPLE, replace=False)
    x, y = x[both], y[both]
    if len(both) < FEWEST or len(np.unique(x)) < 3 or len(np.unique(y)) < 3:
        return None
    if np.abs(x - y).max() <= ROUNDING * np.ptp(y):
        return Leak("copy", 1.0, f"'{given.name}' is a copy of it")
    slope, offset, rest = _line(x, y)
    if rest <= ROUNDING:
        if _is_unit(slope, offset, given.unit, target.unit):
            return Leak("unit", 1.0, f"'{given.name}' is the same in {given.unit}")
        sign = "+" if offset >= 0 else "−"
        return Leak("linear", 1.0, f"it is {slope:.6g} · '{given.name}' {sign} {abs(offset):.4g}, but for rounding")
    if (strength := 1 - rest**2) >= STRONG:
        return Leak("linear", strength, f"'{given.name}' determines it by a straight line (R² = {strength:.4f})")
    ranks = _ranks(x), _ranks(y)
    if (strength := 1 - _line(*ranks)[2] ** 2) >= STRONG:
        return Leak("monotone", strength, f"'{given.name}' puts it in order (R² of the ranks = {strength:.4f})")
    return None


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Slope, offset, and the residual's share of y's standard deviation, of the line through x and y."""
    dx, dy = x - x.mean(), y - y.mean()
    slope = float(dx @ dy / (dx @ dx))
    rest = float(np.sqrt(np.mean((dy - slope * dx) ** 2)) / np.sqrt(np.mean(dy**2)))
    return slope, float(y.mean() - slope * x.mean()), rest


def combination(inputs: np.ndarray, y: np.ndarray) -> list[int]:
    """The few columns of `inputs` (n, d) of which y (n,) is a weighted sum, but for rounding; none where it is no sum.

    Found by leaving out one column after the other for as long as the sum still fits.
    """
    known = np.flatnonzero(np.isfinite(inputs).all(axis=1) & np.isfinite(y))
    if len(known) > SAMPLE:
        known = np.random.default_rng(0).choice(known, SAMPLE, replace=False)
    kept = [i for i in range(inputs.shape[1]) if len(known) and np.ptp(inputs[known, i]) > 0]
    if len(kept) < 2 or len(known) < EACH * len(kept) or not np.ptp(y[known]):
        return []
    X = (inputs[known] - inputs[known].mean(axis=0)) / np.where(
        np.ptp(inputs[known], axis=0) > 0, inputs[known].std(axis=0), 1
    )
    target = y[known] - y[known].mean()
    if _left(X[:, kept], target) > EXACT:
        return []
    for column in list(kept):
        fewer = [i for i in kept if i != column]
        if fewer and _left(X[:, fewer], target) <= EXACT:
            kept = fewer
    return kept


def _left(X: np.ndarray, y: np.ndarray) -> float:
    """The share of the variance of y (n,), centred, that no weighted sum of the columns of X (n, d) explains."""
    weights = np.linalg.lstsq(X, y, rcond=None)[0]
    return float(np.sum((y - X @ weights) ** 2) / np.sum(y**2))


def _is_unit(slope: float, offset: float, unit: str | None, wanted: str | None) -> bool:
    if not unit or not wanted or unit == wanted:
        return False
    try:
        zero, one = convert(0.0, unit, wanted), convert(1.0, unit, wanted)
    except UnitError:
        return False
    return abs(one - zero - slope) <= 1e-3 * abs(slope) and abs(zero - offset) <= 1e-3 * (abs(zero) + abs(slope))


def _ranks(values: np.ndarray) -> np.ndarray:
    """The mean rank of each value (n,), equal values sharing one."""
    distinct, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return ((2 * last - counts + 1) / 2)[place.reshape(-1)] if len(distinct) else values


def class_leak(cells: np.ndarray, labels: np.ndarray, given: Column) -> Leak | None:
    """What an input tells of classes (n,), which are numbered: numbers by the best threshold, text by its words.

    Judged by the mean over the classes of the share told rightly, so that a rare class counts as much as a common one.
    """
    if given.kind == "number":
        both = np.flatnonzero(np.isfinite(cells))
        if len(both) < FEWEST or len(np.unique(labels[both])) != 2:
            return None
        told = _threshold(cells[both], labels[both] == labels[both].max())
    else:
        words = np.unique([str(cell) for cell in cells], return_inverse=True)[1].reshape(-1)
        told = _words(words, labels)
    if told < STRONG:
        return None
    return Leak("classes", told, f"'{given.name}' alone tells its classes apart ({100 * told:.1f} % of each are right)")


def _threshold(x: np.ndarray, is_one: np.ndarray) -> float:
    """The best mean over both classes of the share on the right side of one threshold."""
    order = np.argsort(x, kind="stable")
    ones = np.cumsum(is_one[order]) / is_one.sum()
    others = np.cumsum(~is_one[order]) / (~is_one).sum()
    ends = np.flatnonzero(np.diff(x[order], append=np.inf) > 0)
    return float(0.5 + np.abs(ones - others)[ends].max() / 2)


def _words(words: np.ndarray, labels: np.ndarray) -> float:
    """The mean over the classes of the share told rightly by each word's most common class, words that repeat alone."""
    counts = np.zeros((words.max() + 1, labels.max() + 1))
    np.add.at(counts, (words, labels), 1)
    counts = counts[counts.sum(axis=1) > 1]
    if counts.sum() < max(FEWEST, 0.5 * len(words)) or (counts.sum(axis=0) == 0).any() or counts.shape[1] < 2:
        return 0.0
    right = np.zeros(counts.shape[1])
    np.add.at(right, counts.argmax(axis=1), counts.max(axis=1))
    return float((right / counts.sum(axis=0)).mean())
