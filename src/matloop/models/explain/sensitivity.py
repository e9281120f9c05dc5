"""Normalized sensitivity coefficients: how strongly the answer follows each input, as shares that sum to 1.

    S_i = sigma_i mean_n |f(x_n + delta_i) - f(x_n - delta_i)| / (2 delta_i),    s_i = S_i / sum_j S_j

The perturbation and derivative methods compared by Gevrey, Dimopoulos & Lek 2003, doi:10.1016/S0304-3800(02)00257-0;
for what else is counted as sensitivity analysis in chemistry: IUPAC 2016, doi:10.1515/pac-2012-1204. Of a linear model
s_i is |beta_i| sigma_i over the sum of these. The shares do not change with the units of the inputs or of the answer.
"""

from __future__ import annotations

import numpy as np

from matloop.core.progress import Progress, silent
from matloop.models.explain.dependence import Ask

#: About so many rows are asked at once: each question has a price of its own.
AT_ONCE = 8000


def sensitivity(ask: Ask, matrix: np.ndarray, delta: float = 0.25, progress: Progress = silent) -> np.ndarray:
    """The shares (d,) of the inputs in the rows (n, d); all zero where the answer follows none of them.

    `delta` is the perturbation in standard deviations of each input. It must not be small: the answer of a forest is a
    staircase, flat almost everywhere. No input leaves the range that the rows have; one with two values is switched.
    Where most rows have one and the same value, such as no atom of an element, the other rows alone are moved: what an
    element would do in materials that have none of it, nobody has measured.
    """
    slopes = np.zeros(matrix.shape[1])
    at_once = max(1, AT_ONCE // max(1, 2 * len(matrix)))
    for first in range(0, matrix.shape[1], at_once):
        moved = [_moved(matrix, i, delta) for i in range(first, min(first + at_once, matrix.shape[1]))]
        asked = np.concatenate([rows for rows, _ in moved])
        answers = ask(asked) if len(asked) else np.empty(0)
        ends = np.cumsum([len(rows) for rows, _ in moved])
        for i, (told, (_, steps)) in enumerate(zip(np.split(answers, ends[:-1]), moved, strict=True)):
            slopes[first + i] = _slope(told, steps) * np.nanstd(matrix[:, first + i]) if len(steps) else 0.0
        progress(first + len(moved), matrix.shape[1])
    total = slopes.sum()
    return slopes / total if total > 0 else slopes


def _moved(matrix: np.ndarray, column: int, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """The rows that have a value, with it lowered, and the same with it raised, (2 n, d); and how far apart, (n,).

    None of them where the column is constant.
    """
    rows = matrix[np.isfinite(matrix[:, column])]
    values = rows[:, column]
    if not len(values) or np.ptp(values) <= 1e-12 * np.abs(values).max():
        return rows[:0], np.empty(0)
    sigma, lowest, highest = float(np.std(values)), values.min(), values.max()
    is_switch = _is_switch(values, lowest, highest)
    if not is_switch:
        rows = rows[_is_not_usual(values)]
        values = rows[:, column]
    low = np.full(len(values), lowest) if is_switch else np.maximum(values - delta * sigma, lowest)
    high = np.full(len(values), highest) if is_switch else np.minimum(values + delta * sigma, highest)
    both = np.concatenate([rows, rows])
    both[: len(rows), column], both[len(rows) :, column] = low, high
    return both, high - low


def _is_switch(values: np.ndarray, low: float, high: float) -> bool:
    """Whether an input has two values, yes and no, or two that are both common."""
    if not np.all((values == low) | (values == high)):
        return False
    share = float(np.mean(values == high))
    return (low, high) == (0.0, 1.0) or 0.1 <= share <= 0.9


def _is_not_usual(values: np.ndarray) -> np.ndarray:
    """Which values (n,) are not the one that more than half of them are; all where there is no such value."""
    median = np.median(values)
    is_usual = values == median
    return ~is_usual if is_usual.mean() > 0.5 else np.full(len(values), True)


def _slope(answers: np.ndarray, steps: np.ndarray) -> float:
    """The mean absolute slope, of the answers (2 n,) to the lowered and the raised rows."""
    below, above = answers[: len(steps)], answers[len(steps) :]
    return float(np.mean(np.abs(above - below) / steps))
