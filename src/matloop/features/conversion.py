"""The structure in a cell, whoever made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matloop.core.structure import Structure, StructureError
from matloop.datasets.conversion import from_ase, from_pymatgen, to_ase, to_pymatgen

__all__ = ["from_ase", "from_pymatgen", "structure_of", "to_ase", "to_pymatgen"]


def structure_of(cell: Any) -> Structure:
    """The structure in a table's cell: its JSON text, its OPTIMADE fields, or an object of matloop, pymatgen or ASE.

    Raises StructureError.
    """
    if isinstance(cell, Structure):
        return cell
    if isinstance(cell, str | Mapping):
        return Structure.from_json(cell)
    if hasattr(cell, "get_scaled_positions"):
        return from_ase(cell)
    if hasattr(cell, "frac_coords"):
        return from_pymatgen(cell)
    raise StructureError(f"{type(cell).__name__} is no structure", "give its JSON text, or a pymatgen or ASE object")
