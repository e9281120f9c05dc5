"""What one block of a CIF says, as pymatgen cuts it up: what is wrong with it, and its structure where that is plain.

Most computed structures are plain: no symmetry but the identity, every site wholly one element. Such a block needs none
of what pymatgen does to make equivalent sites and to tell which of them are the same, which takes ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from matloop.core.composition import COLUMN
from matloop.core.structure import Structure

_LENGTHS = tuple(f"_cell_length_{axis}" for axis in "abc")
_ANGLES = tuple(f"_cell_angle_{name}" for name in ("alpha", "beta", "gamma"))
_COORDINATES = tuple(f"_atom_site_fract_{axis}" for axis in "xyz")
_OPERATIONS = ("_symmetry_equiv_pos_as_xyz", "_space_group_symop_operation_xyz")
_NUMBERS = ("_symmetry_Int_Tables_number", "_space_group_IT_number")
_NAMES = ("_symmetry_space_group_name_H-M", "_space_group_name_H-M_alt", "_space_group_name_Hall")
#: What makes atoms that no row of the table of sites has, or takes some away.
_OTHERS = ("_atom_site_attached_hydrogens", "_atom_site_calc_flag", "_atom_site_disorder_group")
_UNCERTAINTY = re.compile(r"\(\d*\)\s*\Z")
_ELEMENT = re.compile(r"([A-Z][a-z]?)(?:\d*[+-]|[+-]\d*)?\Z")
_NOTHING = {"", "?", "."}
_USUAL = {*_NOTHING, "0", "d", "c", "calc"}


def problem(data: Mapping[str, Any]) -> str | None:
    """What no reader could make sense of: a length of the cell that is none, a coordinate that is not known."""
    for key in (*_LENGTHS, *_ANGLES):
        given = data.get(key)
        if isinstance(given, str) and not 0 < _number(given) < (180 if key in _ANGLES else np.inf):
            return f"its {key[1:].replace('_', ' ')} is '{given[:20]}'"
    for key in _COORDINATES:
        for i, cell in enumerate(its if isinstance(its := data.get(key), list) else []):
            if not np.isfinite(_number(cell)):
                return f"site {i + 1} has '{cell[:20]}' for its coordinate {key[-1]}"
    return None


def plain_structure(data: Mapping[str, Any]) -> Structure | None:
    """The structure of a plain block, sites in the file's order; None for any other block."""
    columns = [data.get(key) for key in ("_atom_site_type_symbol", *_COORDINATES)]
    if not _has_no_symmetry(data) or not all(isinstance(cells, list) and cells for cells in columns):
        return None
    if any(set(data.get(key, ())) - _USUAL for key in _OTHERS):
        return None
    occupancies = data.get("_atom_site_occupancy", [])
    if not isinstance(occupancies, list) or any(_number(cell) != 1 for cell in occupancies):
        return None
    symbols, *fractional = columns
    elements = [match.group(1) if (match := _ELEMENT.match(text)) else "" for text in symbols or []]
    lengths, angles = ([_number(str(data.get(key, ""))) for key in keys] for keys in (_LENGTHS, _ANGLES))
    if not all(element in COLUMN for element in elements) or not np.isfinite([*lengths, *angles]).all():
        return None
    from pymatgen.core import Lattice

    lattice = np.array(Lattice.from_parameters(*lengths, *angles).matrix, float)
    places = np.array([[_number(cell) for cell in cells or []] for cells in fractional]).T
    return Structure.of(lattice, elements, places @ lattice)


def _has_no_symmetry(data: Mapping[str, Any]) -> bool:
    if any("magn" in key or "moment" in key for key in data):
        return False
    given = [data[key] for key in _OPERATIONS if data.get(key)]
    if given:
        return all(_letters(cells) == "x,y,z" for cells in given)
    named = [_letters(data[key]) for key in (*_NUMBERS, *_NAMES) if data.get(key)]
    return not any(key.startswith(("_symmetry_equiv", "_space_group_symop")) for key in data) and all(
        name in ("p1", "1", *_NOTHING) for name in named
    )


def names_a_group(data: Mapping[str, Any]) -> str | None:
    """The space group that the block names, unless it is P1."""
    named = [str(data[key]) for key in (*_NAMES, *_NUMBERS) if data.get(key)]
    return next((name for name in named if _letters(name) not in ("p1", "1", *_NOTHING)), None)


def _letters(cells: Any) -> str:
    return re.sub(r"[\s'\"]", "", ";".join(cells) if isinstance(cells, list) else str(cells)).casefold()


def _number(text: str) -> float:
    try:
        return float(_UNCERTAINTY.sub("", text.strip()))
    except ValueError:
        return float("nan")
