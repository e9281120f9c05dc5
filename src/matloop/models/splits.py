"""How rows are held back to see what a model is worth: at random, by group, by cluster, in time, or as given.

Each is a scikit-learn splitter: `split(X, y, groups)` yields the places of training and test rows. A fold's test rows
teach the training rows nothing: what is learned for splitting (clusters) comes from inputs alone, never from outcomes.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matloop.core.errors import InputError

Places = NDArray[np.intp]
#: A fold's training rows and its test rows.
Fold = tuple[Places, Places]


class SplitError(InputError):
    """Rows that cannot be split in the way that is asked for."""


class Splitter:
    """What scikit-learn asks of a splitter. A subclass yields the test rows of each fold."""

    #: Whether rows that are alike are kept together: such a split tells more than a random one.
    is_grouped = True

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[Fold]:
        """Yields (training rows, test rows). Raises SplitError where there are too few rows or groups."""
        n = _n_rows(X)
        everyone = np.arange(n)
        for test in self.tests(X, y, groups):
            yield np.setdiff1d(everyone, test, assume_unique=True), test

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """The number of folds."""
        raise NotImplementedError

    def tests(self, X: Any, y: Any, groups: Any) -> Iterator[Places]:
        """The test rows of each fold, in order."""
        raise NotImplementedError

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={getattr(self, name)!r}" for name in inspect.signature(type(self)).parameters)
        return f"{type(self).__name__}({told})"


class RandomSplit(Splitter):
    """Rows dealt out by chance; classes in the same shares to each fold where `is_stratified`."""

    is_grouped = False

    def __init__(self, n_folds: int = 5, seed: int = 0, is_stratified: bool = False) -> None:
        self.n_folds, self.seed, self.is_stratified = n_folds, seed, is_stratified

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        return self.n_folds

    def tests(self, X: Any, y: Any, groups: Any) -> Iterator[Places]:
        n = _n_rows(X)
        _need(n, self.n_folds, "row")
        order = np.random.default_rng(self.seed).permutation(n)
        if self.is_stratified:
            classes = np.unique(np.asarray(y), return_inverse=True)[1]
            order = order[np.argsort(classes[order], kind="stable")]  # each class in a row, dealt out one by one
        for fold in range(self.n_folds):
            yield np.sort(order[fold :: self.n_folds])


class GroupedSplit(Splitter):
    """Rows of a group, such as all entries of one composition, are in the same fold; folds are about equally large."""

    def __init__(self, n_folds: int = 5, seed: int = 0) -> None:
        self.n_folds, self.seed = n_folds, seed

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        return self.n_folds

    def tests(self, X: Any, y: Any, groups: Any) -> Iterator[Places]:
        _, member = group_codes(groups, _n_rows(X))
        sizes = np.bincount(member)
        _need(len(sizes), self.n_folds, "group")
        fold_of = self._dealt(sizes)
        for fold in range(self.n_folds):
            yield np.flatnonzero(fold_of[member] == fold)

    def _dealt(self, sizes: NDArray[np.intp]) -> NDArray[np.intp]:
        """The fold of each group: the largest first, each to the fold that has the fewest rows yet."""
        order = np.random.default_rng(self.seed).permutation(len(sizes))
        order = order[np.argsort(-sizes[order], kind="stable")]
        fold_of = np.empty(len(sizes), dtype=np.intp)
        rows = np.zeros(self.n_folds)
        for group in order:
            fold_of[group] = rows.argmin()
            rows[fold_of[group]] += sizes[group]
        return fold_of


class LeaveOneGroupOut(Splitter):
    """Each group is a fold of its own: a laboratory, a batch, a family of materials."""

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        return len(group_codes(groups, len(groups))[0])

    def tests(self, X: Any, y: Any, groups: Any) -> Iterator[Places]:
        names, member = group_codes(groups, _n_rows(X))
        _need(len(names), 2, "group")
        for group in range(len(names)):
            yield np.flatnonzero(member == group)


class LeaveOneClusterOut(Splitter):
    """Each cluster of similar rows is a fold: what the model is worth on a kind of material that it has not seen.

    The clusters are those of k-means on standardized inputs X (n, d), where a missing value counts as the mean:
    leave-one-cluster-out cross-validation, Meredig et al. 2018, doi:10.1039/C8ME00012C.
    """

    def __init__(self, n_clusters: int = 5, seed: int = 0) -> None:
        self.n_clusters, self.seed = n_clusters, seed

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        return self.n_clusters

    def tests(self, X: Any, y: Any, groups: Any) -> Iterator[Places]:
        cluster = self.clusters(X)
        for label in range(self.n_clusters):
            yield np.flatnonzero(cluster == label)

    def clusters(self, X: Any) -> NDArray[np.intp]:
        """The cluster of each row, (n,)."""
        from sklearn.cluster import KMeans

        x = standardized(np.asarray(X, dtype=float))
        _need(len(np.unique(x, axis=0)), self.n_clusters, "distinct row")
        return np.asarray(KMeans(self.n_clusters, n_init=3, random_state=self.seed).fit_predict(x), dtype=np.intp)


class TimeSplit(Splitter):
    """Trained on the past, tested on what came next. `groups` are times or dates; those that are equal stay together.

    The rows are cut into n_folds + 1 blocks in order of time; the first block is never tested.
    """

    def __init__(self, n_folds: int = 5) -> None:
        self.n_folds = n_folds

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        return self.n_folds

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[Fold]:
        times, moment = group_codes(groups, _n_rows(X))
        _need(len(times), self.n_folds + 1, "moment")
        n_rows = np.bincount(moment)
        middle = (np.cumsum(n_rows) - n_rows / 2) / len(moment)
        block = np.floor(middle * (self.n_folds + 1)).astype(int)[moment]
        if len(np.unique(block)) <= self.n_folds:
            raise SplitError(f"too many rows share their time for {self.n_folds} folds", "take fewer folds")
        for fold in range(1, self.n_folds + 1):
            yield np.flatnonzero(block < fold), np.flatnonzero(block == fold)


class GivenFolds(Splitter):
    """Folds that somebody published: the places of each one's test rows, counted from 0."""

    is_grouped = False

    def __init__(self, folds: Sequence[Sequence[int]]) -> None:
        self.folds = folds

    @classmethod
    def read(cls, path: Path | str) -> GivenFolds:
        """From JSON: {"0": [rows], "1": [rows], …}, or a list of lists. Raises SplitError."""
        try:
            told = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise SplitError(f"cannot read the folds {path}: {error.strerror}", _FOLDS_HINT) from error
        except (ValueError, RecursionError) as error:
            raise SplitError(f"{path} is not JSON: {error}", _FOLDS_HINT) from error
        folds = list(told.values()) if isinstance(told, Mapping) else told
        is_rows = isinstance(folds, list) and all(
            isinstance(fold, list) and all(type(row) is int and row >= 0 for row in fold) for fold in folds
        )
        if not is_rows or len(folds) < 2 or not all(folds):
            raise SplitError(f"{path} does not hold at least two folds of row numbers", _FOLDS_HINT)
        return cls(folds)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        return len(self.folds)

    def tests(self, X: Any, y: Any, groups: Any) -> Iterator[Places]:
        n = _n_rows(X)
        rows = np.concatenate([np.asarray(fold, dtype=np.intp) for fold in self.folds])
        if rows.max(initial=0) >= n:
            raise SplitError(f"the folds name row {rows.max()}, but there are only {n} rows, counted from 0")
        if len(np.unique(rows)) < len(rows):
            raise SplitError("the folds overlap: a row is in two of them")
        for fold in self.folds:
            yield np.sort(np.asarray(fold, dtype=np.intp))


_FOLDS_HINT = 'as in {"0": [3, 7], "1": [0, 5]}: the test rows of each fold, counted from 0'


def group_codes(groups: Any, n: int) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """The distinct groups in order, and the number of each row's, (n,). Raises SplitError where a row has none."""
    if groups is None:
        raise SplitError("this split needs the group of each row", "pass groups=")
    if len(groups) != n:
        raise SplitError(f"there are {n} rows, but {len(groups)} groups are named")
    cells = np.asarray(groups)
    without = sum(cell is None or cell != cell for cell in cells.tolist())
    if without:
        raise SplitError(f"{without} of {n} rows have no group", "fill the column, or split by another one")
    try:
        names, member = np.unique(cells, return_inverse=True)
    except TypeError:  # numbers and texts side by side cannot be ordered
        names, member = np.unique(np.array([str(cell) for cell in cells.tolist()]), return_inverse=True)
    return names, member.reshape(-1)


def standardized(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each column with mean 0 and standard deviation 1; missing values and constant columns are 0."""
    known = np.isfinite(x)
    counts = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, x, 0.0)
    mean = filled.sum(axis=0) / counts
    centred = np.where(known, x - mean, 0.0)
    scale = np.sqrt((centred**2).sum(axis=0) / counts)
    return np.asarray(centred / np.where(scale > 1e-12 * np.maximum(np.abs(mean), 1e-300), scale, np.inf))


def _n_rows(X: Any) -> int:
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def _need(n: int, n_folds: int, what: str) -> None:
    if n_folds < 2:
        raise SplitError(f"{n_folds} fold is no split", "take two folds or more")
    if n < n_folds:
        many = what if n == 1 else f"{what}s"
        raise SplitError(f"{n} {many} cannot be split into {n_folds} folds", "take fewer folds, or another split")
