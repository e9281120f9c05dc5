"""Known phases and their convex hull: the least energy that a mixture of them has at a composition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from matloop.core.composition import SYMBOLS, Amounts
from matloop.screening.candidates import taken
from matloop.screening.keys import keys_of

#: Smaller shares of a mixture are those of arithmetic.
_LEAST = 1e-6


class Mixture(NamedTuple):
    """The phases that compete with a composition: their energy per atom, and the share of atoms that each has."""

    energy: float
    shares: dict[str, float]


class Phases:
    """`phases = Phases(amounts, energies, names)`; `phases.among(elements).least(fractions)`.

    `energies` (n,) are formation energies per atom of the phases in `amounts`, in any unit, so that each element by
    itself has 0, be it among them or not; `names` say what the phases are called. What the hull is for: Ong et al. 2008
    (doi:10.1021/cm702327g).
    """

    def __init__(self, amounts: Amounts, energies: np.ndarray, names: Sequence[str]) -> None:
        #: The elements that occur in any phase.
        self.elements = frozenset(amounts.elements.tolist())
        is_lowest = _lowest(amounts, energies)
        #: Whether these are no formation energies: the elements' are as great as those of compounds.
        self.looks_total = _look_total(np.abs(energies[is_lowest]), amounts.counts[is_lowest] == 1)
        could_be = is_lowest & (energies < 0)  # all others are above the hull whatever there is beside them
        self._amounts, self._energies = taken(amounts, could_be), energies[could_be]
        self._names = [names[i] for i in np.flatnonzero(could_be).tolist()]
        self._by_rarest = _by_rarest(self._amounts)

    @property
    def known(self) -> np.ndarray:
        """Numbers (m,) that change where the hull does."""
        return np.concatenate([self._energies, self._amounts.elements, self._amounts.amounts, sorted(self.elements)])

    def among(self, elements: Sequence[int]) -> System:
        """What there is of these elements alone (k,), columns of a fraction matrix, beginning with each by itself."""
        places = np.concatenate([self._by_rarest.get(e, np.zeros(0, np.intp)) for e in elements])
        near = taken(self._amounts, places)
        if len(near):
            is_within = np.logical_and.reduceat(np.isin(near.elements, elements), near.starts[:-1])
            places, near = places[is_within], taken(near, is_within)
        fractions = np.concatenate([np.eye(len(elements)), near.matrix[:, list(elements)]])
        energies = np.concatenate([np.zeros(len(elements)), self._energies[places]])
        names = [SYMBOLS[e] for e in elements] + [self._names[i] for i in places.tolist()]
        return System(fractions, energies, names)


class System(NamedTuple):
    """The phases (n, k) of k elements, which are the first of them, with their energies (n,) and names."""

    fractions: np.ndarray
    energies: np.ndarray
    names: list[str]

    def least(self, fractions: np.ndarray) -> Mixture:
        """The mixture of least energy at these fractions (k,).

        Linear programming finds it exactly in any number of elements: min Σ wᵢ Eᵢ with Σ wᵢ xᵢ = x and w ≥ 0.
        """
        from scipy.optimize import linprog

        scale = np.abs(self.energies).max() or 1.0  # the program stops at differences of 1e-7, whatever the unit
        found = linprog(self.energies / scale, A_eq=self.fractions.T, b_eq=fractions, method="highs-ds")
        used = [i for i in np.argsort(-found.x, kind="stable").tolist() if found.x[i] > _LEAST]
        return Mixture(float(found.fun) * scale, {self.names[i]: float(found.x[i]) for i in used})


def _lowest(amounts: Amounts, energies: np.ndarray) -> np.ndarray:
    """Which phases (n,) have the least energy of all of their composition."""
    keys, _ = keys_of((amounts, {}), "composition", len(amounts))
    order = np.lexsort((energies, keys))
    is_lowest = np.zeros(len(amounts), bool)
    is_lowest[order[np.unique(keys[order], return_index=True)[1]]] = True
    return is_lowest


def _by_rarest(amounts: Amounts) -> dict[int, np.ndarray]:
    """The places of the phases by that of their elements which the fewest phases have: few for any element."""
    if not len(amounts):
        return {}
    by_rank = np.argsort(np.bincount(amounts.elements, minlength=len(SYMBOLS)), kind="stable")
    rarest = by_rank[np.minimum.reduceat(np.argsort(by_rank)[amounts.elements], amounts.starts[:-1])]
    return {element: np.flatnonzero(rarest == element) for element in np.unique(rarest).tolist()}


def _look_total(sizes: np.ndarray, are_elements: np.ndarray) -> bool:
    """Whether energies of these sizes are those of atoms, not of formation: elements have no energy of formation."""
    if not are_elements.any() or are_elements.all():
        return False
    return bool(np.median(sizes[are_elements]) > 0.5 * np.median(sizes[~are_elements]))
