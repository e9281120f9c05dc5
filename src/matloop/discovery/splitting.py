"""The ways to hold rows of a dataset back, by their names on the command line: random, composition, cluster, …"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matloop.core.errors import InputError, did_you_mean
from matloop.datasets.column import MATERIALS, Column
from matloop.models.splits import (
    GivenFolds,
    GroupedSplit,
    LeaveOneClusterOut,
    LeaveOneGroupOut,
    RandomSplit,
    SplitError,
    Splitter,
    TimeSplit,
    group_codes,
)

if TYPE_CHECKING:
    from matloop.datasets.dataset import Dataset

#: What may be asked for; those with ':' name a column behind it.
WAYS = (
    "random",
    "composition",
    "system",
    "molecule",
    "scaffold",
    "cluster",
    "group:COLUMN",
    "time:COLUMN",
    "folds:COLUMN",
)
#: Fewer rows than this share in a group with another: then a split by composition is a random one.
REPEATED = 0.02


@dataclass(frozen=True)
class NamedSplit:
    """A splitter with the groups (n,) that it needs, and a name for tables."""

    name: str
    splitter: Splitter
    groups: NDArray[Any] | None = None

    def folds(self, X: Any, y: Any) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """The places of training and test rows of each fold, none of them empty. Raises SplitError."""
        folds = [fold for fold in self.splitter.split(X, y, self.groups) if len(fold[0]) and len(fold[1])]
        if not folds:
            raise SplitError(f"the split '{self.name}' has no fold with rows on both sides")
        return folds

    @property
    def n_groups(self) -> int | None:
        """How many groups there are; None where rows are not grouped."""
        return None if self.groups is None else len(np.unique(self.groups))


def usual(dataset: Dataset, inputs: Sequence[Column], folds: Path | None) -> list[str]:
    """Random beside grouped: by composition where these repeat, else by their elements, by scaffold, by cluster.

    Groups that are fewer than folds, such as one alloy system in a hundred mixtures, are no usual way.
    """
    first = "folds" if folds is not None else "random"
    kinds = {column.kind for column in _naming(dataset, inputs)}
    ways = {"composition": ("composition", "system"), "structure": ("composition", "system"), "molecule": ("scaffold",)}
    for way in dict.fromkeys(way for kind in ways if kind in kinds for way in ways[kind]):
        groups = _GROUPS[way](dataset, inputs)
        if GroupedSplit().n_folds <= len(np.unique(groups)) < (1 - REPEATED) * len(groups):
            return [first, way]
    return [first, "cluster"]


def named(
    ways: Sequence[str],
    dataset: Dataset,
    inputs: Sequence[Column],
    is_classes: bool = False,
    folds: Path | None = None,
    seed: int = 0,
    places: NDArray[np.intp] | None = None,
) -> list[NamedSplit]:
    """The splits of these names; `places` (n,) are the rows that a file of folds means, where some were left out.

    Raises InputError for a name that is none, SplitError where the rows have no groups.
    """
    given = None if folds is None else _renumbered(GivenFolds.read(folds), places)
    made = [_named(way, dataset, inputs, is_classes, given, seed) for way in dict.fromkeys(ways)]
    if not made:
        raise InputError("a model needs a split to be judged by", "such as: --split random,composition")
    return made


def _renumbered(given: GivenFolds, places: NDArray[np.intp] | None) -> GivenFolds:
    """The folds among the rows that were kept."""
    if places is None:
        return given
    new = {int(place): i for i, place in enumerate(places)}
    return GivenFolds([[new[row] for row in fold if row in new] for fold in given.folds])


def _named(
    way: str, dataset: Dataset, inputs: Sequence[Column], is_classes: bool, folds: GivenFolds | None, seed: int
) -> NamedSplit:
    kind, _, column = way.partition(":")
    if column:
        if kind not in ("group", "time", "folds"):
            raise InputError(f"'{kind}' takes no column", "such as: --split group:laboratory")
        cells = dataset.frame[dataset.column(column).name].to_numpy()
        if kind == "time":
            return NamedSplit(f"time of {column}", TimeSplit(), _sortable(cells))
        groups = group_codes(cells, len(cells))[1]
        if kind == "folds":
            return NamedSplit(f"folds of {column}", _Given(), groups)
        few = len(np.unique(groups)) <= 10
        return NamedSplit(column, LeaveOneGroupOut() if few else GroupedSplit(seed=seed), groups)
    if way == "folds":
        if folds is None:
            raise InputError("'folds' needs the file of the folds", "--folds FILE, or --split folds:COLUMN")
        return NamedSplit("folds", folds)
    if way == "random":
        return NamedSplit("random", RandomSplit(seed=seed, is_stratified=is_classes))
    if way == "cluster":
        return NamedSplit("cluster", LeaveOneClusterOut(seed=seed))
    if way in _GROUPS:
        return NamedSplit(way, GroupedSplit(seed=seed), _GROUPS[way](dataset, inputs))
    raise InputError(f"there is no split '{way[:40]}'", did_you_mean(way, WAYS))


class _Given(LeaveOneGroupOut):
    """Folds that somebody named in a column: nothing is said of what they keep together."""

    is_grouped = False


def material_groups(dataset: Dataset, inputs: Sequence[Column]) -> NDArray[Any]:
    """Of each row the material (n,): rows of one material must not teach about each other where errors are learned.

    Rows that are all of one composition, such as its polymorphs, are told apart by what else is known of them.
    """
    groups = _materials(dataset, inputs)
    return groups if groups.any() else np.arange(len(groups))


def _materials(dataset: Dataset, inputs: Sequence[Column]) -> NDArray[Any]:
    """A number for each material, from 0 on."""
    kinds = {column.kind for column in _naming(dataset, inputs)}
    if "composition" in kinds or "structure" in kinds:
        return _composition(dataset, inputs)
    if "molecule" in kinds:
        return _molecule(dataset, inputs)
    names = [column.name for column in inputs]
    return np.asarray(dataset.frame.groupby(names, dropna=False, sort=False).ngroup())


def _naming(dataset: Dataset, inputs: Sequence[Column]) -> list[Column]:
    """The inputs, and what names the material beside features that were made of it."""
    beside = [c for c in dataset.columns.values() if c.role == "identity" and c.kind in MATERIALS]
    return [*inputs, *(c for c in beside if c.name not in {column.name for column in inputs})]


def _material(dataset: Dataset, inputs: Sequence[Column], kinds: Sequence[str], way: str) -> tuple[Column, list[Any]]:
    """The first column of one of these kinds, the material itself before others, inputs before names; its cells."""
    order = {"material": 0, "input": 1}
    found = [c for c in _naming(dataset, inputs) if c.kind in kinds]
    found.sort(key=lambda c: (order.get(c.role, 2), kinds.index(c.kind)))
    if not found:
        hint = "such as: --split random,cluster, or --split group:COLUMN"
        raise SplitError(f"a split by {way} needs a column of {' or '.join(kinds)}", hint)
    return found[0], dataset.frame[found[0].name].tolist()


def _composition(dataset: Dataset, inputs: Sequence[Column]) -> NDArray[Any]:
    from matloop.datasets.groups import composition_key

    column, cells = _material(dataset, inputs, ("composition", "structure"), "composition")
    return _codes([composition_key(cell, column.kind) for cell in cells])


def _system(dataset: Dataset, inputs: Sequence[Column]) -> NDArray[Any]:
    from matloop.core.composition import elements_of
    from matloop.datasets.groups import composition_key

    column, cells = _material(dataset, inputs, ("composition", "structure"), "system")
    keys = [composition_key(cell, column.kind) for cell in cells]
    return _codes([None if key is None else "-".join(elements_of(key)) for key in keys])


def _molecule(dataset: Dataset, inputs: Sequence[Column]) -> NDArray[Any]:
    from matloop.datasets.groups import inchi_keys

    return _codes(inchi_keys(_material(dataset, inputs, ("molecule",), "molecule")[1]))


def _scaffold(dataset: Dataset, inputs: Sequence[Column]) -> NDArray[Any]:
    from matloop.features.scaffold import murcko_scaffold

    cells = _material(dataset, inputs, ("molecule",), "scaffold")[1]
    keys: list[str | None] = []
    for cell in cells:
        try:
            keys.append(murcko_scaffold(cell) or f"acyclic {cell}")
        except InputError:
            keys.append(None)
    return _codes(keys)


def _codes(keys: Sequence[str | None]) -> NDArray[np.intp]:
    """A number for each distinct key; what has none is a group of its own."""
    numbers: dict[Any, int] = {}
    told = [numbers.setdefault(("row", i) if key is None else key, len(numbers)) for i, key in enumerate(keys)]
    return np.array(told, dtype=np.intp)


def _sortable(cells: NDArray[Any]) -> NDArray[Any]:
    """Times in their order: numbers as they are, texts as dates where all of them are dates."""
    if cells.dtype.kind in "iuf":
        return cells
    import pandas as pd

    dates = pd.to_datetime(pd.Series(cells), errors="coerce", utc=True, format="mixed")
    if dates.isna().any():
        raise SplitError(
            f"{int(dates.isna().sum())} of {len(cells)} times are neither numbers nor dates", "such as 2021-03-14"
        )
    return np.asarray(dates.astype("int64"))


_GROUPS: dict[str, Callable[[Dataset, Sequence[Column]], NDArray[Any]]] = {
    "composition": _composition,
    "system": _system,
    "molecule": _molecule,
    "scaffold": _scaffold,
}
