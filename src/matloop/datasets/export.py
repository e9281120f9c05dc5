"""Datasets for other programs; what its owner's licence keeps is not passed on.

Records of a proprietary database (ICSD, CSD) may be learned from; their structures and values stay where they are. What
is computed from them, features and predictions, are no records and may leave.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from matloop.core.errors import InputError, MissingExtra, did_you_mean
from matloop.core.structure import Structure
from matloop.datasets.column import Column
from matloop.datasets.conversion import to_ase, to_pymatgen
from matloop.datasets.dataset import Dataset, DatasetError
from matloop.datasets.provenance import owned_by
from matloop.files.whole import write_whole


class ProprietaryError(DatasetError):
    """Records that may not be passed on."""


def export(dataset: Dataset, path: Path, format: str | None = None, only_open: bool = False) -> Dataset:
    """Write the records in a format: csv, parquet, jsonl; where there are structures, extxyz, or cif in a zip.

    Returns what was written. Raises ProprietaryError where a record may not be passed on, unless `only_open` leaves
    such records out; InputError for an unknown format.
    """
    suffix = path.suffix.lower().removeprefix(".")
    kind = format or _ENDINGS.get(suffix, suffix)
    if kind not in FORMATS:
        raise InputError(f"cannot export to '{kind[:20]}'", did_you_mean(kind, FORMATS))
    dataset = _passable(dataset, only_open)
    write_whole(path, FORMATS[kind](dataset))
    return dataset


def _passable(dataset: Dataset, only_open: bool) -> Dataset:
    owned = owned_by(dataset)
    n = sum(owner is not None for owner in owned)
    if not n:
        return dataset
    owners = ", ".join(sorted({owner.upper() for owner in owned if owner}))
    if n == len(dataset) or not only_open:
        which = "all its records are" if n == len(dataset) else f"{n} of its {len(dataset)} records are"
        hint = "features and predictions may leave: matloop describe, matloop predict"
        if n < len(dataset):
            hint = f"--only-open exports the other {len(dataset) - n}; {hint}"
        raise ProprietaryError(f"'{dataset.name}' is not exported: {which} proprietary ({owners})", hint)
    return dataset.select([owner is None for owner in owned]).with_facts(is_proprietary=False, set_aside=[])


# -- formats ----------------------------------------------------------------------------------------------------


def _csv(dataset: Dataset) -> bytes:
    frame = dataset.frame.rename(columns={name: column.titled for name, column in dataset.columns.items()})
    return str(frame.to_csv(index=False, lineterminator="\n")).encode()


def _jsonl(dataset: Dataset) -> bytes:
    names = list(dataset.columns)
    nested = {name for name, column in dataset.columns.items() if column.kind in ("structure", "spectrum")}
    lines = []
    for row in zip(*(dataset.frame[name].tolist() for name in names), strict=True):
        said = {name: _plain(cell, name in nested) for name, cell in zip(names, row, strict=True)}
        lines.append(json.dumps(said, ensure_ascii=False))
    return ("\n".join(lines) + "\n").encode()


def _plain(cell: Any, is_nested: bool) -> Any:
    if cell is None or cell != cell:
        return None
    if isinstance(cell, float) and not np.isfinite(cell):
        return None
    return json.loads(cell) if is_nested else cell.item() if hasattr(cell, "item") else cell


def _parquet(dataset: Dataset) -> bytes:
    from matloop.datasets.saving import as_bytes

    return as_bytes(dataset)


def _extxyz(dataset: Dataset) -> bytes:
    column = _structures(dataset)
    try:
        from ase.io.extxyz import write_xyz
    except ImportError as error:
        raise MissingExtra("ase", "structures") from error
    text = io.StringIO()
    others = [name for name in dataset.columns if name != column.name]
    for i, cell in enumerate(dataset.frame[column.name].tolist()):
        structure = Structure.from_json(cell)
        if not structure.is_ordered:
            raise DatasetError(
                f"record {i + 1} has sites that several elements share: XYZ cannot say so", "export to cif"
            )
        atoms = to_ase(structure)
        atoms.info = {name: value for name in others if (value := _info(dataset.frame[name].iloc[i])) is not None}
        write_xyz(text, [atoms])
    return text.getvalue().encode()


def _info(cell: Any) -> Any:
    """A cell that the comment line of an XYZ frame can hold."""
    if cell is None or cell != cell:
        return None
    return cell.replace("\n", " ") if isinstance(cell, str) else float(cell)


def _cif(dataset: Dataset) -> bytes:
    column = _structures(dataset)
    try:
        from pymatgen.io.cif import CifWriter
    except ImportError as error:
        raise MissingExtra("pymatgen", "structures") from error
    names = [c.name for c in dataset.role("identity") if c.kind == "text"]
    content, taken = io.BytesIO(), set()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, cell in enumerate(dataset.frame[column.name].tolist()):
            title = _file_name(dataset.frame[names[0]].iloc[i] if names else None, i)
            title = title if title not in taken else f"{title}_{i + 1}"
            taken.add(title)
            archive.writestr(f"{title}.cif", str(CifWriter(to_pymatgen(Structure.from_json(cell)))))
    return content.getvalue()


def _file_name(identifier: Any, i: int) -> str:
    kept = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in str(identifier or ""))[:80]
    return kept.strip(".") or f"structure_{i + 1}"


def _structures(dataset: Dataset) -> Column:
    found = [column for column in dataset.columns.values() if column.kind == "structure"]
    if not found:
        raise DatasetError("the dataset has no structures", "export to csv, jsonl or parquet")
    if dataset.frame[found[0].name].isna().any():
        raise DatasetError("not every record has a structure", "export to jsonl or parquet")
    return found[0]


#: Endings that are no names of formats.
_ENDINGS = {"zip": "cif", "xyz": "extxyz", "pq": "parquet"}
FORMATS: dict[str, Callable[[Dataset], bytes]] = {
    "csv": _csv,
    "parquet": _parquet,
    "jsonl": _jsonl,
    "extxyz": _extxyz,
    "cif": _cif,
}
