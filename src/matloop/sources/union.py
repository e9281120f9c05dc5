"""Several databases as one dataset: a material that more than one of them has is one record with all of its origins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from matloop.core.progress import Progress, silent
from matloop.core.structure import Structure
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.datasets.provenance import HASH, LICENCE, ORIGIN, column, record_hashes
from matloop.sources.matching import Same

#: The column that says which databases have the material.
PROVIDERS = "providers"


@dataclass
class _Material:
    """One material: the first structure that was seen of it, and a row of each database that has it."""

    structure: Structure | None
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)


def united(datasets: Sequence[Dataset], same: Same, progress: Progress = silent) -> Dataset:
    """One dataset of several, in their order; records of one database are never joined with each other.

    A joined record has the structure of the first database and the properties of all; of a property that two of them
    have under one name, the first one's. Its origins stand in `origin`, separated by blanks.
    """
    import pandas as pd

    by_formula: dict[str, list[_Material]] = {}
    total = sum(len(dataset) for dataset in datasets)
    done = 0
    for dataset in datasets:
        records: list[dict[str, Any]] = dataset.frame.to_dict("records")  # type: ignore[assignment]
        for row in records:
            _enter(by_formula.setdefault(row["formula"], []), row, dataset.name, same)
            done += 1
            progress(done, total, "looking for the same material in several databases")
    materials = [material for group in by_formula.values() for material in group]
    columns = {name: its for dataset in datasets for name, its in dataset.columns.items() if name != HASH}
    described = Column(PROVIDERS, role="provenance", kind="text", description="the databases that have the material")
    rows = [_joined(material) for material in materials]
    frame = pd.DataFrame(rows, columns=[*columns, PROVIDERS]).astype(_types(datasets))
    columns |= {PROVIDERS: described}
    frame, columns = frame.assign(**{HASH: record_hashes(frame, columns)}), columns | {HASH: column(HASH)}
    return Dataset(
        frame,
        columns.values(),
        name="+".join(dataset.name for dataset in datasets),
        origin=" ".join(dataset.origin for dataset in datasets),
        licence=_all(dataset.licence for dataset in datasets),
        citation=" ".join(dict.fromkeys(dataset.citation for dataset in datasets if dataset.citation)) or None,
        set_aside=[record for dataset in datasets for record in dataset.set_aside],
    )


def _enter(group: list[_Material], row: dict[str, Any], name: str, same: Same) -> None:
    """Add a row to the material that it is, or as a new one."""
    structure = Structure.from_json(row["structure"]) if row.get("structure") else None
    for material in group:
        if name in material.rows or structure is None or material.structure is None:
            continue
        if same(material.structure, structure):
            material.rows[name] = row
            return
    group.append(_Material(structure, {name: row}))


def _joined(material: _Material) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for row in reversed(material.rows.values()):
        joined |= {key: value for key, value in row.items() if value is not None and value == value}
    rows = material.rows.values()
    return joined | {
        "id": " ".join(f"{name}:{row['id']}" for name, row in material.rows.items()),
        ORIGIN: " ".join(row[ORIGIN] for row in rows),
        LICENCE: _all(row[LICENCE] for row in rows),
        PROVIDERS: " ".join(material.rows),
    }


def _all(licences: Any) -> str | None:
    """The licences that hold together, in the way of SPDX; one that is not known is said to be so."""
    names = list(dict.fromkeys(licences))
    if not any(names):
        return None
    return " AND ".join(name or "unknown" for name in names)


def _types(datasets: Sequence[Dataset]) -> dict[str, str]:
    return {
        column.name: "float64" for dataset in datasets for column in dataset.columns.values() if column.kind == "number"
    }
