"""The quality report of a dataset: what its columns hold, and what deserves a look before a model learns from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from matloop.core.errors import InputError, MissingExtra
from matloop.core.progress import Progress, silent
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset, SetAside
from matloop.datasets.examination.finding import Finding
from matloop.datasets.examination.headers import header_findings
from matloop.datasets.examination.leakage import class_leak, combination, number_leak
from matloop.datasets.examination.outliers import Scale, outliers, scale_of
from matloop.datasets.examination.spread import Spread, mixed_units, spread
from matloop.datasets.groups import groups_of
from matloop.datasets.provenance import HASH, ORIGIN

_QUOTED = re.compile(r"'[^']*'|\b\d+(?:\.\d+)?\b")
#: How many records a finding names.
MOST_TOLD = 5
#: Sums of more columns than this are not looked for.
MOST_SUMMED = 100
#: A column with less than this share of its cells filled is worth a word.
FILLED = 0.5


@dataclass(frozen=True)
class Summary:
    """What a column holds. Numbers have quartiles (minimum, quarter, median, three quarters, maximum)."""

    column: Column
    n_missing: int
    n_distinct: int
    quartiles: tuple[float, ...] = ()
    scale: Scale | None = None


@dataclass(frozen=True)
class Duplicates:
    """How many records there are beside the first of each group; `largest` is how many the largest group has."""

    by: str
    n_groups: int
    n_more: int
    largest: int


@dataclass(frozen=True)
class Reason:
    """Why records were set aside, how many, and where the first of them stands."""

    text: str
    count: int
    first: str


@dataclass(frozen=True)
class Quality:
    """The report as data; `findings` in the order in which they are best dealt with."""

    n_records: int
    set_aside: Sequence[Reason]
    columns: Sequence[Summary]
    duplicates: Sequence[Duplicates]
    replicates: dict[str, Spread]
    findings: Sequence[Finding]

    def facts(self) -> dict[str, Any]:
        """For other programs."""
        return {
            "records": self.n_records,
            "set_aside": {
                "count": sum(reason.count for reason in self.set_aside),
                "reasons": [asdict(reason) for reason in self.set_aside],
            },
            "columns": [
                {
                    **summary.column.model_dump(exclude_none=True),
                    "missing": summary.n_missing,
                    "distinct": summary.n_distinct,
                    **({"quartiles": list(summary.quartiles)} if summary.quartiles else {}),
                }
                for summary in self.columns
            ],
            "duplicates": [asdict(duplicates) for duplicates in self.duplicates],
            "replicates": {name: asdict(its) for name, its in self.replicates.items()},
            "findings": [finding.facts() for finding in self.findings],
        }


def examine(dataset: Dataset, progress: Progress = silent) -> Quality:
    """The quality report. What takes a package that is not installed is left out, and said so."""
    columns = [_summary(dataset, column) for column in dataset.columns.values()]
    ways, unchecked = _groupings(dataset, progress)
    duplicates = [_duplicates(by, groups) for by, groups in ways.items()]
    replicates, replicate_findings = _replicates(dataset, ways)
    findings = [
        *header_findings(dataset),
        *unchecked,
        *_leaks(dataset, progress),
        *_same_twice(dataset, ways),
        *replicate_findings,
        *_outliers(dataset, columns),
        *_sparse(dataset, columns),
    ]
    return Quality(len(dataset), reasons_in(dataset.set_aside), columns, duplicates, replicates, findings)


def reasons_in(set_aside: Sequence[SetAside]) -> list[Reason]:
    """Why records were set aside, the most common reason first; what reasons quote is left out where it differs."""
    like: dict[str, list[SetAside]] = {}
    for record in set_aside:
        like.setdefault(_QUOTED.sub("…", record.reason), []).append(record)
    found = [
        Reason(its[0].reason if len({r.reason for r in its}) == 1 else text, len(its), its[0].place)
        for text, its in like.items()
    ]
    return sorted(found, key=lambda reason: -reason.count)


def _summary(dataset: Dataset, column: Column) -> Summary:
    cells = dataset.frame[column.name]
    n_missing, n_distinct = int(cells.isna().sum()), int(cells.nunique())
    if column.kind != "number":
        return Summary(column, n_missing, n_distinct)
    values = numbers_of(dataset, column.name)
    present = values[np.isfinite(values)]
    quartiles = tuple(np.percentile(present, [0, 25, 50, 75, 100]).tolist()) if len(present) else ()
    return Summary(column, n_missing, n_distinct, quartiles, scale_of(values))


def numbers_of(dataset: Dataset, name: str) -> np.ndarray:
    """The cells of a number column (n,), nan where there is nothing."""
    return np.asarray(dataset.frame[name].to_numpy(float, na_value=np.nan))


def places_of(dataset: Dataset, rows: Any) -> list[str]:
    """Where some records come from, or which they are in the table; the first few."""
    rows = [int(row) for row in rows[:MOST_TOLD]]
    if ORIGIN in dataset.frame:
        return [str(dataset.frame[ORIGIN].iloc[row]) for row in rows]
    return [f"record {row + 1}" for row in rows]


# -- the same more than once ------------------------------------------------------------------------------------


def _groupings(dataset: Dataset, progress: Progress) -> tuple[dict[str, np.ndarray], list[Finding]]:
    """The groups of each way to say what is the same that fits the dataset."""
    made: dict[str, np.ndarray] = {}
    unchecked: list[Finding] = []
    kinds = {column.kind for column in dataset.columns.values() if column.role in ("material", "identity")}
    wanted = ["conditions", *(by for by in ("composition", "molecule", "structure") if by in kinds)]
    if "structure" in kinds and "composition" not in kinds:
        wanted.append("composition")
    for by in wanted:
        try:
            made[by] = groups_of(dataset, by, progress)  # type: ignore[arg-type]
        except MissingExtra as error:
            told = f"duplicates by {by} were not looked for: {error.message}"
            unchecked.append(Finding("unchecked", told, error.hint))
        except InputError:
            continue  # nothing to go by
    return made, unchecked


def _duplicates(by: str, groups: np.ndarray) -> Duplicates:
    counts = np.bincount(groups[groups >= 0]) if (groups >= 0).any() else np.zeros(1, int)
    several = counts[counts > 1]
    return Duplicates(by, len(several), int((several - 1).sum()), int(counts.max()))


def _same_twice(dataset: Dataset, ways: dict[str, np.ndarray]) -> Iterator[Finding]:
    if HASH in dataset.frame:
        again = np.flatnonzero(dataset.frame[HASH].duplicated().to_numpy())
        if len(again):
            n = len(again)
            told = f"{n} {'record is' if n == 1 else 'records are'} the same as another in every column"
            hint = "copies, or measurements without noise; --duplicates first keeps one of each"
            yield Finding("duplicates", told, hint, (), n, places_of(dataset, again))
    told_already: list[int] = []
    for by, groups in reversed(ways.items()):  # conditions, which are the most particular, come last
        its = _duplicates(by, groups)
        if not its.n_more or its.n_more in told_already:
            continue
        told_already.append(its.n_more)
        what = by if by != "conditions" else "material and inputs" if dataset.material else "inputs"
        n_groups = f"{its.n_groups} groups, the largest of {its.largest}" if its.n_groups > 1 else "1 group"
        n_more = f"{its.n_more} records share their" if its.n_more > 1 else "1 record shares its"
        told = f"{n_more} {what} with another ({n_groups})"
        rows = np.flatnonzero(groups == np.bincount(groups[groups >= 0]).argmax())
        hint = "split by group, or a model is tested on what it has learned; --duplicates mean merges them"
        yield Finding("duplicates", told, hint, (), its.n_more, places_of(dataset, rows), asdict(its))


def _replicates(dataset: Dataset, ways: dict[str, np.ndarray]) -> tuple[dict[str, Spread], list[Finding]]:
    made: dict[str, Spread] = {}
    findings: list[Finding] = []
    for column in dataset.targets:
        if column.kind != "number":
            continue
        values = numbers_of(dataset, column.name)
        if "conditions" in ways and (its := spread(values, ways["conditions"])):
            made[column.name] = its
            findings += [_replicate_finding(dataset, column, its, ways["conditions"])] if its.within else []
        mixed = next((found for groups in ways.values() if (found := mixed_units(values, groups))), None)
        if mixed:
            words, rows = mixed
            told = f"{column.name}: values of the same material differ by {words}, {len(rows)} times: are units mixed?"
            places = places_of(dataset, rows)
            findings.append(Finding("units", told, "look at these records", (column.name,), len(rows), places))
    return made, findings


def _replicate_finding(dataset: Dataset, column: Column, its: Spread, groups: np.ndarray) -> Finding:
    unit = f" {column.unit}" if column.unit else ""
    several = (
        f"{its.n_groups} conditions come more than once; their"
        if its.n_groups > 1
        else "1 condition comes more than once; its"
    )
    told = (
        f"{column.name}: {several} values differ by {its.within:.3g}{unit} "
        f"(standard deviation; that of all records is {its.total:.3g}{unit}), at most by {its.range:.3g}{unit}"
    )
    rows = np.flatnonzero(groups == its.worst)
    hint = "from these columns alone, no model can predict it better than that"
    return Finding("replicates", told, hint, (column.name,), its.n_records, places_of(dataset, rows), asdict(its))


# -- single cells -------------------------------------------------------------------------------------------------


def _outliers(dataset: Dataset, columns: Sequence[Summary]) -> Iterator[Finding]:
    for summary in columns:
        column = summary.column
        if column.role != "target" or summary.scale is None:
            continue
        values = numbers_of(dataset, column.name)
        rows = outliers(values, summary.scale)
        if not len(rows):
            continue
        on = " on a logarithmic scale" if summary.scale.is_log else ""
        shown = ", ".join(f"{value:.4g}" for value in values[rows[:MOST_TOLD]])
        more = ", …" if len(rows) > MOST_TOLD else ""
        count = "1 value lies" if len(rows) == 1 else f"{len(rows)} values lie"
        told = f"{column.name}: {count} far from all others{on} ({shown}{more})"
        distances = summary.scale.distance(values)[rows[:MOST_TOLD]].tolist()
        yield Finding(
            "outliers",
            told,
            "look them up: a slip of the pen, another unit, or a discovery",
            (column.name,),
            len(rows),
            places_of(dataset, rows),
            {
                "values": values[rows[:MOST_TOLD]].tolist(),
                "robust_deviations": distances,
                "is_log": summary.scale.is_log,
            },
        )


def _sparse(dataset: Dataset, columns: Sequence[Summary]) -> Iterator[Finding]:
    n = len(dataset)
    used = [summary for summary in columns if summary.column.role in ("input", "target")]
    empty = [summary.column.name for summary in used if summary.n_missing == n]
    if empty:
        told = f"nothing stands in {', '.join(empty)}"
        yield Finding("missing", told, "--drop leaves them out", tuple(empty), n * len(empty))
    for summary in used:
        name, missing = summary.column.name, summary.n_missing
        if n > 1 and summary.n_distinct == 1 and not missing:
            told = f"{name}: every record has the same ({str(dataset.frame[name].iloc[0])[:40]})"
            yield Finding("constant", told, "it can teach nothing; --drop leaves it out", (name,), n)
        elif 0 < missing < n and summary.column.role == "target":
            hint = "those records can be predicted, but teach nothing"
            yield Finding("missing", f"{name}: {missing} of {n} cells are empty", hint, (name,), missing)
    sparse = [s for s in used if s.column.role == "input" and (1 - FILLED) * n < s.n_missing < n]
    if sparse:
        shares = ", ".join(f"{s.column.name} ({100 * s.n_missing / n:.3g} %)" for s in sparse)
        told = f"more than half of the cells are empty in {shares}"
        names, missing = tuple(s.column.name for s in sparse), sum(s.n_missing for s in sparse)
        yield Finding("missing", told, "a model fills such gaps with guesses; --drop leaves them out", names, missing)


# -- what knows the answer ----------------------------------------------------------------------------------------


def _leaks(dataset: Dataset, progress: Progress) -> Iterator[Finding]:
    for target in dataset.targets:
        suspects = []
        for i, given in enumerate(dataset.inputs):
            progress(i, len(dataset.inputs), f"comparing the inputs with {target.name}")
            leak = _leak(dataset, given, target)
            if leak is not None:
                suspects.append(given.name)
                hint = f"if it would not be known for a new material: --drop '{given.name}'"
                told = f"{target.name}: {leak.told}"
                yield Finding("leakage", told, hint, (given.name, target.name), 0, (), asdict(leak))
        yield from _combined_leak(dataset, target, suspects)


def _combined_leak(dataset: Dataset, target: Column, suspects: Sequence[str]) -> Iterator[Finding]:
    given = [c.name for c in dataset.inputs if c.kind == "number" and c.name not in suspects]
    if target.kind != "number" or not 2 <= len(given) <= MOST_SUMMED:
        return
    inputs = np.stack([numbers_of(dataset, name) for name in given], axis=1)
    names = [given[i] for i in combination(inputs, numbers_of(dataset, target.name))]
    if names:
        told = f"{target.name}: it is a weighted sum of {', '.join(names)}, but for rounding"
        yield Finding(
            "leakage", told, "if one of them would not be known for a new material: --drop it", (*names, target.name)
        )


def _leak(dataset: Dataset, given: Column, target: Column) -> Any:
    if given.kind == "number":
        cells = numbers_of(dataset, given.name)
        if target.kind == "number" and (leak := number_leak(cells, numbers_of(dataset, target.name), given, target)):
            return leak
    elif given.kind == "text":
        cells = dataset.frame[given.name].to_numpy(dtype=object)
    else:
        return None
    labels = dataset.frame[target.name]
    is_class = target.kind == "text" or labels.nunique() == 2
    present = labels.notna().to_numpy()
    if not is_class or not present.any():
        return None
    numbers = np.unique(labels[present].astype(str), return_inverse=True)[1].reshape(-1)
    return class_leak(cells[present], numbers, given)
