"""JSON Lines, one object a line; and JSON files that are a list of objects, or one list for each column."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
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
    text = text_of(path, takes_nul=True)
    begin = text.lstrip()[:1]
    if begin == "[" or (path.suffix.lower() == ".json" and begin != "{"):
        return _of_items(_items(text), path.name)
    if path.suffix.lower() == ".json" and (items := _of_object(text, path.name)) is not None:
        return _of_items(((number, item, "") for number, item in enumerate(items, 1)), path.name)
    return _of_items(_lines(text), path.name)


#: Which of the file, the object, and where there is none the text that stands there.
Item = tuple[int, Any, str]


def _lines(text: str) -> Iterator[Item]:
    for number, line in enumerate(lines_of(text), 1):
        if line.strip():
            try:
                yield number, json.loads(line), ""
            except (ValueError, RecursionError) as error:
                yield number, error, line.strip()


def _items(text: str) -> Iterator[Item]:
    """The items of a list, one by one, so that a list that is cut off gives those before the cut."""
    decode, place, number = json.JSONDecoder().raw_decode, text.find("[") + 1, 1
    while rest := text[place : place + 1000].lstrip(" \t\r\n,"):
        place = text.index(rest[0], place)
        if rest[0] == "]":
            return
        try:
            item, place = decode(text, place)
        except (ValueError, RecursionError) as error:
            yield number, error, text[place : place + 500]
            return
        yield number, item, ""
        number += 1


def _of_object(text: str, file: str) -> list[Any] | None:
    """The records in an answer of OPTIMADE, or in one of pandas' forms; None where the file has several objects."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        if isinstance(error, json.JSONDecodeError) and error.msg == "Extra data":
            return None
        raise TableError(f"{file} is no JSON: {_reason(error)}") from error
    data, columns = found.get("data"), found.get("columns")
    if isinstance(data, list) and isinstance(columns, list):
        return [dict(zip(map(str, columns), row, strict=False)) if isinstance(row, list) else row for row in data]
    if isinstance(data, list):
        return data
    lists = [cells for cells in found.values() if isinstance(cells, list)]
    if lists and len(lists) == len(found) and len({len(cells) for cells in lists}) == 1:
        return [dict(zip(found, row, strict=True)) for row in zip(*lists, strict=True)]
    if _is_by_row(found):
        return [{name: cells.get(row) for name, cells in found.items()} for row in next(iter(found.values()))]
    raise TableError(f"{file} is no list of records", 'write it as [{"formula": "NaCl", "gap": 8.5}, …]')


def _is_by_row(found: dict[str, Any]) -> bool:
    """Whether it is what pandas writes unless told otherwise: for each column an object with a cell for each row."""
    columns = list(found.values())
    return bool(columns) and all(isinstance(its, dict) and its.keys() == columns[0].keys() for its in columns)


def _of_items(items: Iterable[Item], file: str) -> Raw:
    records, places, set_aside = [], [], []
    for number, item, said in items:
        try:
            if isinstance(item, Exception):
                raise item
            records.append(_record(item))
            places.append(f"{file}:{number}")
        except (ValueError, RecursionError) as error:
            set_aside.append(SetAside(f"{file}:{number}", _reason(error), (said or str(item))[:500]))
    if not records and not set_aside:
        raise TableError(f"{file} is empty")
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
    if isinstance(cell, dict) and len(cell) == 2 and isinstance(cell.get("value"), int | float):
        unit = cell.get("unit", cell.get("units"))
        if isinstance(unit, str):
            return f"{cell['value']!r} {unit}"
    return json.dumps(cell, separators=(",", ":")) if isinstance(cell, dict | list) else cell


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError):
        return "it has half a character in it"
    if isinstance(error, json.JSONDecodeError):
        return f"it is no JSON: {error.msg} at letter {error.pos + 1}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
