"""Records of OPTIMADE as a dataset: structures, formulas, and a column for each property, with its unit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from matloop.core.composition import FormulaError, canonical_formula
from matloop.core.progress import Progress, silent
from matloop.core.structure import Structure, StructureError
from matloop.datasets.column import Column, Kind
from matloop.datasets.dataset import Dataset, SetAside
from matloop.datasets.guessing import is_label
from matloop.datasets.provenance import LICENCE, ORIGIN, column
from matloop.sources.optimade_service import FORMULA, STRUCTURE, Property, Service
from matloop.sources.providers import Provider
from matloop.sources.records import made_dataset
from matloop.sources.units import as_unit

#: Of these it is known what they are; they are no properties.
_OWN = {"id", "formula", "structure", "last_modified", ORIGIN, LICENCE}


class _Unusable(Exception):
    """Why a record cannot be used."""


def dataset(
    provider: Provider,
    service: Service,
    records: Iterable[Any],
    query: Mapping[str, Any],
    set_aside: Sequence[SetAside] = (),
    progress: Progress = silent,
) -> Dataset:
    """The records of one provider. One that cannot be read is set aside with its reason; the same id twice is one."""
    rows: dict[str, dict[str, Any]] = {}
    aside = list(set_aside)
    wanted = set(query.get("fields") or ())
    for number, record in enumerate(records, start=1):
        try:
            row = _row(record, service, wanted, query.get("structures", True))
        except _Unusable as error:
            name = record.get("id") if isinstance(record, dict) else None
            aside.append(
                SetAside(f"{provider.name}: {name or f'record {number}'}", str(error), json.dumps(record)[:500])
            )
        else:
            rows[row["id"]] = row
    listed = list(rows.values())
    names = list(dict.fromkeys(name for row in listed for name in row))
    columns = {
        name: _described(name, [row.get(name) for row in listed], service.properties.get(name)) for name in names
    }
    if "formula" in columns and "structure" not in columns:
        columns["formula"] = Column("formula", role="material", kind="composition")
    return made_dataset(
        listed, columns, aside, provider.name, service.url, service.licence, provider.citation, progress
    )


def _row(record: Any, service: Service, wanted: set[str], has_structure: bool) -> dict[str, Any]:
    attributes = record.get("attributes") if isinstance(record, dict) else None
    if not isinstance(attributes, dict) or not record.get("id"):
        raise _Unusable("it is no record of OPTIMADE: it has no id or no attributes")
    name = str(record["id"])
    row: dict[str, Any] = {"id": name}
    if has_structure:
        row |= _structure(attributes)
    else:
        row["formula"] = _formula(attributes.get(FORMULA))
    row |= {
        key: _cell(value)
        for key, value in attributes.items()
        if value is not None and key not in STRUCTURE and (key.startswith("_") or key in wanted)
    }
    if attributes.get("last_modified"):
        row["last_modified"] = str(attributes["last_modified"])
    return row | {ORIGIN: f"{service.url}/structures/{quote(name, safe='')}", LICENCE: service.licence}


def _structure(attributes: Mapping[str, Any]) -> dict[str, str]:
    missing = [key for key in STRUCTURE[1:4] if not attributes.get(key)]
    if missing:
        raise _Unusable(f"the provider gives no structure for it: {', '.join(missing)} are missing")
    try:
        structure = Structure.from_json({key: attributes.get(key) for key in STRUCTURE})
        return {"formula": structure.formula, "structure": structure.to_json()}
    except (StructureError, FormulaError) as error:
        raise _Unusable(error.message) from error


def _formula(text: Any) -> str:
    try:
        return canonical_formula(str(text)) if text else _no_formula()
    except FormulaError as error:
        raise _Unusable(error.message) from error


def _no_formula() -> str:
    raise _Unusable("the provider gives no formula for it")


def _cell(value: Any) -> Any:
    """Numbers and texts as they are; yes and no as words, as every dataset has them; anything composed as JSON."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, int | float | str) else json.dumps(value, separators=(",", ":"))


def _described(name: str, cells: Sequence[Any], told: Property | None) -> Column:
    if name == "id":
        return Column(name, role="identity", kind="text", description="the provider's own")
    if name == "structure":
        return Column(name, role="material", kind="structure")
    if name in (ORIGIN, LICENCE):
        return column(name)
    if name == "last_modified":
        return Column(name, role="provenance", kind="text")
    if name == "formula":
        return Column(name, role="identity", kind="composition")
    kind: Kind = "text" if any(isinstance(cell, str) for cell in cells) else "number"
    role: Any = "target" if kind == "number" and not is_label(name) else "identity"
    unit, words = as_unit(told.unit if told else None)
    description = "; ".join(filter(None, [told.description if told else "", words]))
    return Column(name, role=role, kind=kind, unit=unit if kind == "number" else None, description=description)
