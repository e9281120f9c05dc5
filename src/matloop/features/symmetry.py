"""The symmetry of a structure: its space group and what follows from it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from matloop.core.errors import MissingExtra
from matloop.core.structure import StructureError
from matloop.features.crystal import Crystal, CrystalFeaturizer

_SYSTEMS = ("triclinic", "monoclinic", "orthorhombic", "tetragonal", "trigonal", "hexagonal", "cubic")
#: The last space group of each system (International Tables for Crystallography A).
_LAST = (2, 15, 74, 142, 167, 194, 230)
_ORDER = {
    "1": 1,
    "-1": 2,
    "2": 2,
    "m": 2,
    "2/m": 4,
    "222": 4,
    "mm2": 4,
    "mmm": 8,
    "4": 4,
    "-4": 4,
    "4/m": 8,
    "422": 8,
    "4mm": 8,
    "-42m": 8,
    "4/mmm": 16,
    "3": 3,
    "-3": 6,
    "32": 6,
    "3m": 6,
    "-3m": 12,
    "6": 6,
    "-6": 6,
    "6/m": 12,
    "622": 12,
    "6mm": 12,
    "-6m2": 12,
    "6/mmm": 24,
    "23": 12,
    "m-3": 24,
    "432": 24,
    "-43m": 24,
    "m-3m": 48,
}
_CENTRED = {"-1", "2/m", "mmm", "4/m", "4/mmm", "-3", "-3m", "6/m", "6/mmm", "m-3", "m-3m"}
_POLAR = {"1", "2", "m", "mm2", "4", "4mm", "3", "3m", "6", "6mm"}
_CHIRAL = {"1", "2", "222", "4", "422", "3", "32", "6", "622", "23", "432"}


class Symmetry(CrystalFeaturizer):
    """Space group, crystal system, point group and how complex the arrangement is, by spglib through pymatgen.

    Structural complexity is the information in bits per atom that says on which of its inequivalent sites an atom is
    (Krivovichev 2013). Atoms that are off by less than `tolerance` (angstrom) count as in their symmetric places. The
    systems are numbered from 0 (triclinic) to 6 (cubic). A polar point group allows a spontaneous polarization, a
    chiral one has rotations alone.
    """

    name: ClassVar[str] = "symmetry"
    extra: ClassVar[str | None] = "structures"
    version: ClassVar[int] = 2
    citations = ("10.1080/27660400.2024.2384822", "10.1180/minmag.2013.077.3.05")

    def __init__(self, *, tolerance: float = 0.01, on_failure: str = "raise") -> None:
        super().__init__(on_failure=on_failure)
        self.tolerance = tolerance

    @property
    def names(self) -> tuple[str, ...]:
        systems = [f"is {system}" for system in _SYSTEMS]
        groups = ("point group order", "is centrosymmetric", "is polar", "is chiral")
        return ("space group number", "crystal system", *systems, *groups, "structural complexity")

    @property
    def units(self) -> tuple[str | None, ...]:
        return (*(None,) * (len(self.names) - 1), "bit")

    def describe(self, crystal: Crystal) -> list[float]:
        analyzer = _analyzer()(crystal.pymatgen, symprec=self.tolerance)
        found = analyzer.get_symmetry_dataset()
        if found is None:
            raise StructureError("no space group is found", "try another tolerance")
        system = int(np.searchsorted(_LAST, found.number))
        shares = np.unique(found.crystallographic_orbits, return_counts=True)[1] / len(crystal)
        point_group = found.pointgroup
        return [
            found.number,
            system,
            *(float(system == i) for i in range(len(_SYSTEMS))),
            _ORDER[point_group],
            *(float(point_group in those) for those in (_CENTRED, _POLAR, _CHIRAL)),
            abs(float((shares * np.log2(shares)).sum())),
        ]


def _analyzer() -> Any:
    try:
        from pymatgen.symmetry.analyzer import SpacegroupAnalyzer
    except ImportError as error:
        raise MissingExtra("pymatgen", "structures") from error
    return SpacegroupAnalyzer
