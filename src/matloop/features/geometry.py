"""How dense a structure is: what its volume, masses and shortest distances say."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from matloop.features.crystal import Crystal, CrystalFeaturizer
from matloop.features.tessellation import statistics

#: g/cm³ for one g/mol in one Å³: 1e24 / N_A.
DALTON_PER_CUBIC_ANGSTROM = 1.66053906660
_STATISTICS = ("minimum", "mean", "maximum", "avg_dev")


class Geometry(CrystalFeaturizer):
    """Density, volume per atom, packing fraction, and statistics of each atom's distance to its nearest neighbour.

    The packing fraction is the volume of spheres with the covalent radii, which overlap, over that of the cell. The
    relative distance of two nearest neighbours is their distance over the sum of their covalent radii.
    """

    name: ClassVar[str] = "geometry"
    citations = ("10.1039/b801115j",)

    @property
    def names(self) -> tuple[str, ...]:
        distances = [f"{name} nearest-neighbour distance" for name in _STATISTICS]
        relative = [f"{name} relative nearest-neighbour distance" for name in _STATISTICS]
        return ("density", "volume per atom", "packing fraction", *distances, *relative)

    @property
    def units(self) -> tuple[str | None, ...]:
        n = len(_STATISTICS)
        return ("g/cm^3", "angstrom^3", None, *("angstrom",) * n, *(None,) * n)

    def describe(self, crystal: Crystal) -> list[float]:
        masses, radii = crystal.of_elements("AtomicWeight", "CovalentRadius").T
        radii = radii / 100  # the table has picometres
        volume, tessellation = crystal.structure.volume, crystal.tessellation
        contact = tessellation.distance / (radii[tessellation.site] + radii[tessellation.neighbour])
        closest = np.full(len(crystal), np.inf)
        np.minimum.at(closest, tessellation.site, contact)
        return [
            float(masses.sum()) * DALTON_PER_CUBIC_ANGSTROM / volume,
            volume / len(crystal),
            4 / 3 * np.pi * float((radii**3).sum()) / volume,
            *statistics(tessellation.nearest, _STATISTICS),
            *statistics(closest, _STATISTICS),
        ]
