"""What `matloop describe` does: the materials of a dataset become numbers, and what could not is set aside."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from matloop.core.errors import InputError
from matloop.core.progress import Progress, silent
from matloop.core.registry import load, names
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset, SetAside
from matloop.discovery.representation import Representation
from matloop.features.base import Features, Featurizer
from matloop.features.combined import Combined
from matloop.features.of_structure import OfStructure
from matloop.files.whole import write_whole

#: Kinds of columns that can be described.
KINDS = ("structure", "molecule", "composition", "spectrum")
#: So much of a cell that failed is kept, in letters.
MOST_RAW = 1000


@dataclass(frozen=True)
class Described:
    """The features of the `column` of a dataset, with what else its records say.

    `failed` are the records that could not be described; those `unread` were set aside before, when the file was read.
    """

    dataset: Dataset
    column: Column
    featurizer: Combined
    failed: list[SetAside]
    unread: list[SetAside]

    @property
    def n_records(self) -> int:
        """The records that there were, those that could not be read among them."""
        return len(self.dataset) + len(self.failed) + len(self.unread)

    @property
    def features(self) -> list[str]:
        """The columns of the dataset that hold the features."""
        prefix = f"of {self.column.name}, by "
        return [c.name for c in self.dataset.columns.values() if c.description.startswith(prefix)]

    def facts(self) -> dict[str, Any]:
        """For other programs."""
        units = dict(zip(self.featurizer.names, self.featurizer.units, strict=True))
        told = [*reasons(self.unread), *reasons(self.failed)]
        return {
            "records": self.n_records,
            "described": len(self.dataset),
            "failed": len(self.failed),
            "unread": len(self.unread),
            "column": self.column.name,
            "featurizers": [part.name for part in self.featurizer.parts],
            "features": [{"name": name, "unit": unit} for name, unit in units.items()],
            "reasons": [{"reason": reason, "records": n, "first": first} for reason, n, first in told],
            "citations": list(self.featurizer.citations),
        }


def reasons(aside: Sequence[SetAside]) -> list[tuple[str, int, str]]:
    """Each reason with the number of its records and the place of the first, the most frequent first."""
    counts = Counter(record.reason for record in aside)
    first = {record.reason: record.place for record in reversed(aside)}
    return [(reason, count, first[reason]) for reason, count in counts.most_common()]


def describe(
    dataset: Dataset,
    featurizers: Sequence[Featurizer] = (),
    column: str | None = None,
    n_jobs: int = 1,
    cache: Path | None = None,
    dask: str | None = None,
    progress: Progress = silent,
) -> Described:
    """The dataset with the features of one column as further inputs; records that cannot be described are set aside.

    The column is the material unless another is named; the featurizers are those usual for its kind unless some are
    given. The column described becomes an identity: a model that is trained on the result sees its features alone.
    Raises InputError, MissingExtra.
    """
    from matloop.features.computing import compute
    from matloop.features.workers import cluster

    described = _column(dataset, featurizers, column)
    combined = Combined(_for_column(described, featurizers))
    cells = dataset.frame[described.name].tolist()
    combined.fit(cells)
    with cluster(dask) if dask else nullcontext() as client:
        features = compute(combined, cells, n_jobs, cache, client, progress)
    failed = [
        SetAside(_place(dataset, row), f"{described.name}: {reason}", str(cells[row])[:MOST_RAW])
        for row, reason in features.failures.items()
    ]
    made = _with_features(dataset, described, combined, features)
    made = made.with_facts(set_aside=[*dataset.set_aside, *failed])
    return Described(made, described, combined, failed, dataset.set_aside)


def _column(dataset: Dataset, featurizers: Sequence[Featurizer], name: str | None) -> Column:
    """The column to be described. Raises InputError where there is none, or where what is named cannot be described."""
    wanted = {part.kind for part in featurizers}
    if name is not None:
        column = dataset.column(name)
        if column.kind == "text" and len(wanted) == 1:  # some cells are none of this kind; they will be told
            return column.model_copy(update={"kind": wanted.pop()})
        if column.kind not in KINDS:
            hint = f"import the file with --kind {name}=KIND, one of {', '.join(KINDS)}"
            if column.kind == "text":
                hint = f"-f NAMES says by which featurizers, and so what it is; or {hint}"
            raise InputError(f"'{name}' is a column of {column.kind}s, which have no features", hint)
        return column
    possible = [each for each in dataset.columns.values() if each.kind in KINDS and each.role in ("material", "input")]
    possible.sort(key=lambda each: each.role != "material")
    fitting = [each for each in possible if not wanted or each.kind in wanted or _is_made_of(each, wanted)]
    if not fitting:
        what = f"a {' or a '.join(sorted(wanted))}" if wanted else "a material or a spectrum"
        hint = "--column NAME -f NAMES says which column it is, and by which featurizers"
        if possible:
            hint += "; there is " + ", ".join(f"'{each.name}', a {each.kind}" for each in possible)
        raise InputError(f"no column of '{dataset.name}' is {what}", hint)
    return fitting[0]


def _is_made_of(column: Column, wanted: set[str]) -> bool:
    """Whether a structure will do, whose composition is known."""
    return column.kind == "structure" and wanted <= {"structure", "composition"}


def _for_column(column: Column, featurizers: Sequence[Featurizer]) -> list[Featurizer]:
    """Those given, or the usual ones; around those of compositions what takes them out of structures."""
    usual = [] if featurizers else Representation([column]).featurizers_of(column)
    with_unit = {"y_unit": column.unit} if column.kind == "spectrum" else {}
    parts = list(featurizers) or [load("features", name)(**with_unit) for name in usual]
    for part in parts:
        if part.kind != column.kind and not _is_made_of(column, {part.kind}):
            known = [name for name in names("features") if load("features", name).kind == column.kind]
            hint = f"for a {column.kind} there are: {', '.join(known)}"
            raise InputError(f"'{part.name}' describes a {part.kind}, and '{column.name}' is a {column.kind}", hint)
    return [part if part.kind == column.kind else OfStructure(part) for part in parts]


def _place(dataset: Dataset, row: int) -> str:
    """Where a record stands: in the file that it came from, where that is known."""
    origin = dataset.frame["origin"].iloc[row] if "origin" in dataset.columns else None
    return str(origin) if isinstance(origin, str) and origin else f"record {row + 1}"


def _with_features(dataset: Dataset, column: Column, combined: Combined, features: Features) -> Dataset:
    """The records that could be described, with a column for each feature."""
    import pandas as pd

    good = np.ones(len(dataset), dtype=bool)
    good[list(features.failures)] = False
    kept = dataset.select(good).described(column.model_copy(update={"role": "identity"}))
    taken, added, values = set(kept.columns), [], {}
    of_column = [part for part in combined.parts for _ in part.names]
    for part, name, unit, cells_of_name in zip(
        of_column, combined.names, combined.units, features.values.T, strict=True
    ):
        unique = name if name not in taken else f"{part.name}: {name}"
        added.append(Column(unique, unit=unit, description=f"of {column.name}, by {part.name}"))
        values[unique] = cells_of_name[good]
    frame = pd.concat([kept.frame, pd.DataFrame(values)], axis=1)
    facts = {name: getattr(dataset, name) for name in ("name", "origin", "licence", "citation", "is_proprietary")}
    return Dataset(frame, [*kept.columns.values(), *added], **facts)


def check_output(path: Path) -> None:
    """Raises InputError for a file that features are not written to."""
    if path.suffix.lower() not in (".parquet", ".pq", ".csv"):
        ending = path.suffix or "a file without an ending"
        raise InputError(f"features are written as Parquet or CSV, not {ending}", f"-o {path.stem}.parquet")


def write(described: Described, path: Path) -> Path:
    """Save the features as a dataset in Parquet, or as a CSV file."""
    check_output(path)
    dataset = described.dataset
    return dataset.export(path) if path.suffix.lower() == ".csv" else dataset.save(path)


def write_failures(described: Described, path: Path) -> None:
    """The records that could not be read or described as a table: place, reason, and the cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["place", "reason", "record"])
    aside = [*described.unread, *described.failed]
    writer.writerows([record.place, record.reason, record.raw] for record in aside)
    write_whole(path, text.getvalue().encode("utf-8", "replace"))
