"""CoRE MOF: a CIF file for each framework, and a table with pore geometry and more, joined by the name of the file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matloop.core.errors import InputError
from matloop.core.progress import Progress, silent
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset, SetAside
from matloop.datasets.guessing import is_label
from matloop.datasets.provenance import HASH, record_hashes
from matloop.datasets.provenance import column as provenance
from matloop.datasets.reading import read_any
from matloop.files.table import read_table
from matloop.sources.units import as_unit

if TYPE_CHECKING:
    import pandas as pd

#: Diameters of pores, by the names that all releases use.
_DIAMETERS = {
    "lcd": "largest cavity diameter",
    "pld": "pore limiting diameter",
    "lfpd": "largest free pore diameter",
}
#: ASA_m2_g, AV_cm3_g: the unit is in the name; 'cm3_g' alone has nothing before it and says nothing.
_SUFFIX = re.compile(r"^.+_(?P<unit>m2_cm3|m2_g|cm3_g|cm3_cm3)$", re.IGNORECASE)
_BRACKETED = re.compile(r"^(?P<name>.+?)\s*\((?P<unit>[^()]+)\)$")


def read_core_mof(paths: Sequence[Path], licence: str | None, citation: str, progress: Progress = silent) -> Dataset:
    """The dataset of a folder with CIF and CSV files, or of a folder (or zip) of CIF files and a CSV file.

    A row without structure is set aside. Raises InputError where there is no table, or its names are not those of the
    files.
    """
    folder, table = _found(paths)
    structures = read_any(folder, progress, name="core-mof", licence=licence, citation=citation)
    cells = read_table(table)
    key, by_name = _key(cells, [_stem(name) for name in structures.frame["id"]])
    if key is None:
        raise InputError(
            f"no column of {table.name} has the names of the CIF files in {folder.name}",
            f"its columns: {', '.join(list(cells)[:12])}",
        )
    frame, columns = structures.frame, dict(structures.columns)
    rows = [by_name.get(_stem(name)) for name in frame["id"]]
    for header, values in cells.items():
        described, made = _column(header, values, columns)
        if header != key:
            frame = frame.assign(**{described.name: _taken(made, rows, described)})
            columns[described.name] = described
    columns.pop(HASH)
    frame = frame.drop(columns=[HASH]).assign(**{HASH: record_hashes(frame.drop(columns=[HASH]), columns)})
    columns |= {HASH: provenance(HASH)}
    used = {row for row in rows if row is not None}
    lost = [
        SetAside(f"{table.name}: {name}", "there is no CIF file for it") for name, i in by_name.items() if i not in used
    ]
    aside = [*structures.set_aside, *lost]
    ordered = [columns[name] for name in frame.columns]
    return Dataset(frame, ordered, "core-mof", str(folder.name), licence, citation, set_aside=aside)


def _found(paths: Sequence[Path]) -> tuple[Path, Path]:
    """Where the structures are, and the one table."""
    folders = [path for path in paths if path.is_dir() or path.suffix.lower() == ".zip"]
    if len(folders) != 1:
        raise InputError(
            "CoRE MOF is one folder (or zip) of CIF files", "matloop fetch bulk core-mof FOLDER [TABLE.csv]"
        )
    tables = [path for path in paths if path not in folders]
    if not tables and folders[0].is_dir():
        tables = sorted(folders[0].glob("*.csv"))
    if len(tables) != 1:
        names = ", ".join(table.name for table in tables[:5]) or "none"
        raise InputError(f"one table belongs to the structures; here are {names}", "name it behind the folder")
    return folders[0], tables[0]


def _stem(name: str) -> str:
    return re.sub(r"\.cif(\.gz)?$", "", str(name).strip(), flags=re.IGNORECASE).casefold()


def _key(cells: Mapping[str, Any], stems: Sequence[str]) -> tuple[str | None, dict[str, int]]:
    """The column that names the most files, and the place of each of its names."""
    wanted = set(stems)
    best: str | None = None
    found: dict[str, int] = {}
    for header, values in cells.items():
        if values.dtype.kind != "O":
            continue
        names = {_stem(name): i for i, name in enumerate(values)}
        if len(wanted & set(names)) > len(wanted & set(found)):
            best, found = header, names
    return best, found


def _column(header: str, values: Any, taken: Mapping[str, Column]) -> tuple[Column, Any]:
    """What a column of the table is, with its unit, and its cells."""
    name, unit = _name_and_unit(header)
    name = f"{name} (table)" if name in taken else name
    words = _DIAMETERS.get(name.casefold(), "")
    if values.dtype.kind == "O":
        return Column(name, role="identity", kind="text"), values
    role: Any = "identity" if is_label(name) else "input"
    return Column(name, role=role, unit=unit, description=words), values.astype(float)


def _name_and_unit(header: str) -> tuple[str, str | None]:
    if header.casefold() in _DIAMETERS:
        return header, "Å"
    if match := _SUFFIX.match(header):
        over, under = match["unit"].split("_")
        return header, as_unit(f"{over}/{under}")[0]
    if match := _BRACKETED.match(header):
        unit, unread = as_unit(match["unit"])
        if unit or not unread:
            return match["name"], unit
    return header, None


def _taken(values: Any, rows: Sequence[int | None], its: Column) -> pd.Series[Any]:
    """The cells of these rows; nothing where there is no row."""
    import pandas as pd

    if its.kind == "number":
        return pd.Series([float("nan") if row is None else values[row] for row in rows], dtype=float)
    return pd.Series([None if row is None else (values[row] or None) for row in rows], dtype=object)
