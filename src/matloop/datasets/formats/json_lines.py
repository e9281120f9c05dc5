"""JSON Lines, one object a line; and JSON files that are a list of objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from matloop.core.errors import TableError
from matloop.core.progress import Progress, silent
from matloop.datasets.archive import text_of
from matloop.datasets.dataset import SetAside
from matloop.datasets.options import Options
from matloop.datasets.raw import Raw, of_records
from matloop.files.table import lines_of


def read(path: Path, _options: Options, _progress: Progress = silent) -> Raw:
    """The objects' fields as cells; what is nested becomes JSON text. Raises TableError for a file without objects."""
    text = text_of(path)
    if path.suffix.lower() == ".json":
        return _whole(text, path.name)
    records, places, set_aside = [], [], []
    for number, line in enumerate(lines_of(text), 1):
        if line.strip():
            place = f"{path.name}:{number}"
            try:
                records.append(_record(json.loads(line)))
                places.append(place)
            except (ValueError, RecursionError) as error:
                set_aside.append(SetAside(place, _reason(error), line.strip()[:500]))
    if not records and not set_aside:
        raise TableError(f"{path.name} is empty")
    return of_records(records, places, set_aside=set_aside)


def _whole(text: str, file: str) -> Raw:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TableError(f"{file} is no JSON: {_reason(error)}") from error
    if isinstance(found, dict) and isinstance(found.get("data"), list):
        found = found["data"]  # an answer of OPTIMADE, or pandas' 'table' form
    if not isinstance(found, list) or not found:
        raise TableError(f"{file} is no list of records", 'write it as [{"formula": "NaCl", "gap": 8.5}, …]')
    records, places, set_aside = [], [], []
    for number, item in enumerate(found, 1):
        try:
            records.append(_record(item))
            places.append(f"{file}:{number}")
        except ValueError as error:
            set_aside.append(SetAside(f"{file}:{number}", _reason(error), str(item)[:500]))
    return of_records(records, places, set_aside=set_aside)


def _record(item: Any) -> dict[str, Any]:
    """The fields of one object, those of an OPTIMADE entry unfolded. Raises ValueError."""
    if not isinstance(item, dict):
        raise ValueError('it is no object, such as {"formula": "NaCl", "gap": 8.5}')
    if isinstance(item.get("attributes"), dict) and "type" in item:
        item = _entry(item)
    made = {str(name).strip(): _cell(cell) for name, cell in item.items()}
    json.dumps(made, ensure_ascii=False).encode()  # half a character cannot be saved
    return made


_STRUCTURE = ("lattice_vectors", "cartesian_site_positions", "species", "species_at_sites", "dimension_types")


def _entry(item: dict[str, Any]) -> dict[str, Any]:
    fields = dict(item["attributes"])
    parts = {name: fields.pop(name, None) for name in _STRUCTURE}
    structure = {"structure": parts} if parts["species_at_sites"] and parts["cartesian_site_positions"] else {}
    return {"id": item.get("id"), **structure, **fields}


def _cell(cell: Any) -> Any:
    return json.dumps(cell, separators=(",", ":")) if isinstance(cell, dict | list) else cell


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError):
        return "it has half a character in it"
    if isinstance(error, json.JSONDecodeError):
        return f"it is no JSON: {error.msg} at letter {error.pos + 1}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
