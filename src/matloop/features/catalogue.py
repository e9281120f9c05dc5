"""All featurizers that are installed, with what there is to say of each."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from matloop.core.errors import MatloopError
from matloop.core.registry import load, names
from matloop.features.base import Featurizer


@dataclass(frozen=True)
class Entry:
    """One featurizer: `n_columns` is None where it learns them from data, or where `missing` packages know them."""

    name: str
    kind: str
    what: str
    parameters: dict[str, Any]
    n_columns: int | None
    extra: str | None
    missing: tuple[str, ...]
    citations: tuple[str, ...]


def catalogue() -> list[Entry]:
    """Every featurizer, by kind and name."""
    entries = [_entry(load("features", name)()) for name in names("features")]
    return sorted(entries, key=lambda entry: (entry.kind, entry.name))


def _entry(featurizer: Featurizer) -> Entry:
    missing = missing_packages(featurizer.extra)
    n_columns: int | None = None
    citations: tuple[str, ...] = ()
    if not missing:
        try:
            citations = tuple(featurizer.citations)
            n_columns = len(featurizer.names) if featurizer.__sklearn_is_fitted__() else None
        except MatloopError:
            n_columns = None
    what = (inspect.getdoc(type(featurizer)) or "").split("\n\n")[0].replace("\n", " ")
    parameters = {name: value for name, value in featurizer.get_params().items() if name != "on_failure"}
    return Entry(featurizer.name, featurizer.kind, what, parameters, n_columns, featurizer.extra, missing, citations)


def missing_packages(extra: str | None) -> tuple[str, ...]:
    """The packages of an extra of matloop that are not installed."""
    return tuple(name for name, found in packages(extra).items() if found is None)


@lru_cache(maxsize=16)
def packages(extra: str | None) -> dict[str, str | None]:
    """The packages of an extra of matloop, and their versions; None where one is not installed."""
    found: dict[str, str | None] = {}
    for requirement in requires("matloop") or () if extra else ():
        spec, _, marker = requirement.partition(";")
        if f'extra == "{extra}"' in marker.replace("'", '"'):
            name = spec.strip().split("[")[0].rstrip("0123456789.<>=!~, ")
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = None
    return found
