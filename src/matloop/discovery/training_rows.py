"""The rows that a model can learn from: those with a known outcome and a material that can be described."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matloop.core.errors import InputError
from matloop.core.progress import Progress, silent
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset, SetAside
from matloop.discovery import splitting
from matloop.discovery.representation import MOST_NUMBER, Described, Representation, cache_of

if TYPE_CHECKING:
    from matloop.models.catalogue import Task

#: With fewer rows nothing can be learned and judged.
LEAST_ROWS = 10


@dataclass(frozen=True)
class TrainingRows:
    """The rows that can be used, described; `y` (n,) are numbers, or names of classes; `places` where they stood."""

    dataset: Dataset
    target: Column
    inputs: list[Column]
    representation: Representation
    described: Described
    y: NDArray[Any]
    classes: list[str] | None
    places: NDArray[np.intp]
    n_given: int
    failures: dict[str, int]
    #: Rows that can be described and have no outcome: of use to a model that learns from such rows as well.
    unlabelled: Described
    remarks: list[str] = field(default_factory=list)

    @property
    def task(self) -> Task:
        return "regression" if self.classes is None else "classification"

    @property
    def materials(self) -> NDArray[Any]:
        """Of each row the material, (n,)."""
        return splitting.material_groups(self.dataset, self.inputs)


def training_rows(
    dataset: Dataset,
    target: str | None,
    features: Sequence[str],
    task: Task | None,
    n_jobs: int = 1,
    progress: Progress = silent,
) -> TrainingRows:
    """The rows of a dataset that can be learned from, those of no use set aside.

    Raises InputError where it is not clear what is to be predicted from what, or where there is too little of it.
    """
    wanted = _target(dataset, target)
    inputs = _inputs(dataset, wanted)
    cells = dataset.frame[wanted.name]
    y, is_known, remarks = _outcomes(wanted, cells, task)
    representation = Representation(inputs, _by_column(features, inputs))

    def tell(done: float, total: float | None, told: str = "") -> None:  # noqa: ARG001 - a Progress is called so
        progress(0, None, f"describing {done:,.0f} of {total:,.0f} rows" if total else "describing the rows")

    cache = cache_of(inputs)
    described = representation.describe(dataset.frame, 1 if cache is None else n_jobs, cache, tell)
    usable = is_known & described.is_good
    places = np.flatnonzero(usable)
    reasons = Counter(described.failures[i] for i in described.failures if is_known[i])
    aside = [SetAside(_place(dataset, i), reason) for i, reason in described.failures.items() if is_known[i]]
    if len(places) < LEAST_ROWS:
        why = f"; {len(aside)} could not be described, the first because {aside[0].reason}" if aside else ""
        n = len(places)
        what = f"{n} {'row' if n == 1 else 'rows'} with a known {wanted.name}"
        raise InputError(f"{what} cannot be learned from: it takes {LEAST_ROWS} at least{why}")
    used = dataset.take(places).with_facts(set_aside=[*dataset.set_aside, *aside])
    y = y[places]
    classes = None if y.dtype.kind == "f" else sorted(set(y.tolist()))
    if classes is not None:
        _require_classes(classes, Counter(y.tolist()), wanted)
        wanted = wanted.model_copy(update={"kind": "text", "unit": None})
        used = used.with_column(wanted, y)  # its rows say '1', as the classes do, where a table says 1.0
    elif np.ptp(y) == 0:
        raise InputError(f"{wanted.name} is {y[0]:g} in every row: there is nothing to learn")
    return TrainingRows(
        used.described(wanted),
        wanted,
        inputs,
        representation,
        described.take(places),
        y,
        classes,
        places,
        len(dataset),
        dict(reasons.most_common(20)),
        described.take(np.flatnonzero(~is_known & described.is_good)),
        remarks,
    )


def _place(dataset: Dataset, row: int) -> str:
    """Where a record stands: in the file that it came from, where that is known."""
    origin = dataset.frame["origin"].iloc[row] if "origin" in dataset.columns else None
    return str(origin) if isinstance(origin, str) and origin else f"row {row + 1}"


def _target(dataset: Dataset, name: str | None) -> Column:
    if name is not None:
        column = dataset.column(name)
        if column.kind not in ("number", "text"):
            raise InputError(
                f"'{name}' is a {column.kind}, which cannot be predicted", "name a column of numbers or classes"
            )
        return column.model_copy(update={"role": "target", "of": None})
    targets = dataset.targets
    if len(targets) != 1:
        inputs = [c.name for c in dataset.inputs if c.kind == "number"] or [c.name for c in dataset.inputs]
        could = [c.name for c in targets] or inputs
        what = "several columns are targets" if targets else "no column is said to be the target"
        hint = f"--target with one of: {', '.join(could[:12])}" if could else "--target NAME says which column it is"
        raise InputError(what, hint)
    return targets[0]


def _inputs(dataset: Dataset, target: Column) -> list[Column]:
    """The material and the inputs; other targets are none, since they would not be known of a new material."""
    chosen = [c for c in dataset.columns.values() if c.role in ("material", "input") and c.name != target.name]
    if not chosen:
        raise InputError(
            "there is nothing to predict from: no material and no input",
            "say what is one: matloop import FILE --role NAME=material, or --role NAME=input",
        )
    return chosen


def _by_column(features: Sequence[str], inputs: Sequence[Column]) -> dict[str, tuple[str, ...]] | None:
    """The featurizers of each column, by what they read. Raises InputError for one that fits none."""
    from matloop.features.naming import featurizer

    chosen: dict[str, tuple[str, ...]] = {}
    for text in features:
        kind = featurizer(text).kind
        fitting = [c for c in inputs if c.kind == kind] or [
            c for c in inputs if (c.kind, kind) == ("structure", "composition")
        ]
        if not fitting:
            there = ", ".join(f"'{c.name}', a {c.kind}" for c in inputs)
            raise InputError(
                f"'{text[:40]}' describes a {kind}, and there is none among the inputs", f"there is {there}"
            )
        for column in fitting:
            chosen[column.name] = (*chosen.get(column.name, ()), text)
    return chosen or None


def _outcomes(target: Column, cells: Any, task: Task | None) -> tuple[NDArray[Any], NDArray[np.bool_], list[str]]:
    """Numbers or names of classes (n,), which of them are known, and what had to be decided."""
    import pandas as pd

    known = cells.notna().to_numpy()
    is_number = target.kind == "number"
    remarks = []
    if task is None and is_number:
        values = np.unique(cells[known].to_numpy(dtype=float))
        task = "classification" if len(values) == 2 and not np.mod(values, 1).any() else "regression"
        if task == "classification":
            low, high = values
            found = f"{target.name} is {low:g} or {high:g} in every row: that was taken as two classes"
            remarks.append(f"{found}; --task regression takes it as a number")
    if task == "regression" and not is_number:
        raise InputError(f"'{target.name}' holds text, which is predicted as classes", "--task classification")
    if (task or "classification") == "regression":
        y = cells.to_numpy(dtype=float, na_value=np.nan)
        finite = np.isfinite(y)
        if finite.any() and np.abs(y[finite]).max() > MOST_NUMBER:
            hint = "write it in a larger unit, or take its logarithm"
            raise InputError(f"{target.name} is {np.abs(y[finite]).max():.3g} in a row: too large for a model", hint)
        return y, finite, remarks
    told = np.array(
        ["" if not there else class_of(cell) for cell, there in zip(cells, known, strict=True)], dtype=object
    )
    assert isinstance(cells, pd.Series)
    return told, known & (told != ""), remarks


def class_of(cell: Any) -> str:
    """The name of a class: 1.0 is '1'."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _require_classes(classes: list[str], counts: Mapping[str, int], target: Column) -> None:
    if len(classes) < 2:
        raise InputError(f"{target.name} is '{classes[0]}' in every row: there is nothing to learn")
    if len(classes) > 100:
        hint = "--task regression, or name another column with --target"
        raise InputError(f"{target.name} has {len(classes)} different values: these are no classes", hint)
    rare = [name for name in classes if counts[name] < 5]
    if rare:
        hint = "put rare classes together, or leave their rows out"
        hint = f"--task regression takes it as a number; or {hint}" if target.kind == "number" else hint
        n = counts[rare[0]]
        what = f"'{rare[0]}' is the {target.name} of {n} {'row' if n == 1 else 'rows'}; a class needs five"
        raise InputError(what, hint)
