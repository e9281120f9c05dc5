"""Records of ChEMBL as rows: molecules with properties, activities with one unit for each type."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import isfinite
from typing import Any

from matloop.core.errors import UnitError
from matloop.core.units import convert
from matloop.datasets.column import Column
from matloop.datasets.dataset import SetAside
from matloop.datasets.provenance import HASH, LICENCE, ORIGIN
from matloop.datasets.provenance import column as provenance
from matloop.sources.units import as_unit

#: Gives the records anew each time, so that they need not be held.
Records = Callable[[], Iterable[Any]]
Made = tuple[Callable[[], Iterator[dict[str, Any] | SetAside]], dict[str, Column]]
_LICENCE = "CC-BY-SA-3.0"
_PROPERTIES = {
    "full_mwt": ("molecular_weight", "g/mol", ""),
    "mw_freebase": ("molecular_weight_freebase", "g/mol", "of the parent without its salt"),
    "alogp": ("alogp", None, "computed partition coefficient"),
    "cx_logp": ("cx_logp", None, "partition coefficient by ChemAxon"),
    "cx_logd": ("cx_logd", None, "distribution coefficient at pH 7.4 by ChemAxon"),
    "cx_most_apka": ("most_acidic_pka", None, "by ChemAxon"),
    "cx_most_bpka": ("most_basic_pka", None, "by ChemAxon"),
    "psa": ("polar_surface_area", "Å^2", ""),
    "hba": ("h_bond_acceptors", None, ""),
    "hbd": ("h_bond_donors", None, ""),
    "rtb": ("rotatable_bonds", None, ""),
    "aromatic_rings": ("aromatic_rings", None, ""),
    "heavy_atoms": ("heavy_atoms", None, ""),
    "num_ro5_violations": ("rule_of_five_violations", None, ""),
    "qed_weighted": ("qed", None, "weighted quantitative estimate of drug-likeness"),
    "np_likeness_score": ("natural_product_likeness", None, ""),
}
_ABOUT_ACTIVITIES = (
    "target_chembl_id",
    "target_pref_name",
    "target_organism",
    "assay_chembl_id",
    "assay_type",
    "document_chembl_id",
    "document_year",
    "data_validity_comment",
)
_OTHER_COLUMNS = {
    *("activity_id", "chembl_id", "name", "smiles", "pchembl_value", *_ABOUT_ACTIVITIES),
    *(ORIGIN, LICENCE, HASH),
}


def molecules(records: Records, url: str) -> Made:
    """A row for each molecule that has a structure."""

    def row(told: Mapping[str, Any]) -> dict[str, Any]:
        name = told.get("molecule_chembl_id")
        structures, properties = _object(told, "molecule_structures"), _object(told, "molecule_properties")
        if not name:
            raise _Unusable("it is no molecule of ChEMBL")
        if not structures.get("canonical_smiles"):
            raise _Unusable("it has no SMILES")
        return {
            "chembl_id": str(name),
            "name": told.get("pref_name"),
            "smiles": structures["canonical_smiles"],
            "inchikey": structures.get("standard_inchi_key"),
            **{its[0]: _number(properties.get(key)) for key, its in _PROPERTIES.items()},
            **_provenance(f"{url}/molecule/{name}.json"),
        }

    columns = {its[0]: Column(its[0], role="target", unit=its[1], description=its[2]) for its in _PROPERTIES.values()}
    described = _identity("chembl_id", "name") | _smiles() | _identity("inchikey") | columns | _described()
    return lambda: _rows(records(), "molecule_chembl_id", "", row), described


def activities(records: Records, url: str) -> Made:
    """A row for each measured value; each type of activity is a column of its own, in the unit that most have.

    Values in a unit that cannot be converted into it are set aside, and so are bounds ('> 10 µM'), which are no values.
    """
    written = _most_common_units(records())

    def row(told: Mapping[str, Any]) -> dict[str, Any]:
        kind, value = _value(told, written)
        name = told.get("activity_id")
        return {
            "activity_id": None if name is None else str(name),
            "chembl_id": told.get("molecule_chembl_id"),
            "name": told.get("molecule_pref_name"),
            "smiles": told["canonical_smiles"],
            _column_of(kind): value,
            "pchembl_value": _number(told.get("pchembl_value")),
            **{key: _text(told.get(key)) for key in _ABOUT_ACTIVITIES},
            **_provenance(f"{url}/activity/{name}.json"),
        }

    measured = {}
    for kind, text in written.items():
        unit, words = as_unit(text)
        measured[_column_of(kind)] = Column(_column_of(kind), role="target", unit=unit, description=words)
    scaled = Column("pchembl_value", role="target", description="negative decimal logarithm of the value in mol/L")
    described = (
        _identity("activity_id", "chembl_id", "name")
        | _smiles()
        | measured
        | {"pchembl_value": scaled}
        | _identity(*_ABOUT_ACTIVITIES)
        | _described()
    )
    return lambda: _rows(records(), "activity_id", "activity ", row), described


def _rows(
    records: Iterable[Any], key: str, kind: str, row: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> Iterator[dict[str, Any] | SetAside]:
    """A row for each record that can be used, or why it cannot; the same one twice, as pages shift, is one."""
    seen: set[Any] = set()
    for number, record in enumerate(records, 1):
        told = record if isinstance(record, dict) else {}
        name = _text(told.get(key))
        if name and name in seen:
            continue
        seen.add(name)
        try:
            yield row(told)
        except _Unusable as error:
            place = f"chembl: {kind}{name}" if name else f"chembl: record {number}"
            yield SetAside(place, str(error), json.dumps(record)[:500])


def _column_of(kind: str) -> str:
    """The column of a type of activity, which is none of those that every activity has."""
    return f"{kind} (activity)" if kind in _OTHER_COLUMNS else kind


class _Unusable(Exception):
    """Why an activity is no measured value of a molecule."""


def _value(told: Mapping[str, Any], units: Mapping[str, str | None]) -> tuple[str, float]:
    """The type of an activity and its value in the unit of that type."""
    kind, value = told.get("standard_type"), _number(told.get("standard_value"))
    if not told.get("canonical_smiles"):
        raise _Unusable("it has no SMILES")
    if not isinstance(kind, str) or not kind.strip() or value is None or not isfinite(value):
        raise _Unusable("it has no value")
    if (relation := told.get("standard_relation")) not in ("=", None):
        raise _Unusable(f"its {kind} is a bound or an estimate ('{relation}'), not a value")
    text, usual = told.get("standard_units"), units.get(kind)
    if text == usual:
        return kind, value
    unit, wanted = as_unit(text)[0], as_unit(usual)[0]
    try:
        if unit is None or wanted is None:
            raise UnitError("one of them is none")
        return kind, convert(value, unit, wanted)
    except UnitError as error:
        its, theirs = text or "no unit", usual or "none"
        raise _Unusable(f"its {kind} is in {its}, which cannot be converted into {theirs} as most have it") from error


def _most_common_units(records: Iterable[Any]) -> dict[str, str | None]:
    """The unit that most records of each type of activity have, as ChEMBL writes it."""
    counts: dict[str, Counter[str | None]] = {}
    for told in records:
        kind, unit = (told.get("standard_type"), told.get("standard_units")) if isinstance(told, dict) else (None, None)
        if isinstance(kind, str) and kind.strip() and (unit is None or isinstance(unit, str)):
            counts.setdefault(kind, Counter())[unit] += 1
    return {kind: counted.most_common(1)[0][0] for kind, counted in counts.items()}


def _object(told: Mapping[str, Any], key: str) -> dict[str, Any]:
    inner = told.get(key)
    return inner if isinstance(inner, dict) else {}


def _number(value: Any) -> float | None:
    """ChEMBL writes numbers as texts."""
    try:
        return float(value) if value is not None and not isinstance(value, bool) else None
    except (ValueError, TypeError):
        return None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _provenance(origin: str) -> dict[str, str]:
    return {ORIGIN: origin, LICENCE: _LICENCE}


def _described() -> dict[str, Column]:
    return {name: provenance(name) for name in (ORIGIN, LICENCE)}


def _identity(*names: str) -> dict[str, Column]:
    return {name: Column(name, role="identity", kind="text") for name in names}


def _smiles() -> dict[str, Column]:
    return {"smiles": Column("smiles", role="material", kind="molecule")}
