"""How ionic the bonds of a compound can be, and whether it can be neutral (Ward et al. 2016)."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from matloop.core.composition import SYMBOLS, Amounts
from matloop.features.base import Array, Features
from matloop.features.charges import NEUTRAL, can_be_neutral, common_states, whole_atoms
from matloop.features.composition import CompositionFeaturizer, by_count, unknown
from matloop.features.element_table import element_table


class Ionic(CompositionFeaturizer):
    """Whether some choice of common oxidation states is neutral, and Pauling's ionic character of the pairs.

    The character of a pair is 1 − exp(−(χᵢ − χⱼ)²/4); avg ionic char is Σ_{i<j} cᵢ cⱼ times that. Each atom may have a
    state of its own, as in Fe3O4; in a formula of more than 60 atoms, any part of them.
    Equal to matminer's IonProperty of the reduced formula. `impute` takes the mean electronegativity of all elements
    for those without, as matminer does.
    """

    name: ClassVar[str] = "ionic"
    per_task: ClassVar[int] = 10_000
    citations = ("10.1038/npjcompumats.2016.28", "10.1016/j.commatsci.2012.10.028")

    def __init__(self, *, impute: bool = True, on_failure: str = "raise") -> None:
        super().__init__(on_failure=on_failure)
        self.impute = impute

    @property
    def names(self) -> tuple[str, ...]:
        return ("compound possible", "max ionic char", "avg ionic char")

    def matrix(self, readings: Amounts) -> Features:
        table = element_table("electronic", ("electronegativity",), self.impute)
        values = np.zeros((len(readings), 3))
        for rows, elements, fractions in by_count(readings):
            values[rows, 0] = _are_possible(elements, fractions)
            values[rows, 1:] = _characters(table[elements, 0], fractions)
        return Features(values, unknown(readings, table, ["electronegativity"]))


def _characters(electronegativity: Array, fractions: Array) -> Array:
    """The largest and the mean ionic character (g, 2) of k elements (g, k)."""
    most, mean = np.zeros(len(fractions)), np.zeros(len(fractions))
    for i in range(fractions.shape[1]):
        for j in range(i):
            character = 1 - np.exp(-0.25 * (electronegativity[:, i] - electronegativity[:, j]) ** 2)
            np.maximum(most, character, out=most)
            mean += fractions[:, i] * fractions[:, j] * character
    return np.column_stack([most, mean])


def _are_possible(elements: NDArray[np.intp], fractions: Array) -> NDArray[np.bool_]:
    """Whether k elements (g, k) in these fractions can be neutral together, (g,)."""
    if elements.shape[1] == 1:
        return np.ones(len(elements), dtype=bool)
    least, most = _ranges()
    charge = [(fractions * bound[elements]).sum(axis=1) for bound in (least, most)]
    is_possible = (charge[0] <= NEUTRAL) & (charge[1] >= -NEUTRAL)  # not so where a bound is NaN
    whole = whole_atoms(fractions)
    for row in np.flatnonzero(is_possible & (whole[:, 0] > 0)).tolist():
        is_possible[row] = can_be_neutral(elements[row].tolist(), whole[row].tolist())
    return is_possible


@lru_cache(maxsize=1)
def _ranges() -> tuple[Array, Array]:
    """The least and the most common oxidation state of each element, (118,); NaN where it has none."""
    states = [common_states(element) or (np.nan,) for element in range(len(SYMBOLS))]
    return np.array([min(own) for own in states]), np.array([max(own) for own in states])
