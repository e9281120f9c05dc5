"""LightGBM's models in a form that can be stored and read without trust.

Their trees are kept as LightGBM's own text, and that is looked through before LightGBM, which follows it without a
look, gets to read it. Imported only when boosting is asked for, and only where LightGBM is installed: its classes are
the base of these, so that whatever explains a model of LightGBM knows them.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from lightgbm import Booster, LGBMClassifier, LGBMRegressor

#: More classes, or trees, than any model of ours has.
_MOST = 100_000
#: LightGBM reads no more lines of a tree.
_MOST_LINES = 22
#: What ours may be set to: others could name files, or machines.
_SETTINGS = {"deterministic", "force_col_wise", "verbosity", *inspect.signature(LGBMRegressor.__init__).parameters}


class _Stored:
    """State without LightGBM's own objects: settings, and the trees as text."""

    _Booster: Any

    def __getstate__(self) -> dict[str, Any]:
        state = dict(vars(self))
        booster = state.pop("_Booster", None)
        kept = {name: value for name, value in state.items() if not name.startswith("_evals_result")}
        kept["_best_score"] = {}
        return kept | {"trees": None if booster is None else booster.model_to_string(num_iteration=-1)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        text = state.pop("trees")
        if not set(state.get("_other_params") or ()) <= _SETTINGS:
            raise ValueError("a boosted model has settings that ours do not have")
        self.__dict__.update(state)
        self.__dict__.update(_evals_result=None, _Booster=None)
        if text is not None:
            require_sound(text)
            self._Booster = Booster(model_str=text)


class BoostedTrees(_Stored, LGBMRegressor):
    """Ke et al. 2017, LightGBM, NeurIPS 30."""


class BoostedTreesOfClasses(_Stored, LGBMClassifier):
    """The same for classes."""


def require_sound(text: str) -> None:
    """Raises ValueError unless the text of a model holds sound trees of numeric inputs alone.

    LightGBM goes by the sizes that the text tells of its trees and reads so many lines of each: what is looked through
    here must be just what it will read.
    """
    head, told = _head(text)
    facts = _facts(head, most=20)
    n_features, n_each = int(facts["max_feature_idx"]) + 1, int(facts["num_tree_per_iteration"])
    named = {len(facts["feature_names"].split()), len(facts["feature_infos"].split())}
    if not (0 < n_each < _MOST and n_each == int(facts["num_class"]) and named == {n_features}):
        raise ValueError("a boosted model does not say how large it is")
    _require_objective(facts.get("objective", ""), n_each)
    sizes = [int(size) for size in facts["tree_sizes"].split()]
    if not sizes or len(sizes) % n_each or len(sizes) > _MOST or min(sizes) < 1 or sum(sizes) > len(told):
        raise ValueError("a boosted model has not the trees that it says")
    start = 0
    for number, size in enumerate(sizes):
        tree = told[start : start + size]
        first, _, rest = tree.partition("\n")
        if first != f"Tree={number}" or "Tree=" in rest:
            raise ValueError("a boosted model has not the trees that it says")
        _require_tree(_facts(rest.rstrip("\n"), _MOST_LINES), n_features)
        start += size
    if not told[start:].startswith("end of trees"):
        raise ValueError("a boosted model does not end where it says")


def _head(text: str) -> tuple[str, str]:
    """What stands before the first tree, and the rest: all of it plain letters, one line after the other."""
    if not text.isascii() or any(sign in text for sign in "\r\v\f\0\x1c\x1d\x1e"):
        raise ValueError("a boosted model has letters in it that none has")
    head, sign, rest = text.partition("\nTree=")
    return head.rstrip("\n"), sign[1:] + rest


def _facts(lines: str, most: int) -> dict[str, str]:
    """The lines NAME=VALUE, each name once; lines of one word have no value."""
    pairs = [line.split("=") for line in lines.split("\n")]
    facts = {pair[0]: "".join(pair[1:]) for pair in pairs}
    if len(pairs) > most or len(facts) < len(pairs) or any(len(pair) > 2 for pair in pairs) or "" in facts:
        raise ValueError("a boosted model says something twice, or more than it can")
    return facts


def _require_objective(objective: str, n_each: int) -> None:
    """Raises ValueError where as many answers would be written as there is no room for."""
    settings = dict(word.partition(":")[::2] for word in objective.split()[1:])
    told = int(settings.get("num_class", n_each))
    if told != n_each or (objective.startswith("multiclass") and "num_class" not in settings):
        raise ValueError("a boosted model does not say how many classes it has")


def _require_tree(told: Mapping[str, str], n_features: int) -> None:
    n_leaves = int(told["num_leaves"])
    if told["num_cat"] != "0" or told.get("is_linear", "0") != "0":
        raise ValueError("a boosted tree is of a kind that our models do not have")
    if n_leaves < 1 or len(told["leaf_value"].split()) != n_leaves:
        raise ValueError("a boosted tree has not the leaves that it says")
    if n_leaves == 1:
        return
    names = ("left_child", "right_child", "split_feature", "threshold", "decision_type")
    columns = {name: told[name].split() for name in names}
    if any(len(cells) != n_leaves - 1 for cells in columns.values()):
        raise ValueError("a boosted tree has not the nodes that it says")
    here = np.arange(n_leaves - 1)
    for name in ("left_child", "right_child"):
        child = np.array(columns[name], dtype=np.int64)
        if not np.where(child < 0, -child <= n_leaves, (child > here) & (child < n_leaves - 1)).all():
            raise ValueError("a boosted tree leads out of itself")
    feature = np.array(columns["split_feature"], dtype=np.int64)
    kinds = np.array(columns["decision_type"], dtype=np.int64)
    if not ((feature >= 0) & (feature < n_features)).all() or (kinds & 1).any():
        raise ValueError("a boosted tree asks for an input that there is not")
