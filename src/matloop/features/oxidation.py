"""Oxidation states, guessed by charge balance, and how electronegativity differs between ions (Deml et al. 2016)."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matloop.core.composition import Amounts
from matloop.features.base import Array, Features
from matloop.features.charges import Charged, likeliest_mixture, likeliest_states, whole_atoms
from matloop.features.composition import CompositionFeaturizer, by_count
from matloop.features.element_table import element_table

STATISTICS = ("minimum", "maximum", "range", "mean", "std_dev")


class Ions(NamedTuple):
    """The ions of n formulas one after another, m in all: their rows, elements, states, and shares of the atoms."""

    rows: NDArray[np.intp]
    elements: NDArray[np.intp]
    states: Array
    shares: Array

    def only(self, mask: NDArray[np.bool_]) -> Ions:
        return Ions(self.rows[mask], self.elements[mask], self.states[mask], self.shares[mask])


class Oxidation(CompositionFeaturizer):
    """Statistics of the oxidation states that make a formula neutral, as likely as the ICSD has them.

    - charge balanced: 1 where some choice is neutral; elements alone are. Where none is, as in most alloys, all states
      count as 0.
    - minimum, maximum, range and std_dev of the states, weighted by atomic fraction (matminer's OxidationStates).
    - EN difference: the mean electronegativity of the anions less that of each cation, and its statistics over the
      cations (matminer's ElectronegativityDiff); 0 where there are no ions. Elements without an electronegativity have
      the mean of all.
    - share of cations and of anions among the atoms.

    Each atom may have a state of its own where the formula has at most 60 atoms in whole numbers, any part of the atoms
    otherwise, as for dopings.
    """

    name: ClassVar[str] = "oxidation"
    per_task: ClassVar[int] = 10_000
    citations = ("10.1103/PhysRevB.93.085142", "10.1016/j.commatsci.2012.10.028")

    @property
    def names(self) -> tuple[str, ...]:
        states = tuple(f"{statistic} oxidation state" for statistic in STATISTICS if statistic != "mean")
        differences = tuple(f"{statistic} EN difference" for statistic in STATISTICS)
        return ("charge balanced", *states, *differences, "cation fraction", "anion fraction")

    def matrix(self, readings: Amounts) -> Features:
        n = len(readings)
        ions = _ions(readings)
        cations, anions = ions.only(ions.states > 0), ions.only(ions.states < 0)
        values = np.zeros((n, len(self.names)))
        values[ions.rows, 0] = 1.0
        values[:, 1:5] = _statistics(n, ions, ions.states)[:, [0, 1, 2, 4]]
        chi = element_table("electronic", ("electronegativity",), True)[:, 0]
        of_anions, of_cations = _sums(n, anions, anions.shares), _sums(n, cations, cations.shares)
        mean = _sums(n, anions, anions.shares * chi[anions.elements]) / np.where(of_anions > 0, of_anions, 1)
        values[:, 5:10] = _statistics(n, cations, mean[cations.rows] - chi[cations.elements])
        values[:, 10], values[:, 11] = of_cations, of_anions
        return Features(values, {})


def _ions(readings: Amounts) -> Ions:
    """The ions of all formulas that can be neutral, in their order."""
    found: list[tuple[int, Charged]] = []
    for rows, elements, fractions in by_count(readings):
        whole = whole_atoms(fractions)
        each = zip(rows.tolist(), elements.tolist(), whole.tolist(), fractions.tolist(), strict=True)
        for row, own, atoms, shares in each:
            if len(own) == 1:
                found.append((row, Charged(own[0], 0, 1.0)))
            else:
                ions = likeliest_states(own, atoms) if atoms[0] else likeliest_mixture(own, shares)
                found += [(row, ion) for ion in ions or ()]
    found.sort(key=lambda pair: pair[0])
    places = np.array([row for row, _ in found], dtype=np.intp)
    atoms = np.array([ion.atoms for _, ion in found], dtype=float)
    total = np.bincount(places, weights=atoms, minlength=len(readings))
    return Ions(
        places,
        np.array([ion.element for _, ion in found], dtype=np.intp),
        np.array([ion.state for _, ion in found], dtype=float),
        atoms / total[places],
    )


def _sums(n: int, ions: Ions, values: Array) -> Array:
    return np.bincount(ions.rows, weights=values, minlength=n).astype(float)


def _statistics(n: int, ions: Ions, values: Array) -> Array:
    """Minimum, maximum, range, mean and deviation (n, 5) of values (m,) of ions, weighted by their shares; 0 of none.

    The deviation is matminer's, which is not biased for equal weights; 0 of a single ion.
    """
    made = np.zeros((n, 5))
    starts = np.flatnonzero(np.diff(ions.rows, prepend=-1))
    if not len(starts):
        return made
    rows = ions.rows[starts]
    made[rows, 0] = np.minimum.reduceat(values, starts)
    made[rows, 1] = np.maximum.reduceat(values, starts)
    made[:, 2] = made[:, 1] - made[:, 0]
    weight, squares = _sums(n, ions, ions.shares)[rows], _sums(n, ions, ions.shares**2)[rows]
    made[rows, 3] = _sums(n, ions, ions.shares * values)[rows] / weight
    scatter = _sums(n, ions, ions.shares * (values - made[ions.rows, 3]) ** 2)[rows]
    freedom = weight**2 - squares
    has_several = np.diff(starts, append=len(values)) > 1
    variance = np.divide(weight * scatter, freedom, where=has_several, out=np.zeros_like(scatter))
    made[rows, 4] = np.sqrt(variance)
    return made
