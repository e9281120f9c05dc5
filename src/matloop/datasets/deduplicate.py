"""Several records of the same become one, by a rule; or they are marked as replicates of each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from matloop.core.errors import InputError, did_you_mean
from matloop.core.progress import Progress, silent
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.datasets.groups import By, groups_of
from matloop.datasets.provenance import HASH, record_hashes

if TYPE_CHECKING:
    import pandas as pd

Rule = Literal["mean", "median", "best", "first", "keep"]
RULES: tuple[Rule, ...] = get_args(Rule)
#: The column that says which records are replicates of each other, and the one that counts what was merged.
GROUP, COUNT = "replicate_group", "n_merged"
#: Of texts that differ between the records of a group, as many are joined.
MOST_JOINED = 5


@dataclass(frozen=True)
class Merged:
    """What became of how many records: `n_groups` had several, `n_merged` are no longer records of their own."""

    rule: str
    by: str
    n_before: int
    n_after: int
    n_groups: int
    largest: int

    @property
    def n_merged(self) -> int:
        return self.n_before - self.n_after


def deduplicate(
    dataset: Dataset,
    rule: Rule = "mean",
    by: By = "conditions",
    target: str | None = None,
    progress: Progress = silent,
) -> tuple[Dataset, Merged]:
    """The dataset with one record for each group of the same (`matloop.datasets.groups`), and what was merged.

    `mean` and `median` are of numbers; of classes and inputs that are text the most common one counts, of other texts
    the first few are kept. `best` keeps the record with the best value of `target`, whose column must have a direction.
    `keep` keeps all and adds the column `replicate_group`. Records that cannot be grouped stay. Raises InputError,
    MissingExtra.
    """
    if rule not in RULES:
        raise InputError(f"there is no rule '{rule}' for duplicates", did_you_mean(rule, RULES))
    groups = groups_of(dataset, by, progress)
    alone = groups < 0
    groups = np.where(alone, groups.max(initial=-1) + 1 + np.cumsum(alone), groups)
    groups = _in_order(groups)
    counts = np.bincount(groups) if len(groups) else np.zeros(0, int)
    facts = (int((counts > 1).sum()), int(counts.max(initial=0)))
    if rule == "keep":
        column = Column(GROUP, role="identity", kind="number", description="records of one group are replicates")
        return dataset.with_column(column, groups), Merged(rule, by, len(dataset), len(dataset), *facts)
    if rule in ("mean", "median"):
        made = _averaged(dataset, groups, counts, rule)
    elif rule == "best":
        made = dataset.take(_best(dataset, groups, target))
    else:
        made = dataset.take(np.unique(groups, return_index=True)[1])
    column = Column(COUNT, role="provenance", kind="number", description="how many records were merged into this one")
    made = made.with_column(column, counts)
    return _rehashed(made), Merged(rule, by, len(dataset), len(made), *facts)


def _in_order(groups: np.ndarray) -> np.ndarray:
    """The same groups numbered by where they first appear."""
    _, first, place = np.unique(groups, return_index=True, return_inverse=True)
    rank = np.empty(len(first), int)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[place.reshape(-1)]


def _best(dataset: Dataset, groups: np.ndarray, target: str | None) -> np.ndarray:
    """The place of each group's best record; the first one where none has a value."""
    column = _judged(dataset, target)
    values = dataset.frame[column.name].to_numpy(float, na_value=np.nan)
    cost = np.where(np.isfinite(values), -values if column.direction == "maximize" else values, np.inf)
    order = np.lexsort((np.arange(len(groups)), cost, groups))
    return order[np.unique(groups[order], return_index=True)[1]]


def _judged(dataset: Dataset, target: str | None) -> Column:
    candidates = [dataset.column(target)] if target else [c for c in dataset.targets if c.direction] or dataset.targets
    if len(candidates) != 1:
        names = ", ".join(column.name for column in candidates) or "none"
        raise InputError(
            f"the best is by one target, but there are {len(candidates)} ({names})", "say which: --target NAME"
        )
    if candidates[0].direction is None or candidates[0].kind != "number":
        name = candidates[0].name
        raise InputError(f"which '{name}' is the best?", f"--maximize '{name}' or --minimize '{name}'")
    return candidates[0]


def _averaged(dataset: Dataset, groups: np.ndarray, counts: np.ndarray, rule: str) -> Dataset:
    first = np.unique(groups, return_index=True)[1]
    made = dataset.take(first)
    if (counts == 1).all():
        return made
    by_group = dataset.frame.groupby(groups, sort=True)
    changed = {
        column.name: _merged(by_group, column, made.frame[column.name], rule) for column in dataset.columns.values()
    }
    return made.with_facts(frame=made.frame.assign(**changed))


def _merged(by_group: Any, column: Column, first: pd.Series, rule: str) -> Any:
    """The cells of one column, one for each group."""
    cells = by_group[column.name]
    if column.kind == "number" and column.role in ("input", "target"):
        merged = cells.mean() if rule == "mean" else cells.median()
        return np.where(cells.nunique(dropna=True) > 1, merged, cells.first()).astype(float)
    if column.role == "uncertainty":
        return _uncertainty(cells).astype(float)
    if column.role == "target" or (column.role == "input" and column.kind == "text"):
        return cells.agg(_most_common).to_numpy(dtype=object)
    if column.kind == "text" and column.role in ("identity", "provenance"):
        return cells.agg(_joined).to_numpy(dtype=object)
    return first.to_numpy()


def _uncertainty(cells: Any) -> np.ndarray:
    """Of a mean of n independent values: the root of the sum of their squared uncertainties, over n."""
    squares = cells.apply(lambda group: float(np.sum(np.square(group.to_numpy(float)))) / max(1, len(group)) ** 2)
    return np.sqrt(squares.to_numpy())


def _most_common(cells: pd.Series) -> Any:
    present = [cell for cell in cells if cell is not None and cell == cell]
    return Counter(present).most_common(1)[0][0] if present else None


def _joined(cells: pd.Series) -> str | None:
    distinct = list(dict.fromkeys(cell for cell in cells if isinstance(cell, str)))
    more = [f"and {len(distinct) - MOST_JOINED} more"] if len(distinct) > MOST_JOINED else []
    return "; ".join([*distinct[:MOST_JOINED], *more]) or None


def _rehashed(dataset: Dataset) -> Dataset:
    if HASH not in dataset.columns:
        return dataset
    return dataset.with_column(dataset.columns[HASH], record_hashes(dataset.frame, dataset.columns))
