"""How much an atom differs from its neighbours: after Ward et al. 2017, doi:10.1103/PhysRevB.96.024104."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from matloop.core.errors import InputError, did_you_mean
from matloop.features.base import Features
from matloop.features.crystal import Crystal, CrystalFeaturizer
from matloop.features.element_table import columns
from matloop.features.tessellation import statistics

_STATISTICS = ("minimum", "maximum", "range", "mean", "avg_dev")
PROPERTIES = ("Number", "MendeleevNumber", "AtomicWeight", "Column", "Row", "CovalentRadius", "Electronegativity")


class LocalDifferences(CrystalFeaturizer):
    """Statistics over the sites of the mean difference of an element's property from those of its neighbours.

    Neighbours are weighted by the area of the face between their Voronoi cells. `properties` are columns of the table
    of Magpie, such as 'Electronegativity' or 'NdValence'.
    """

    name: ClassVar[str] = "local_differences"
    citations = ("10.1103/PhysRevB.96.024104",)

    def __init__(self, *, properties: tuple[str, ...] = PROPERTIES, on_failure: str = "raise") -> None:
        super().__init__(on_failure=on_failure)
        self.properties = properties

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{name} local difference in {which}" for which in self.properties for name in _STATISTICS)

    @property
    def units(self) -> tuple[str | None, ...]:
        known = {"AtomicWeight": "g/mol", "CovalentRadius": "pm"}
        return tuple(known.get(which) for which in self.properties for _ in _STATISTICS)

    def matrix(self, readings: list[Crystal]) -> Features:
        for unknown in sorted(set(self.properties) - set(columns("magpie"))):
            raise InputError(f"no property '{unknown}' of the elements", did_you_mean(unknown, columns("magpie")))
        return super().matrix(readings)

    def describe(self, crystal: Crystal) -> list[float]:
        tessellation = crystal.tessellation
        described: list[float] = []
        for values in crystal.of_elements(*self.properties).T:
            apart = np.abs(values[tessellation.site] - values[tessellation.neighbour])
            described += statistics(tessellation.mean(apart), _STATISTICS)
        return described
