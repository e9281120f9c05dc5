"""Inputs that belong together: what carries the same information is moved together, or each hides behind the others.

Of two correlated inputs a model needs only one: shuffled alone, neither seems to matter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

#: Column numbers by the name of the group.
Groups = Mapping[str, Sequence[int]]

#: What a statistic over the elements of a composition is called in front of the property.
_STATISTIC = re.compile(
    r"^(?:MagpieData )?(?:minimum|maximum|range|mean|avg_dev|average deviation|mean deviation|mode|std) (?:of )?",
    re.IGNORECASE,
)
#: 'solvent is water' is one of the columns that a column of words became.
_WORD = re.compile(r"(.+?) is .+")


def each(names: Sequence[str]) -> dict[str, list[int]]:
    """Every input by itself."""
    return {name: [i] for i, name in enumerate(names)}


def by_name(names: Sequence[str]) -> dict[str, list[int]]:
    """The statistics of one element property together, and the columns that a column of words became."""
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        groups.setdefault(group_name(name), []).append(i)
    # a mean free path that stands alone is no statistic of free paths
    return {name if len(columns) > 1 else names[columns[0]]: columns for name, columns in groups.items()}


def group_name(name: str) -> str:
    """'mean Electronegativity' -> 'Electronegativity', 'solvent is water' -> 'solvent'; other names as they are.

    What stands before a colon, the column of one of several materials, stays: 'salt: mean Row' -> 'salt: Row'.
    """
    if word := _WORD.fullmatch(name):
        return word.group(1)
    column, colon, feature = name.rpartition(": ")
    return column + colon + _STATISTIC.sub("", feature, count=1)


def by_correlation(matrix: np.ndarray, names: Sequence[str], threshold: float = 0.9) -> dict[str, list[int]]:
    """Columns of the matrix (n, d) whose rank correlation is at least the threshold, joined by average linkage.

    A group bears the name of the member that is correlated most with the others, and how many there are beside it.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(names) < 2:
        return each(names)
    likeness = _rank_correlation(matrix)
    tree = linkage(squareform(1 - likeness, checks=False), method="average")
    of_column = fcluster(tree, 1 - threshold, criterion="distance")
    groups = {}
    for group in dict.fromkeys(of_column):
        members = np.flatnonzero(of_column == group)
        middle = members[likeness[np.ix_(members, members)].sum(axis=0).argmax()]
        others = f" and {len(members) - 1} like it" if len(members) > 1 else ""
        groups[names[middle] + others] = members.tolist()
    return groups


def _rank_correlation(matrix: np.ndarray) -> np.ndarray:
    """The absolute rank correlation of all columns, (d, d); a constant column is like no other."""
    from scipy.stats import rankdata

    ranks = rankdata(matrix, axis=0)
    ranks -= ranks.mean(axis=0)
    norm = np.linalg.norm(ranks, axis=0)
    ranks /= np.where(norm > 0, norm, 1.0)
    likeness = np.abs(ranks.T @ ranks)
    np.fill_diagonal(likeness, 1.0)
    return np.clip(likeness, 0.0, 1.0)


def summed(values: np.ndarray, groups: Groups) -> np.ndarray:
    """Additive values (n, d) of single inputs as those of the groups, (n, len(groups))."""
    return np.column_stack([values[:, list(columns)].sum(axis=1) for columns in groups.values()])
