"""Files of what is known already, beside the candidates: materials, and the energies of phases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from matloop.core.composition import canonical_formula
from matloop.core.errors import InputError, Mistake, UnitError, did_you_mean
from matloop.core.units import convert
from matloop.datasets.column import Column
from matloop.screening.keys import amounts_of
from matloop.screening.stage import Scene

if TYPE_CHECKING:
    from matloop.screening.phases import Phases

#: Energies of a formula unit, or of a mole of them, have a hull too, and a wrong one: they are refused.
_UNITS_PER_ATOM = ("eV/atom", "eV", "kJ/mol/atom")
_PER_ATOM = "divide energies by the numbers of atoms, and write their unit as eV/atom, or kJ/mol/atom"
#: What phases may be given as, whatever the candidates are.
_WITH_ELEMENTS = ("composition", "structure")
#: So many rows are held at a time.
ROWS = 50_000


def no_file(path: str, name: str, scene: Scene) -> list[Mistake]:
    """The mistake of naming a file that is not there."""
    if (scene.base / name).exists():
        return []
    near = [file.name for file in scene.base.glob("*") if file.is_file()]
    return [Mistake(path, f"there is no file '{name}'", did_you_mean(name, near))]


def material_in(columns: Mapping[str, Column], scene: Scene, file: str, hint: str) -> str:
    """The column of known materials: named as the candidates', or the only one of their kind. Raises InputError."""
    if scene.material in columns:
        return str(scene.material)
    fitting = [name for name, column in columns.items() if column.kind == scene.kind]
    if len(fitting) != 1:
        raise InputError(f"which column of {file} has the known materials?", hint)
    return fitting[0]


def read_phases(name: str, column: str, unit: str | None, scene: Scene) -> Phases:
    """The phases in a file, with their formation energies per atom from this column, in this unit.

    Rows without an energy are left out; one whose material cannot be read might be the most stable. Raises InputError.
    """
    from matloop.datasets.stream import Stream
    from matloop.screening.phases import Phases

    columns = Stream(scene.base / name).columns
    if column not in columns:
        numbers = [each.name for each in columns.values() if each.kind == "number"]
        hint = did_you_mean(column, numbers) or "name the column that has them: energies = …"
        raise InputError(f"{name} has no column '{column}' of energies", hint)
    if columns[column].kind != "number":
        raise InputError(f"the column '{column}' of {name} has no numbers")
    there = {each.kind for each in columns.values()}
    kind = next((kind for kind in (scene.kind, *_WITH_ELEMENTS) if kind in there), scene.kind)
    hint = f"call it '{scene.material}', as that of the candidates"
    material = material_in(columns, replace(scene, kind=kind), name, hint)
    kind = columns[material].kind if columns[material].kind in _WITH_ELEMENTS else "composition"
    theirs = columns[column].unit
    if wrong := next((each for each in (unit, theirs) if each and not _is_per_atom(each)), None):
        raise InputError(f"{wrong} is no unit of the energy per atom, of which a hull is made", _PER_ATOM)
    if unit and theirs and not _is_alike(unit, theirs):
        raise InputError(f"'{column}' of {name} is in {theirs}, the energy of the candidates in {unit}", _PER_ATOM)
    units = {column: unit} if unit and theirs else None
    formulas: list[str] = []
    energies: list[np.ndarray] = []
    for frame in Stream(scene.base / name, units).chunks(ROWS, [material, column]):
        frame = frame[np.isfinite(frame[column])]
        formulas += frame[material].tolist()
        energies.append(frame[column].to_numpy(float))
    amounts, failures = amounts_of(formulas, kind)
    if failures:
        first, hint = next(iter(failures.values())), "matloop import sets such records aside, and tells which they are"
        raise InputError(f"{len(failures)} of the phases in {name} cannot be read; the first: {first}", hint)
    if not formulas:
        raise InputError(f"{name} has no phase with an energy")
    names = formulas if kind == "composition" else [canonical_formula(amounts.written(i)) for i in range(len(amounts))]
    phases = Phases(amounts, np.concatenate(energies), names)
    if phases.looks_total:
        hint = "subtract the energies of the elements in proportion to their fractions"
        raise InputError(f"'{column}' of {name} has no formation energies: those of the elements are not 0", hint)
    return phases


def _is_per_atom(unit: str) -> bool:
    return any(_is_alike(unit, each) for each in _UNITS_PER_ATOM)


def _is_alike(unit: str, other: str) -> bool:
    try:
        convert(1.0, unit, other)
    except UnitError:
        return False
    return True
