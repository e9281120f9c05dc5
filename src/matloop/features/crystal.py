"""Featurizers of structures: each is read, checked and wrapped once, and what is costly is computed once for all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from matloop.core.composition import COLUMN
from matloop.core.errors import InputError
from matloop.core.structure import Structure, StructureError
from matloop.datasets.conversion import structure_of, to_ase, to_pymatgen
from matloop.features.base import Array, Featurizer
from matloop.features.element_table import element_table
from matloop.features.tessellation import Tessellation, tessellate


class Crystal:
    """A sound structure with all its sites inside the cell, and what several featurizers want to know of it."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure

    def __len__(self) -> int:
        """How many sites there are."""
        return len(self.structure.positions)

    @cached_property
    def tessellation(self) -> Tessellation:
        """Which sites are neighbours, and through what faces. Computed when it is first asked for, and only then."""
        return tessellate(self.structure)

    @cached_property
    def pymatgen(self) -> Any:
        return to_pymatgen(self.structure)

    @cached_property
    def ase(self) -> Any:
        return to_ase(self.structure)

    def of_elements(self, *properties: str) -> Array:
        """These properties (n, p) of the elements on the sites, from the table of Magpie. Raises StructureError."""
        table = element_table("magpie", properties)
        values: Array = table[[COLUMN[symbol] for symbol in self.structure.symbols]]
        for i, j in np.argwhere(np.isnan(values))[:1]:
            raise StructureError(f"nothing is known of the {properties[j]} of {self.structure.symbols[i]}")
        return values


class CrystalFeaturizer(Featurizer):
    """A featurizer whose readings are Crystals, the same objects for all that are Combined.

    A subclass implements `describe`; it says whether it wants whole atoms on all sites (`needs_order`) and
    a structure that is periodic in all three directions (`needs_cell`).
    """

    kind: ClassVar[str] = "structure"
    needs_order: ClassVar[bool] = True
    needs_cell: ClassVar[bool] = True

    @classmethod
    def read(cls, cells: list[Any]) -> tuple[list[Crystal], dict[int, str]]:
        """The sound structures among the cells."""
        crystals: list[Crystal] = []
        unread: dict[int, str] = {}
        for i, cell in enumerate(cells):
            try:
                structure = structure_of(cell)
            except InputError as error:
                unread[i] = error.message
                continue
            if problem := structure.problem(needs_cell=False):
                unread[i] = problem
            else:
                crystals.append(Crystal(structure.wrapped()))
        return crystals, unread

    def row(self, reading: Crystal) -> Sequence[float] | Array:
        if lack := self.lack_of(reading.structure):
            raise StructureError(lack)
        return self.describe(reading)

    def lack_of(self, structure: Structure) -> str | None:
        """What a structure lacks that is needed here; None where it lacks nothing."""
        if self.needs_cell and structure.lattice is None:
            return "it has no cell"
        if self.needs_cell and not all(structure.periodic):
            return f"it is periodic in {sum(structure.periodic)} of three directions"
        if self.needs_order and not structure.is_ordered:
            return "it is disordered: a site is shared or empty in part"
        return None

    def describe(self, crystal: Crystal) -> Sequence[float] | Array:
        """The features of one crystal, (d,)."""
        raise NotImplementedError
