"""SDF files: each record is a molecule, its graph as SMILES, and its data fields; read with RDKit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matloop.core.errors import MissingExtra, TableError
from matloop.core.progress import Progress, silent
from matloop.datasets.archive import text_of
from matloop.datasets.column import Column
from matloop.datasets.dataset import SetAside
from matloop.datasets.options import Options
from matloop.datasets.raw import Found, Raw, of_found
from matloop.files.table import lines_of

_COLUMNS = {
    "id": Column("id", role="identity", kind="text"),
    "smiles": Column("smiles", role="material", kind="molecule"),
}
_AT_ONCE = 1000
#: The fourth line of a molecule, which says how many atoms and bonds there are.
_COUNTS = re.compile(r"[ \d]{6}.*V[23]000\s*\Z")


def read(path: Path, _options: Options, progress: Progress = silent) -> Raw:
    """A record for each molecule. Raises TableError for a file without any, MissingExtra without rdkit."""
    try:
        import rdkit  # noqa: F401
    except ImportError as error:
        raise MissingExtra("rdkit", "molecules") from error
    found: list[Found | SetAside] = []
    for line, text in _records(text_of(path)):
        if not len(found) % _AT_ONCE:
            progress(len(found), None, "reading molecules")
        found.append(_molecule(text, f"{path.name}:{line}", path.stem))
    if not found:
        raise TableError(f"{path.name} is empty")
    return of_found(found, _COLUMNS)


def _records(text: str) -> Iterator[tuple[int, str]]:
    """The line on which each record begins, and its text.

    A record whose end ($$$$) is missing ends where the next one begins: three lines above its line of counts.
    """
    start, lines, has_counts = 1, list[str](), False
    for number, line in enumerate(lines_of(text), 1):
        if line.startswith("$$$$"):
            yield start, _whole(lines)
            start, lines, has_counts = number + 1, [], False
            continue
        if _COUNTS.match(line):
            if has_counts:
                yield start, _whole(lines[:-3])
                start, lines = number - 3, lines[-3:]
            has_counts = True
        lines.append(line)
    if any(line.strip() for line in lines):
        yield start, _whole(lines)


def _whole(lines: list[str]) -> str:
    return "\n".join(lines) + "\n$$$$\n"


def _molecule(text: str, place: str, stem: str) -> Found | SetAside:
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        supplier = Chem.SDMolSupplier()
        try:
            supplier.SetData(text, sanitize=False)
            molecule: Any = supplier[0] if len(supplier) else None
            problem = _problem(molecule)
            smiles = "" if problem else Chem.MolToSmiles(molecule)
        except Exception as error:  # noqa: BLE001 - RDKit raises whatever its parts raise
            problem = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    if problem:
        return SetAside(place, problem, text[:200])
    name = molecule.GetProp("_Name").strip() or f"{stem}:{place.rsplit(':', 1)[-1]}"
    fields = {key: molecule.GetProp(key).strip() for key in molecule.GetPropNames()}
    return Found(place, {"id": name, "smiles": smiles, **{key: v for key, v in fields.items() if key not in _COLUMNS}})


def _problem(molecule: Any) -> str | None:
    """Why RDKit cannot use the molecule; makes it ready where it can."""
    from rdkit import Chem

    if molecule is None:
        return "it is no molecule that RDKit can read"
    if not molecule.GetNumAtoms():
        return "it has no atoms"
    if problems := Chem.DetectChemistryProblems(molecule):
        return str(problems[0].Message())
    Chem.SanitizeMol(molecule)
    return None
