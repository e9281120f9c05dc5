"""XYZ and extended XYZ files: one frame after another, with a cell or without, read with ASE."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from matloop.datasets.conversion import from_ase
from matloop.datasets.dataset import SetAside
from matloop.datasets.raw import Found
from matloop.files.table import lines_of

_COUNT = re.compile(r"\s*\d{1,9}\s*\Z")
_ENDING = re.compile(r"\.(?:ext)?xyz(?:\.gz)?$", re.IGNORECASE)
#: What a calculation gives for the whole frame.
_RESULTS = ("energy", "free_energy", "magmom")


def found(text: str, name: str) -> Iterator[Found | SetAside]:
    """Each frame; a damaged one is set aside, and reading goes on where the next one begins."""
    lines = lines_of(text)
    place, number = 0, 0
    while place < len(lines):
        if not lines[place].strip():
            place += 1
            continue
        end = _end(lines, place)
        number += 1
        where = f"{name}:{place + 1}"
        if end is None:
            yield SetAside(
                where,
                "no frame begins here: a line with the number of atoms is missing, or atoms are",
                lines[place][:200],
            )
            place = _next(lines, place + 1)
            continue
        yield _frame("\n".join(lines[place:end]) + "\n", where, f"{_ENDING.sub('', name)}:{number}")
        place = end


def _end(lines: list[str], place: int) -> int | None:
    """The line behind the frame that begins here; None where there is no whole one."""
    if not _COUNT.match(lines[place]):
        return None
    end = place + 2 + int(lines[place])
    if end > len(lines) or any(_COUNT.match(line) for line in lines[place + 2 : end]):
        return None
    return end


def _next(lines: list[str], place: int) -> int:
    while place < len(lines) and not _COUNT.match(lines[place]):
        place += 1
    return place


def _frame(text: str, where: str, identifier: str) -> Found | SetAside:
    from ase.io.extxyz import read_xyz

    try:
        atoms = next(read_xyz(io.StringIO(text), index=slice(0, 1)))
        structure = from_ase(atoms)
        fields = {"id": identifier, "structure": structure.to_json(), "formula": structure.formula}
        return Found(where, fields | _properties(atoms, text.split("\n", 2)[1].strip()))
    except KeyError as error:
        return SetAside(where, f"there is no element {error}", text[:200])
    except Exception as error:  # noqa: BLE001 - ASE raises whatever its parts raise
        told = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        return SetAside(where, f"ASE cannot read this frame: {told}", text[:200])


def _properties(atoms: Any, comment: str) -> dict[str, Any]:
    """What the comment line says of the whole frame; numbers of each atom are no columns.

    A comment without any `key=value` is a text, of whose words ASE would make columns.
    """
    if "=" not in comment:
        return {"comment": comment} if comment else {}
    results = atoms.calc.results if atoms.calc is not None else {}
    said = {**{key: results[key] for key in _RESULTS if key in results}, **atoms.info}
    made = {}
    for key, value in said.items():
        plain = value.item() if hasattr(value, "item") and getattr(value, "size", 1) == 1 else value
        if isinstance(plain, str | int | float | bool) and not (plain is True and f"{key}=" not in comment):
            made[str(key)] = plain
    return made
