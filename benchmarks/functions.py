"""Test functions on the unit cube, all to be maximized, with their best and their ordinary values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

#: From x (d,) in the unit cube to a value.
Function = Callable[[np.ndarray], float]


@dataclass(frozen=True)
class Known:
    """A function with its highest value and its number of parameters."""

    f: Function
    best: float
    d: int

    @cached_property
    def _values(self) -> np.ndarray:
        return np.array([self.f(x) for x in np.random.default_rng(0).random((1000, self.d))])

    @property
    def ordinary(self) -> float:
        """The median over the cube."""
        return float(np.median(self._values))

    @property
    def spread(self) -> float:
        """The standard deviation over the cube."""
        return float(self._values.std())

    def miss(self, value: float) -> float:
        """How far a value is from the best, in units of the distance of an ordinary one."""
        return (self.best - value) / (self.best - self.ordinary)


def branin(x: np.ndarray, fidelity: float = 1.0) -> float:
    """Minus Branin's function; rougher by BoTorch's `AugmentedBranin` (fidelity 1 is the true one)."""
    a, b = 15 * x[0] - 5, 15 * x[1]
    bend = 5.1 / (4 * np.pi**2) - 0.1 * (1 - fidelity)
    return float(-((b - bend * a**2 + 5 / np.pi * a - 6) ** 2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(a) + 10))


_A = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
)
_P = np.array(
    [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
        [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
        [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ]
)
_ALPHA = np.array([1.0, 1.2, 3.0, 3.2])


def hartmann(x: np.ndarray, fidelity: float = 1.0) -> float:
    """Hartmann's function of six parameters, upside down; rougher as in Kandasamy et al. 2017, arXiv:1703.06240."""
    return float((_ALPHA - 0.1 * (1 - fidelity)) @ np.exp(-(_A * (x - _P) ** 2).sum(axis=1)))


def currin(x: np.ndarray) -> float:
    """Currin, Mitchell, Morris & Ylvisaker 1991, doi:10.1080/01621459.1991.10475138."""
    a, b = x[0], max(x[1], 1e-9)
    return float(
        (1 - np.exp(-1 / (2 * b)))
        * (2300 * a**3 + 1900 * a**2 + 2092 * a + 60)
        / (100 * a**3 + 500 * a**2 + 4 * a + 20)
    )


def rough_currin(x: np.ndarray) -> float:
    """Xiong, Qian & Wu 2013, doi:10.1080/00401706.2012.723572: the mean of four neighbours."""
    low = max(0.0, x[1] - 0.05)
    around = [(x[0] + s, b) for s in (0.05, -0.05) for b in (x[1] + 0.05, low)]
    return float(np.mean([currin(np.array(point)) for point in around]))


BRANIN, HARTMANN, CURRIN = Known(branin, -0.397887, 2), Known(hartmann, 3.32237, 6), Known(currin, 13.798722, 2)
