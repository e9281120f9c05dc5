"""Forests that know how wrong they are on rows that they have not seen, for the price of two.

Beside the forest, five smaller ones grow (ten, of few rows), each with a fifth of the trees and without its part of the
rows (of the groups, where rows belong together): what they say of the rows left out is `out_of_fold_`. A full
cross-validation costs five forests more; a forest made of such blocks alone would cost one and be 4 % less accurate
(measured on the experimental band gaps of Matbench).

The classes are scikit-learn's own with another `fit`, so that whatever explains or stores a forest knows them; that is
why this module, which is only imported when a forest is asked for, imports scikit-learn at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from matloop.core.magnitude import grow
from matloop.models.out_of_fold import folds_of
from matloop.models.splits import Fold

Array = NDArray[np.float64]
#: Of fewer rows none are left out.
LEAST = 10
#: The smaller forests beside it have so many times fewer trees.
SMALLER = 5
#: So many rows are predicted together.
ROWS = 4096


class _InBlocks:
    """The `fit` with blocks beside it. `out_of_fold_` is (n,), of classes (n, k); None where there are too few rows."""

    out_of_fold_: Array | None

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Grow on inputs X (n, d) and outcomes y (n,); rows of one of the `groups` (n,) are left out together."""
        grown(self, X, y, sample_weight)
        self.out_of_fold_ = self._rehearsed(X, y, sample_weight, groups)
        return self

    def _rehearsed(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> Array | None:
        """What smaller forests say of the rows that they have not seen; None where there are too few to leave out."""
        from sklearn.base import clone

        y = np.asarray(y)
        folds = [] if hasattr(X, "toarray") or y.ndim > 1 else self._folds(y, groups)
        if not folds:
            return None
        X = np.asarray(X)
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=float)
        me: Any = self
        seeds = check_random_state(me.random_state).randint(np.iinfo(np.int32).max, size=len(folds))
        out: Array | None = None
        for (train, test), seed in zip(folds, seeds, strict=True):
            block = clone(me).set_params(n_estimators=me.n_estimators // SMALLER, random_state=int(seed))
            grown(block, X[train], y[train], None if weight is None else weight[train])
            told = block.predict_proba(X[test]) if hasattr(block, "classes_") else block.predict(X[test])
            out = np.empty((len(y), *told.shape[1:])) if out is None else out
            out[test] = told
        return out

    def _folds(self, y: NDArray[Any], groups: Any) -> list[Fold]:
        """The rows that each block sees and leaves out; none where it would see next to nothing, or not all classes."""
        if len(y) < LEAST or self.n_estimators < SMALLER:  # type: ignore[attr-defined]
            return []
        is_classes = isinstance(self, RandomForestClassifier | ExtraTreesClassifier)
        folds = list(folds_of(y, groups, is_classes=is_classes))
        n_classes = len(np.unique(y)) if is_classes else 0
        is_whole = all(not is_classes or len(np.unique(y[train])) == n_classes for train, _ in folds)
        return folds if len(folds) > 1 and is_whole else []

    # -- stored ---------------------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """The nodes of all trees as a few long columns: far fewer objects, and a fraction of the bytes."""
        parent: Any = super()
        state = dict(parent.__getstate__())
        trees = state.pop("estimators_", None)
        state.pop("estimator_", None)
        state.pop("out_of_fold_", None)
        return state if trees is None else state | {"packed": _packed([each.tree_ for each in trees])}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Raises ValueError where the columns are no trees."""
        packed = state.pop("packed", None)
        super().__setstate__(state)  # type: ignore[misc]
        self.out_of_fold_ = None
        if packed is None:
            return
        me: Any = self
        me._validate_estimator()
        me.estimators_ = []
        for tree in _unpacked(packed, me.n_features_in_, np.atleast_1d(me.__dict__.get("n_classes_", 1))):
            shell = me._make_estimator(append=False)
            shell.tree_, shell.n_features_in_, shell.n_outputs_ = tree, me.n_features_in_, 1
            shell.max_features_ = max(1, me.n_features_in_)
            if hasattr(me, "classes_"):
                shell.classes_, shell.n_classes_ = np.arange(me.n_classes_, dtype=float), me.n_classes_
            me.estimators_.append(shell)


class _WithSpread(_InBlocks):
    """Regression: the trees' disagreement is told as well."""

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """The mean over the trees (m,); where asked, with their standard deviation (m,).

        The trees are summed in their order, so that the last digit is the same however many threads there are. Many
        rows are taken in blocks that stay in the processor's cache while tree after tree reads them.
        """
        if isinstance(X, np.ndarray) and len(X) > ROWS:
            parts = [self.predict(X[i : i + ROWS], return_std) for i in range(0, len(X), ROWS)]
            return tuple(map(np.concatenate, zip(*parts, strict=True))) if return_std else np.concatenate(parts)
        total: Any = 0.0
        squares: Any = 0.0
        n = len(self.estimators_) if hasattr(self, "estimators_") else 0
        for told in _told_by_trees(self, X, "predict"):
            total = total + told
            squares = squares + told**2 if return_std else 0.0
        mean = total / n
        return (mean, np.sqrt(np.maximum(squares / n - mean**2, 0.0))) if return_std else mean


class _WithVotes(_InBlocks):
    """Classification: the trees vote in their order, too."""

    def predict_proba(self, X: Any) -> Array:
        """The mean of the trees' probabilities (m, k)."""
        if getattr(self, "n_outputs_", 1) > 1:
            return super().predict_proba(X)  # type: ignore[misc]
        total: Any = 0.0
        for told in _told_by_trees(self, X, "predict_proba"):
            total = total + told
        return np.asarray(total / len(self.estimators_))  # type: ignore[attr-defined]


def _told_by_trees(forest: Any, X: Any, what: str) -> Iterator[Array]:
    """What each tree says of X, one after the other, while the next ones are at work."""
    from joblib import Parallel, delayed

    check_is_fitted(forest)
    x = forest._validate_X_predict(X)
    if forest.n_jobs in (None, 1):
        if what == "predict" and forest.n_outputs_ == 1:
            yield from (tree.tree_.predict(x)[:, 0] for tree in forest.estimators_)
        else:
            yield from (getattr(tree, what)(x, check_input=False) for tree in forest.estimators_)
        return
    asked = (delayed(getattr(tree, what))(x, check_input=False) for tree in forest.estimators_)
    yield from Parallel(n_jobs=forest.n_jobs, prefer="threads", require="sharedmem", return_as="generator")(asked)


class RandomForest(_WithSpread, RandomForestRegressor):
    """Breiman 2001, doi:10.1023/A:1010933404324."""


class ExtraTrees(_WithSpread, ExtraTreesRegressor):
    """Geurts, Ernst & Wehenkel 2006, doi:10.1007/s10994-006-6226-1."""


class RandomForestOfClasses(_WithVotes, RandomForestClassifier):
    """A random forest that votes for classes."""


class ExtraTreesOfClasses(_WithVotes, ExtraTreesClassifier):
    """Extremely randomized trees that vote for classes."""


#: The fields of a node, and the smallest types that hold what our trees have in them.
_FIELDS = {
    "left_child": np.int32,
    "right_child": np.int32,
    "feature": np.int32,
    "threshold": np.float64,
    "impurity": np.float64,
    "n_node_samples": np.int32,
    "weighted_n_node_samples": np.float64,
    "missing_go_to_left": np.uint8,
}


def _packed(trees: Sequence[Any]) -> dict[str, Any]:
    """Node after node, tree after tree: each field a column, the values (N, 1, k), and the size of each tree."""
    states = [tree.__getstate__() for tree in trees]
    nodes = np.concatenate([state["nodes"] for state in states])
    names = nodes.dtype.names or ()
    columns = {name: nodes[name].astype(kind) for name, kind in _FIELDS.items() if name in names}
    return {
        "nodes": columns,
        "values": np.concatenate([state["values"] for state in states]),
        "sizes": np.array([state["node_count"] for state in states], dtype=np.int64),
        "depths": np.array([state["max_depth"] for state in states], dtype=np.int64),
    }


def _unpacked(packed: dict[str, Any], n_features: int, n_classes: NDArray[np.intp]) -> Iterator[Any]:
    """The trees. Raises ValueError where a node leads out of its tree or asks for an input that there is not."""
    from sklearn.tree._tree import NODE_DTYPE, Tree

    from matloop.models.safety import require_tree

    sizes, values = packed["sizes"], np.asarray(packed["values"], dtype=np.float64)
    total = int(sizes.sum())
    columns = packed["nodes"]
    if (sizes < 1).any() or values.shape != (total, 1, int(n_classes.max())) or len(packed["depths"]) != len(sizes):
        raise ValueError("a forest has not the nodes that it says")
    nodes = np.zeros(total, dtype=NODE_DTYPE)
    for name in _FIELDS:
        if name in NODE_DTYPE.names and name in columns:
            nodes[name] = columns[name]
    start = 0
    for size, depth in zip(sizes.tolist(), packed["depths"].tolist(), strict=True):
        own = slice(start, start + size)
        left, right, feature = (nodes[name][own] for name in ("left_child", "right_child", "feature"))
        require_tree(left, right, feature, n_features, depth)
        tree = Tree(n_features, n_classes.astype(np.intp), 1)
        told = {"nodes": nodes[own], "values": values[own]}
        tree.__setstate__({"max_depth": depth, "node_count": size, **told})
        yield tree
        start += size


def grown(forest: Any, X: Any, y: Any, sample_weight: Any = None) -> Any:
    """The forest after scikit-learn's own fit, without blocks."""
    fit = super(_InBlocks, forest).fit
    if isinstance(forest, _WithVotes):
        return fit(X, y, sample_weight)
    grow(lambda scaled: fit(X, scaled, sample_weight), y, lambda: forest.estimators_)
    return forest


class DecisionTree(DecisionTreeRegressor):
    """One tree for outcomes in any unit: Breiman et al. 1984, Classification and Regression Trees."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None, check_input: bool = True) -> Self:
        """Grow on inputs X (n, d) and outcomes y (n,)."""
        fit = super().fit
        grow(lambda scaled: fit(X, scaled, sample_weight, check_input), y, lambda: [self])
        return self
