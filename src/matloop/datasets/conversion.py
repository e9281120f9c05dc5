"""Structures as other packages have them: to and from pymatgen and ASE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from matloop.core.errors import MissingExtra
from matloop.core.structure import Structure, StructureError


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


def to_pymatgen(structure: Structure) -> Any:
    """The structure as pymatgen's `Structure`. Raises MissingExtra, and StructureError where there is no cell."""
    if structure.lattice is None:
        raise StructureError("it has no cell")
    try:
        from pymatgen.core import Lattice
        from pymatgen.core import Structure as Pymatgen
    except ImportError as error:
        raise MissingExtra("pymatgen", "structures") from error
    species = [dict(site) for site in structure.occupancy]
    lattice = Lattice(structure.lattice, pbc=structure.periodic)
    return Pymatgen(lattice, species, structure.fractional, to_unit_cell=False)


def from_pymatgen(structure: Any) -> Structure:
    """The structure of a pymatgen `Structure`; oxidation states are left aside. Raises StructureError."""
    occupancy = []
    for site in structure:
        shares: dict[str, float] = {}
        for species, share in site.species.items():
            symbol = getattr(getattr(species, "element", species), "symbol", None)
            if symbol is None:
                raise StructureError(f"'{species}' is no element")
            shares[symbol] = shares.get(symbol, 0.0) + float(share)
        occupancy.append(shares)
    lattice = np.array(structure.lattice.matrix, float)
    along = [bool(way) for way in structure.lattice.pbc]
    positions = np.array(structure.cart_coords, float).reshape(-1, 3)
    return Structure(lattice, positions, tuple(occupancy), (along[0], along[1], along[2]))


def to_ase(structure: Structure) -> Any:
    """The structure as `ase.Atoms`; of a disordered site its main element. Raises MissingExtra."""
    try:
        from ase import Atoms
    except ImportError as error:
        raise MissingExtra("ase", "structures") from error
    return Atoms(structure.symbols, structure.positions, cell=structure.lattice, pbc=structure.periodic)


def from_ase(atoms: Any) -> Structure:
    """The structure of `ase.Atoms`; without a cell where its cell is empty."""
    cell = np.array(atoms.cell[:], float)
    lattice = cell if np.abs(cell).any() else None
    periodic = atoms.pbc.tolist() if lattice is not None else None
    return Structure.of(lattice, atoms.get_chemical_symbols(), atoms.positions, periodic)
