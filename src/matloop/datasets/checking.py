"""Formulas, molecules and structures are tried on the way in, not when training has begun."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from matloop.core.composition import FormulaError, parse_formula
from matloop.core.errors import MissingExtra
from matloop.core.molecule import UnreadableMolecule, canonical
from matloop.core.progress import Progress, silent
from matloop.core.structure import Structure, StructureError
from matloop.datasets.column import Column

if TYPE_CHECKING:
    import pandas as pd

#: How many cells are looked at between two words about how far it is.
AT_ONCE = 1000


class Refused(Exception):
    """Why a cell cannot be used."""


def checked(
    frame: pd.DataFrame, columns: Mapping[str, Column], progress: Progress = silent
) -> tuple[pd.DataFrame, dict[int, str]]:
    """The frame with its structures wrapped into their cells, and the reason for each row that cannot be used."""
    problems: dict[int, str] = {}
    for name, column in columns.items():
        check = _CHECKS.get(column.kind)
        if column.role not in ("material", "input") or check is None:
            continue
        cells = frame[name].tolist()
        changed = False
        for i, cell in enumerate(cells):
            if not i % AT_ONCE:
                progress(i, len(cells), f"checking {name}")
            if cell is None:
                if column.role == "material":
                    problems.setdefault(i, f"it says nothing under '{name}', which is its material")
                continue
            try:
                fit = check(cell)
            except Refused as refused:
                problems.setdefault(i, f"{name}: {refused}")
                continue
            except MissingExtra:
                break  # without rdkit, SMILES are taken as they are; whoever computes with them needs it and says so
            if fit is not cell:
                cells[i], changed = fit, True
        if changed:
            frame = frame.assign(**{name: _texts(cells, frame)})
    return frame, problems


def _texts(cells: list[Any], frame: pd.DataFrame) -> Any:
    import pandas as pd

    return pd.Series(cells, dtype=object, index=frame.index)


def _composition(cell: str) -> str:
    try:
        parse_formula(cell)
    except FormulaError as error:
        raise Refused(error.message) from error
    return cell


def _molecule(cell: str) -> str:
    try:
        canonical(cell)
    except UnreadableMolecule as error:
        raise Refused(error.message) from error
    return cell


def _structure(cell: str) -> str:
    try:
        structure = Structure.from_json(cell)
        problem = structure.problem(needs_cell=False)
        wrapped = structure if problem else structure.wrapped()
    except StructureError as error:
        raise Refused(error.message) from error
    if problem:
        raise Refused(problem)
    return cell if wrapped is structure else wrapped.to_json()


_CHECKS: dict[str, Callable[[str], str]] = {
    "composition": _composition,
    "molecule": _molecule,
    "structure": _structure,
}
