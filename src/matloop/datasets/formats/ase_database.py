"""Databases of ASE, SQLite or JSON: each row a structure, its key-value pairs as columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matloop.core.errors import MissingExtra, TableError
from matloop.core.progress import Progress, silent
from matloop.datasets.conversion import from_ase
from matloop.datasets.dataset import SetAside
from matloop.datasets.formats.structures import COLUMNS
from matloop.datasets.options import Options
from matloop.datasets.raw import Found, Raw, of_found

_CALCULATED = ("energy", "free_energy", "magmom")
_AT_ONCE = 200


def read(path: Path, _options: Options, progress: Progress = silent) -> Raw:
    """A record for each row. Raises TableError for a file that is no such database, MissingExtra without ase."""
    try:
        from ase.db import connect
    except ImportError as error:
        raise MissingExtra("ase", "structures") from error
    kind = "json" if path.suffix.lower() == ".json" else "db"
    try:
        database = connect(str(path), type=kind, use_lock_file=False, append=True)
        total = database.count()
        found = list(_found(database, path.name, total, progress))
    except Exception as error:  # ASE and SQLite raise whatever their parts raise
        told = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise TableError(f"{path.name} is no ASE database, or is damaged: {told}") from error
    if not found:
        raise TableError(f"{path.name} has no rows")
    return of_found(found, COLUMNS)


def _found(database: Any, name: str, total: int, progress: Progress) -> Iterator[Found | SetAside]:
    for i, row in enumerate(_rows(database)):
        if not i % _AT_ONCE:
            progress(i, total, "reading structures")
        place = f"{name}:{row.id if hasattr(row, 'id') else row}"
        try:
            row = database.get(id=row) if isinstance(row, int) else row
            structure = from_ase(row.toatoms())
            fields = {"id": str(row.id), "structure": structure.to_json(), "formula": structure.formula}
            calculated = {key: row.get(key) for key in _CALCULATED if row.get(key) is not None}
            yield Found(place, fields | calculated | dict(row.key_value_pairs))
        except Exception as error:  # noqa: BLE001 - one damaged row must not cost the others
            told = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            yield SetAside(place, f"ASE cannot read this row: {told}")


def _rows(database: Any) -> Iterator[Any]:
    """The rows; from the first one on that is damaged their ids, each to be asked for by itself."""
    last = 0
    try:
        for row in database.select(sort="id"):
            yield row
            last = row.id
    except Exception:  # ASE raises whatever its parts raise
        if not hasattr(database, "_connect"):
            raise
        ids = database._connect().execute("SELECT id FROM systems WHERE id > ? ORDER BY id", (last,))
        yield from [number for (number,) in ids.fetchall()]
