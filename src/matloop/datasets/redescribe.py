"""A saved dataset looked at anew: other targets, roles, kinds and units, as options say."""

from __future__ import annotations

from typing import Any

from matloop.core.errors import InputError, UnitError
from matloop.datasets.dataset import Dataset
from matloop.datasets.numeric import converted
from matloop.datasets.options import Options
from matloop.datasets.provenance import PROPRIETARY, column


def redescribed(dataset: Dataset, options: Options) -> Dataset:
    """The dataset with what the options say of it. Raises InputError where they do not fit."""
    if options.drop:
        dataset = dataset.without(*options.drop)
    dataset = _with_units(dataset, options)
    changes: dict[str, dict[str, Any]] = {name: {"role": "target"} for name in options.targets}
    for name, role in options.roles.items():
        changes.setdefault(name, {})["role"] = role
    for name, kind in options.kinds.items():
        changes.setdefault(name, {})["kind"] = kind
    if any(change.get("role") == "material" for change in changes.values()):
        for material in dataset.role("material"):
            changes.setdefault(material.name, {"role": "identity"})
    dataset = dataset.described(*(dataset.columns[name].model_copy(update=to) for name, to in changes.items()))
    if options.proprietary:
        owned = dataset.with_column(column(PROPRIETARY), [options.proprietary] * len(dataset))
        dataset = owned.with_facts(is_proprietary=True)
    facts = {"name": options.name, "licence": options.licence, "citation": options.citation}
    facts = {key: value for key, value in facts.items() if value is not None}
    return dataset.with_facts(**facts) if facts else dataset


def _with_units(dataset: Dataset, options: Options) -> Dataset:
    for name, unit in options.units.items():
        its = dataset.columns[name]
        if its.kind != "number":
            raise InputError(f"'{name}' is no number, and has no unit")
        try:
            cells = converted(dataset.frame[name].to_numpy(float, na_value=float("nan")), its.unit, unit)
        except UnitError as error:
            raise UnitError(f"column '{name}': {error.message}", error.hint) from error
        dataset = dataset.with_column(its.model_copy(update={"unit": unit}), cells)
    return dataset
