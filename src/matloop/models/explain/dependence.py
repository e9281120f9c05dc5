"""Partial dependence: what a model says on average when one input is moved, and for each row by itself.

Friedman 2001, doi:10.1214/aos/1013203451; the curves of single rows, Goldstein et al. 2015,
doi:10.1080/10618600.2014.907095. The same values as scikit-learn's by brute force, but of whatever answers with one
number a row, and along whatever can be moved: also a composition, of which one element's share changes all others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: What is asked: rows (n, d) -> (n,).
Ask = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Dependence:
    """The answers along one input: `grid` (g,), `average` (g,), and `individual` (n, g), a curve for each row.

    `data` (m,) are the values that the input has in the data: where there are none, a curve is a guess.
    """

    name: str
    unit: str | None
    grid: np.ndarray
    average: np.ndarray
    individual: np.ndarray
    data: np.ndarray

    @property
    def span(self) -> float:
        """How far the average goes up and down, in the unit of the answer."""
        return float(np.ptp(self.average))


def grid_of(values: np.ndarray, n: int = 30, tails: float = 0.05) -> np.ndarray:
    """Where to ask: each value where there are few, else n of them between the quantiles `tails` and 1 - `tails`."""
    distinct = np.unique(values[np.isfinite(values)])
    if len(distinct) <= n:
        return distinct
    low, high = np.quantile(values[np.isfinite(values)], [tails, 1 - tails])
    return np.linspace(low, high, n) if high > low else distinct[:: max(1, len(distinct) // n)]


def along_column(
    ask: Ask, matrix: np.ndarray, column: int, name: str, unit: str | None = None, n_grid: int = 30
) -> Dependence:
    """The dependence on one column, all others of the rows (n, d) as they are."""

    def moved(value: float) -> np.ndarray:
        rows = matrix.copy()
        rows[:, column] = value
        return rows

    return along(ask, moved, grid_of(matrix[:, column], n_grid), matrix[:, column], name, unit)


def along(
    ask: Ask,
    moved: Callable[[float], np.ndarray],
    grid: np.ndarray,
    data: np.ndarray,
    name: str,
    unit: str | None = None,
) -> Dependence:
    """The dependence on whatever `moved` moves: it gives the rows (n, d) with the input at that value of the grid."""
    answers = np.column_stack([ask(moved(value)) for value in grid])
    return Dependence(name, unit, grid, answers.mean(axis=0), answers, data)
