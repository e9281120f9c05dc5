"""Where electrons sit, judged by free atoms: electronegativity, band centre, and the highest filled atomic orbital."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import numpy as np

from matloop.core.composition import COLUMN, SYMBOLS, Amounts
from matloop.features.base import Array, Features
from matloop.features.composition import CompositionFeaturizer, by_count, unknown
from matloop.features.element_table import element_table, rows_of

SHELLS = "spdf"
#: What a mole of electronvolts is in kJ, as matminer rounds it.
KILOJOULES = 96.48
ENERGIES = ("first_ionization", "electron_affinity")
#: Transition metals whose atoms may carry a magnetic moment, as Deml et al. 2016 list them.
MAGNETIC = "Ti V Cr Mn Fe Co Ni Cu Nb Mo Tc Ru Rh Pd Ag Ta W Re Os Ir Pt".split()
#: Electrons fill an orbital where what is missing is less than this share of all electrons: amounts are rounded.
FULL = 1e-9
#: The last element whose orbitals are known.
URANIUM = COLUMN["U"]


class Electronic(CompositionFeaturizer):
    """The band centre after Butler & Ginley 1978, and the atomic orbitals between which a gap would open.

    - band center: the geometric mean of Mulliken's electronegativities, which lies in the middle of the gap (matminer's
      BandCenter).
    - HOMO and LUMO energy, their shells (0 for s, 1 for p, 2 for d, 3 for f) and the gap between them: the orbitals of
      free atoms (Kotochigova et al. 1997, in hartree) filled with all electrons from below (matminer's AtomicOrbitals;
      it calls the unit eV).
    - transition metal fraction: of the metals that may be magnetic (matminer's TMetalFraction).

    Ionization energies and electron affinities that no table has are the mean over all elements, as in matminer. The
    orbitals are known up to uranium, and only those that hold electrons, so that noble gases and alkaline earths have
    no empty one: `impute` takes uranium for the elements beyond it, and a LUMO at zero, where orbitals are no longer
    bound; otherwise such formulas are failures, as in matminer.
    """

    name: ClassVar[str] = "electronic"
    citations = ("10.1149/1.2131419", "10.1103/PhysRevA.55.191", "10.1103/PhysRevB.93.085142")

    def __init__(self, *, impute: bool = True, on_failure: str = "raise") -> None:
        super().__init__(on_failure=on_failure)
        self.impute = impute

    @property
    def names(self) -> tuple[str, ...]:
        edges = tuple(f"{edge} {what}" for edge in ("HOMO", "LUMO") for what in ("energy", "shell"))
        return ("band center", *edges, "atomic orbital gap", "transition metal fraction")

    @property
    def units(self) -> tuple[str | None, ...]:
        return ("eV", "hartree", None, "hartree", None, "hartree", None)

    def matrix(self, readings: Amounts) -> Features:
        mulliken = element_table("electronic", ENERGIES, True).sum(axis=1, keepdims=True) / 2 / KILOJOULES
        center = np.exp(readings.mean(np.log(mulliken)))
        edges = _edges(Amounts(readings.starts, np.minimum(readings.elements, URANIUM), readings.amounts))
        is_unbound = np.isinf(edges[:, 2])
        edges[is_unbound, 2:] = 0.0
        metals = np.isin(SYMBOLS, MAGNETIC).astype(float)[:, None]
        failures: dict[int, str] = {}
        if not self.impute:
            known = np.where(np.arange(len(SYMBOLS)) <= URANIUM, 0.0, np.nan)[:, None]
            failures = dict.fromkeys(np.flatnonzero(is_unbound).tolist(), "has no empty orbital")
            failures |= unknown(readings, known, ["orbital energies"])
        gap = edges[:, 2:3] - edges[:, 0:1]
        values = np.hstack([center, edges, gap, readings.mean(metals)])
        values[list(failures)] = np.nan
        return Features(values, failures)


def _edges(readings: Amounts) -> Array:
    """Energy and shell of the highest filled and the lowest empty orbital, (n, 4)."""
    energies, capacities, shells = _levels()
    electrons = readings.mean(np.arange(1.0, len(SYMBOLS) + 1)[:, None])
    edges = np.empty((len(readings), 4))
    for rows, elements, fractions in by_count(readings):
        levels = energies[elements].reshape(len(rows), -1)
        order = np.argsort(levels, axis=1, kind="stable")
        rooms = (capacities[elements] * fractions[:, :, None]).reshape(len(rows), -1)
        filled = np.cumsum(np.take_along_axis(rooms, order, axis=1), axis=1)
        total = electrons[rows]
        highest = np.argmax(filled >= total * (1 - FULL), axis=1)[:, None]
        is_full = np.take_along_axis(filled, highest, axis=1) <= total * (1 + FULL)
        lowest = np.minimum(highest + is_full, levels.shape[1] - 1)
        for column, level in ((0, highest), (2, lowest)):
            place = np.take_along_axis(order, level, axis=1)
            edges[rows, column] = np.take_along_axis(levels, place, axis=1)[:, 0]
            own = np.take_along_axis(shells[elements].reshape(len(rows), -1), place, axis=1)
            edges[rows, column + 1] = own[:, 0]
    return edges


@lru_cache(maxsize=1)
def _levels() -> tuple[Array, Array, Array]:
    """Energies, capacities and shells of the orbitals of each element, (118, o); infinite and 0 where there is none."""
    listed = {row["element"]: [pair.split(":") for pair in row["energies"].split()] for row in rows_of("orbitals")}
    most = max(map(len, listed.values())) + 1
    energies, capacities, shells = (np.full((len(SYMBOLS), most), value) for value in (np.inf, 0.0, 0.0))
    for symbol, orbitals in listed.items():
        for i, (orbital, energy) in enumerate(orbitals):
            shell = SHELLS.index(orbital[-1])
            row = COLUMN[symbol]
            energies[row, i], capacities[row, i], shells[row, i] = float(energy), 4 * shell + 2, shell
    return energies, capacities, shells
