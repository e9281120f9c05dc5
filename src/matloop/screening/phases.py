"""Known phases and their convex hull: the least energy that a mixture of them has at a composition."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from matloop.core.composition import SYMBOLS, Amounts
from matloop.screening.candidates import taken

#: Smaller shares of a mixture are those of arithmetic.
_LEAST = 1e-6


class Mixture(NamedTuple):
    """The phases that compete with a composition: their energy per atom, and the share of atoms that each has."""

    energy: float
    shares: dict[str, float]


class Phases:
    """`phases = Phases(amounts, energies, names)`; `phases.least(elements, fractions)`.

    `energies` (n,) are formation energies per atom of the phases in `amounts`, in any unit, so that each element by
    itself has 0, be it among them or not; `names` say what the phases are called. The mixture of least energy is found
    by linear programming, which is exact in any number of elements: minimize Σ wᵢ Eᵢ where Σ wᵢ xᵢ = x and w ≥ 0. What
    it is for: Ong et al. 2008 (doi:10.1021/cm702327g).
    """

    def __init__(self, amounts: Amounts, energies: np.ndarray, names: Sequence[str]) -> None:
        self._amounts, self.energies, self.names = amounts, energies, names

    @cached_property
    def elements(self) -> frozenset[int]:
        """The elements that occur in any phase."""
        return frozenset(self._amounts.elements.tolist())

    @property
    def known(self) -> np.ndarray:
        """Numbers (m,) that change where the phases do."""
        return np.concatenate([self.energies, self._amounts.elements, self._amounts.amounts])

    @property
    def looks_total(self) -> bool:
        """Whether these are no formation energies: the elements' are as great as those of compounds."""
        is_element = self._amounts.counts == 1
        sizes = np.abs(self.energies)
        if not is_element.any() or is_element.all():
            return False
        return bool(np.median(sizes[is_element]) > 0.5 * np.median(sizes[~is_element]))

    def least(self, elements: np.ndarray, fractions: np.ndarray) -> Mixture:
        """The mixture of least energy at these fractions (k,) of these elements, columns of a fraction matrix (k,)."""
        from scipy.optimize import linprog

        present = np.zeros(len(SYMBOLS), bool)
        present[elements] = True
        within = np.logical_and.reduceat(present[self._amounts.elements], self._amounts.starts[:-1])
        rows = np.concatenate([np.eye(len(elements)), taken(self._amounts, within).matrix[:, elements]])
        energies = np.concatenate([np.zeros(len(elements)), self.energies[within]])
        found = linprog(energies, A_eq=rows.T, b_eq=fractions, method="highs-ds")
        used = [i for i in np.argsort(-found.x).tolist() if found.x[i] > _LEAST]
        names = [SYMBOLS[e] for e in elements.tolist()] + [self.names[i] for i in np.flatnonzero(within).tolist()]
        return Mixture(float(found.fun), {names[i]: float(found.x[i]) for i in used})
