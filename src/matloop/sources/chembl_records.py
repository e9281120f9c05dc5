"""Records of ChEMBL as rows: molecules with properties, activities with one unit for each type."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from matloop.core.errors import UnitError
from matloop.core.units import convert
from matloop.datasets.column import Column
from matloop.datasets.dataset import SetAside
from matloop.datasets.provenance import LICENCE, ORIGIN
from matloop.datasets.provenance import column as provenance
from matloop.sources.units import as_unit

Made = tuple[list[dict[str, Any]], dict[str, Column], list[SetAside]]
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


def molecules(records: Iterable[Any], url: str) -> Made:
    """A row for each molecule that has a structure."""
    rows: list[dict[str, Any]] = []
    aside: list[SetAside] = []
    for number, record in enumerate(records, 1):
        told = record if isinstance(record, dict) else {}
        name = told.get("molecule_chembl_id")
        structures, properties = _object(told, "molecule_structures"), _object(told, "molecule_properties")
        if not name or not structures.get("canonical_smiles"):
            why = "it has no SMILES" if name else "it is no molecule of ChEMBL"
            aside.append(_left_out(f"chembl: {name or f'record {number}'}", why, record))
            continue
        rows.append(
            {
                "chembl_id": name,
                "name": told.get("pref_name"),
                "smiles": structures["canonical_smiles"],
                "inchikey": structures.get("standard_inchi_key"),
                **{its[0]: _number(properties.get(key)) for key, its in _PROPERTIES.items()},
                **_provenance(f"{url}/molecule/{name}.json"),
            }
        )
    columns = {its[0]: Column(its[0], role="target", unit=its[1], description=its[2]) for its in _PROPERTIES.values()}
    return rows, _identity("chembl_id", "name") | _smiles() | _identity("inchikey") | columns | _described(), aside


def activities(records: Iterable[Any], url: str) -> Made:
    """A row for each measured value; each type of activity is a column of its own, in the unit that most have.

    Values in a unit that cannot be converted into it are set aside, and so are bounds ('> 10 µM'), which are no values.
    """
    listed = [record if isinstance(record, dict) else {} for record in records]
    units = {kind: as_unit(unit)[0] for kind, unit in _most_common_units(listed).items()}
    rows: list[dict[str, Any]] = []
    aside: list[SetAside] = []
    for number, told in enumerate(listed, 1):
        name = told.get("activity_id")
        place = f"chembl: activity {name}" if name else f"chembl: record {number}"
        try:
            kind, value = _value(told, units)
        except _Unusable as error:
            aside.append(_left_out(place, str(error), told))
            continue
        rows.append(
            {
                "activity_id": str(name),
                "chembl_id": told.get("molecule_chembl_id"),
                "name": told.get("molecule_pref_name"),
                "smiles": told["canonical_smiles"],
                kind: value,
                "pchembl_value": _number(told.get("pchembl_value")),
                **{key: _text(told.get(key)) for key in _ABOUT_ACTIVITIES},
                **_provenance(f"{url}/activity/{name}.json"),
            }
        )
    measured = {kind: Column(kind, role="target", unit=unit) for kind, unit in units.items()}
    scaled = Column("pchembl_value", role="target", description="negative decimal logarithm of the value in mol/L")
    return (
        rows,
        _identity("activity_id", "chembl_id", "name")
        | _smiles()
        | measured
        | {"pchembl_value": scaled}
        | _identity(*_ABOUT_ACTIVITIES)
        | _described(),
        aside,
    )


class _Unusable(Exception):
    """Why an activity is no measured value of a molecule."""


def _value(told: Mapping[str, Any], units: Mapping[str, str | None]) -> tuple[str, float]:
    """The type of an activity and its value in the unit of that type."""
    kind, value = told.get("standard_type"), _number(told.get("standard_value"))
    if not told.get("canonical_smiles"):
        raise _Unusable("it has no SMILES")
    if not isinstance(kind, str) or value is None:
        raise _Unusable("it has no value")
    if (relation := told.get("standard_relation")) not in ("=", None):
        raise _Unusable(f"its {kind} is a bound or an estimate ('{relation}'), not a value")
    unit, _ = as_unit(told.get("standard_units"))
    wanted = units.get(kind)
    if unit == wanted:
        return kind, value
    if unit is None or wanted is None:
        raise _Unusable(f"its {kind} is in {told.get('standard_units') or 'no unit'}, that of most others in {wanted}")
    try:
        return kind, convert(value, unit, wanted)
    except UnitError as error:
        raise _Unusable(f"its {kind} is in {unit}, which cannot be converted into {wanted}") from error


def _most_common_units(listed: Iterable[Mapping[str, Any]]) -> dict[str, str | None]:
    counts: dict[str, Counter[str | None]] = {}
    for told in listed:
        kind, unit = told.get("standard_type"), told.get("standard_units")
        if isinstance(kind, str) and (unit is None or isinstance(unit, str)):
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


def _left_out(place: str, why: str, record: Any) -> SetAside:
    return SetAside(place, why, json.dumps(record)[:500])


def _provenance(origin: str) -> dict[str, str]:
    return {ORIGIN: origin, LICENCE: _LICENCE}


def _described() -> dict[str, Column]:
    return {name: provenance(name) for name in (ORIGIN, LICENCE)}


def _identity(*names: str) -> dict[str, Column]:
    return {name: Column(name, role="identity", kind="text") for name in names}


def _smiles() -> dict[str, Column]:
    return {"smiles": Column("smiles", role="material", kind="molecule")}
