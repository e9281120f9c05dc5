"""Several datasets as one: below each other, or side by side by a key that both have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from matloop.core.errors import InputError, UnitError, did_you_mean
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset, SetAside
from matloop.datasets.numeric import converted
from matloop.datasets.provenance import HASH, LICENCE, ORIGIN, PROPRIETARY, owned_by, record_hashes, with_owners

_OF_RECORDS = (ORIGIN, LICENCE, HASH, PROPRIETARY)


def concatenated(datasets: Sequence[Dataset]) -> Dataset:
    """The records of all, one dataset after the other; numbers in the unit of the first that has the column.

    Raises InputError where a column is a number here and text there, or its units cannot be converted.
    """
    import pandas as pd

    if len(datasets) == 1:
        return datasets[0]
    columns: dict[str, Column] = {}
    frames = []
    for dataset in datasets:
        frame = dataset.frame.copy()
        for name, column in dataset.columns.items():
            first = columns.setdefault(name, column)
            if first.kind != column.kind:
                raise InputError(
                    f"'{name}' is a {first.kind} in {datasets[0].origin} and a {column.kind} in {dataset.origin}",
                    f"--kind '{name}={first.kind}' reads both alike",
                )
            if column.kind == "number" and column.unit != first.unit:
                frame[name] = _in_unit(dataset, column, first.unit)
        frames.append(frame)
    whole = pd.concat(frames, ignore_index=True)
    whole = with_owners(whole, columns, [owner for dataset in datasets for owner in owned_by(dataset)])
    return Dataset(_with_missing(whole, columns), _one_material(columns).values(), **_facts(datasets))


def joined(datasets: Sequence[Dataset], key: str) -> Dataset:
    """The columns of all beside each other, for the records of the first; `key` says which belong together.

    Records of the others that belong to none are set aside. Raises InputError where the key is missing or comes twice.
    """
    left = datasets[0]
    for right in datasets[1:]:
        left = _joined(left, right, key)
    return left


def _joined(left: Dataset, right: Dataset, key: str) -> Dataset:
    import pandas as pd

    for dataset in (left, right):
        if key not in dataset.columns:
            near = did_you_mean(key[:80], dataset.columns)
            raise InputError(f"there is no column '{key[:60]}' in {dataset.origin}", near)
    twice = right.frame[key][right.frame[key].duplicated() & right.frame[key].notna()]
    if len(twice):
        raise InputError(
            f"'{twice.iloc[0]}' comes more than once under '{key}' in {right.origin}", "make it one record"
        )
    places = {_name(cell): i for i, cell in enumerate(right.frame[key].tolist()) if _name(cell)}
    index = np.array([places.get(_name(cell), -1) for cell in left.frame[key].tolist()])
    if (index < 0).all():
        raise InputError(f"no '{key}' of {left.origin} is one of {right.origin}", "look how both write it")
    frame, columns = left.frame.copy(), dict(left.columns)
    for name, column in right.columns.items():
        if name != key and name not in _OF_RECORDS:
            title = name if name not in columns else f"{name} ({right.name})"
            cells = right.frame[name].to_numpy()[index]
            is_number = column.kind == "number"
            beside = np.where(index < 0, np.nan if is_number else None, cells)
            frame[title] = pd.Series(beside, dtype=float if is_number else object, index=frame.index)
            columns[title] = column.model_copy(update={"name": title, "role": _role_beside(column, columns)})
    owners = owned_by(right)
    beside_it = [None if i < 0 else owners[i] for i in index.tolist()]
    frame = with_owners(frame, columns, [one or other for one, other in zip(owned_by(left), beside_it, strict=True)])
    frame = _with_missing(frame, columns)
    if HASH in frame:
        frame[HASH] = record_hashes(frame, columns)
    unused = np.setdiff1d(np.arange(len(right)), index)
    aside = [SetAside(_place(right, i), f"no '{key}' of {left.origin} is '{right.frame[key].iloc[i]}'") for i in unused]
    facts = _facts([left, right]) | {"set_aside": [*left.set_aside, *right.set_aside, *aside]}
    return Dataset(frame, columns.values(), **facts)


def _name(cell: Any) -> str:
    """What a key says: 7, 7.0 and '7' are the same; empty where nothing stands there."""
    if cell is None or cell != cell:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _role_beside(column: Column, columns: dict[str, Column]) -> Any:
    has_material = any(other.role == "material" for other in columns.values())
    return "identity" if column.role == "material" and has_material else column.role


def _place(dataset: Dataset, row: int) -> str:
    return str(dataset.frame[ORIGIN].iloc[row]) if ORIGIN in dataset.frame else f"{dataset.origin}:{row + 1}"


def _in_unit(dataset: Dataset, column: Column, unit: str | None) -> np.ndarray:
    cells = dataset.frame[column.name].to_numpy(float, na_value=np.nan)
    if not unit or not column.unit:
        known, unknown = (column.unit, "the first file") if not unit else (unit, dataset.origin)
        raise UnitError(
            f"'{column.name}' is in {known}, but in {unknown} it has no unit", f"--unit '{column.name}={known}'"
        )
    try:
        return converted(cells, column.unit, unit)
    except UnitError as error:
        raise UnitError(f"'{column.name}' of {dataset.origin}: {error.message}", error.hint) from error


def _with_missing(frame: Any, columns: dict[str, Column]) -> Any:
    """Text that a dataset does not have is None, as everywhere; pandas puts nan there."""
    texts = {
        name: frame[name].astype(object).where(frame[name].notna(), None)
        for name, column in columns.items()
        if column.kind != "number" and frame[name].isna().any()
    }
    return frame.assign(**texts) if texts else frame


def _one_material(columns: dict[str, Column]) -> dict[str, Column]:
    first = next((name for name, column in columns.items() if column.role == "material"), None)
    return {
        name: column.model_copy(update={"role": "identity"}) if column.role == "material" and name != first else column
        for name, column in columns.items()
    }


def _facts(datasets: Sequence[Dataset]) -> dict[str, Any]:
    def said(values: Sequence[str | None]) -> str | None:
        return "; ".join(dict.fromkeys(value for value in values if value)) or None

    return {
        "name": datasets[0].name,
        "origin": said([dataset.origin for dataset in datasets]) or "",
        "licence": said([dataset.licence for dataset in datasets]),
        "citation": said([dataset.citation for dataset in datasets]),
        "is_proprietary": any(dataset.is_proprietary for dataset in datasets),
        "set_aside": [record for dataset in datasets for record in dataset.set_aside],
    }
