"""Formulas, molecules, structures and spectra are tried on the way in, not when training has begun."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.core.composition import FormulaError, parse_formula
from matloop.core.curve import ordered
from matloop.core.progress import Progress, silent
from matloop.core.structure import Structure, StructureError
from matloop.datasets.column import Column

if TYPE_CHECKING:
    import pandas as pd

#: How many cells are looked at between two words about how far it is.
AT_ONCE = 1000


#: Gives a cell back, perhaps written in a better way; raises Refused.
Check = Callable[[str], str]


class Refused(Exception):
    """Why a cell cannot be used."""


def checked(
    frame: pd.DataFrame, columns: Mapping[str, Column], progress: Progress = silent
) -> tuple[pd.DataFrame, dict[int, str]]:
    """The frame with its structures wrapped into their cells, and the reason for each row that cannot be used."""
    problems: dict[int, str] = {}
    for name, column in columns.items():
        if column.role == "material":
            for i in np.flatnonzero(frame[name].isna()):
                problems.setdefault(int(i), f"{name}: nothing stands there, though it is the material")
        if column.role in ("material", "input") and column.kind in _CHECKS:
            cells = frame[name].tolist()
            fit = _each(cells, _CHECKS[column.kind](), name, problems, progress)
            if any(new is not old for new, old in zip(fit, cells, strict=True)):
                frame = frame.assign(**{name: _texts(fit, frame)})
    return frame, problems


def _each(
    cells: list[str | None], check: Check, name: str, problems: dict[int, str], progress: Progress
) -> list[str | None]:
    """The cells as the check gives them back; why it refuses one is put into `problems`. Each text is checked once."""
    known: dict[str, str | Refused] = {}
    fit = list(cells)
    for i, cell in enumerate(cells):
        if not i % AT_ONCE:
            progress(i, len(cells), f"checking {name}")
        if cell is None:
            continue
        if cell not in known:
            try:
                known[cell] = check(cell)
            except Refused as refused:
                known[cell] = refused
        its = known[cell]
        if isinstance(its, Refused):
            problems.setdefault(i, f"{name}: {its}")
        else:
            fit[i] = its
    return fit


def _texts(cells: list[Any], frame: pd.DataFrame) -> Any:
    import pandas as pd

    return pd.Series(cells, dtype=object, index=frame.index)


def _composition(cell: str) -> str:
    try:
        parse_formula(cell)
    except FormulaError as error:
        raise Refused(error.message) from error
    return cell


def _molecules() -> Check:
    """Without rdkit, SMILES are taken as they are: whoever computes with them needs it, and says so."""
    try:
        from rdkit import Chem, rdBase
    except ImportError:
        return lambda cell: cell

    def check(cell: str) -> str:
        with rdBase.BlockLogs():
            if Chem.MolFromSmiles(cell) is not None:
                return cell
            drawn = Chem.MolFromSmiles(cell, sanitize=False)
            problems = Chem.DetectChemistryProblems(drawn) if drawn is not None else []
        told = f"'{cell:.60}' is no molecule"
        raise Refused(f"{told}: {problems[0].Message()}" if problems else f"{told}: it is no SMILES")

    return check


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


def _spectrum(cell: str) -> str:
    try:
        given = json.loads(cell)
        ordered(*((given["x"], given["y"]) if isinstance(given, dict) else given))
    except KeyError as error:
        raise Refused(f"it is a curve without {error}") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused("it is no curve: no JSON" if isinstance(error, json.JSONDecodeError) else str(error)) from error
    return cell


_CHECKS: dict[str, Callable[[], Check]] = {
    "composition": lambda: _composition,
    "molecule": _molecules,
    "structure": lambda: _structure,
    "spectrum": lambda: _spectrum,
}
