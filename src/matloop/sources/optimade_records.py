"""Records of OPTIMADE as a dataset: structures, formulas, and a column for each property, with its unit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from matloop.core.composition import FormulaError, canonical_formula
from matloop.core.structure import Structure, StructureError
from matloop.datasets.column import Column, Kind
from matloop.datasets.dataset import SetAside
from matloop.datasets.guessing import is_label
from matloop.datasets.provenance import LICENCE, ORIGIN, column
from matloop.sources.links import without_login
from matloop.sources.optimade_service import FORMULA, STRUCTURE, Property, Service
from matloop.sources.providers import Provider
from matloop.sources.records import Table
from matloop.sources.units import as_unit

#: How providers say that a property is a number.
NUMBERS = ("float", "integer", "number")


class _Unusable(Exception):
    """Why a record cannot be used."""


def table(
    provider: Provider,
    service: Service,
    records: Callable[[], Iterable[Any]],
    query: Mapping[str, Any],
    set_aside: Sequence[SetAside] = (),
) -> Table:
    """The records of one provider. One that cannot be read is set aside with its reason; the same id twice is one."""
    wanted, has_structure = set(query.get("fields") or ()), bool(query.get("structures", True))

    def rows() -> Iterator[dict[str, Any] | SetAside]:
        yield from set_aside
        seen: set[str] = set()
        for number, record in enumerate(records(), start=1):
            try:
                row = _row(record, service, wanted, has_structure)
            except _Unusable as error:
                name = record.get("id") if isinstance(record, dict) else None
                place = f"{provider.name}: {name or f'record {number}'}"
                yield SetAside(place, str(error), json.dumps(record)[:500])
                continue
            if row["id"] not in seen:
                seen.add(row["id"])
                yield row

    columns = _columns(records(), service, wanted, has_structure)
    return Table(provider.name, without_login(service.url), columns, rows, service.licence, provider.citation)


def _columns(records: Iterable[Any], service: Service, wanted: set[str], has_structure: bool) -> dict[str, Column]:
    """The columns that the records fill, without a look at their structures."""
    kinds: dict[str, set[bool]] = {}  # whether texts, or numbers, or both were seen
    for record in records:
        attributes = record.get("attributes") if isinstance(record, dict) else None
        for key, value in attributes.items() if isinstance(attributes, dict) else ():
            if _is_property(key, value, wanted):
                kinds.setdefault(key, set()).add(isinstance(_cell(value), str))
    material = {"structure": Column("structure", role="material", kind="structure")} if has_structure else {}
    return {
        "id": Column("id", role="identity", kind="text", description="the provider's own"),
        "formula": Column("formula", role="identity" if has_structure else "material", kind="composition"),
        **material,
        **{key: _property(key, seen, service.properties.get(key)) for key, seen in kinds.items()},
        "last_modified": Column("last_modified", role="provenance", kind="text"),
        ORIGIN: column(ORIGIN),
        LICENCE: column(LICENCE),
    }


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
    row |= {key: _cell(value) for key, value in attributes.items() if _is_property(key, value, wanted)}
    if attributes.get("last_modified"):
        row["last_modified"] = str(attributes["last_modified"])
    origin = f"{without_login(service.url)}/structures/{quote(name, safe='')}"
    return row | {ORIGIN: origin, LICENCE: service.licence}


def _structure(attributes: Mapping[str, Any]) -> dict[str, str]:
    missing = [key for key in STRUCTURE[1:4] if not attributes.get(key)]
    if missing:
        raise _Unusable(f"the provider gives no structure for it: {', '.join(missing)} are missing")
    _require_all_atoms(attributes["species"])
    try:
        structure = Structure.from_json({key: attributes.get(key) for key in STRUCTURE})
        return {"formula": structure.formula, "structure": structure.to_json()}
    except (StructureError, FormulaError) as error:
        raise _Unusable(error.message) from error


def _require_all_atoms(species: Any) -> None:
    """Atoms that are attached to a site have no place of their own: without them formula and structure are wrong."""
    for kind in species if isinstance(species, list) else ():
        attached = kind.get("attached") if isinstance(kind, dict) else None
        if attached:
            atoms = " and ".join(map(str, attached)) if isinstance(attached, list) else str(attached)
            raise _Unusable(f"atoms without positions are attached to its sites: {atoms[:60]}")


def _formula(text: Any) -> str:
    try:
        return canonical_formula(str(text)) if text else _no_formula()
    except FormulaError as error:
        raise _Unusable(error.message) from error


def _no_formula() -> str:
    raise _Unusable("the provider gives no formula for it")


def _cell(value: Any) -> Any:
    """Numbers and texts as they are; yes and no as words, as every dataset has them; anything composed as JSON.

    A whole number too large for any column is a text.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and abs(value) >= 2**63:
        return str(value)
    return value if isinstance(value, int | float | str) else json.dumps(value, separators=(",", ":"))


def _is_property(key: str, value: Any, wanted: set[str]) -> bool:
    return value is not None and key not in STRUCTURE and (key.startswith("_") or key in wanted)


def _property(name: str, seen: set[bool], told: Property | None) -> Column:
    """A column: of numbers where they are promised and any was seen, so that one slip does not make texts of all."""
    is_text = True in seen and not (told is not None and told.type in NUMBERS and False in seen)
    role: Any = "identity" if is_text or is_label(name) else "target"
    unit, words = as_unit(told.unit if told else None)
    description = "; ".join(filter(None, [told.description if told else "", words]))
    kind: Kind = "text" if is_text else "number"
    return Column(name, role=role, kind=kind, unit=None if is_text else unit, description=description)
