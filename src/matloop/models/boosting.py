"""LightGBM's models in a form that can be stored and read without trust.

Their trees are kept as LightGBM's own text, and that is looked through before LightGBM, which follows it without a
look, gets to read it. Imported only when boosting is asked for, and only where LightGBM is installed: its classes are
the base of these, so that whatever explains a model of LightGBM knows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from lightgbm import Booster, LGBMClassifier, LGBMRegressor

#: More classes, or trees, than any model of ours has.
_MOST = 100_000


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
    """Raises ValueError unless the text of a model holds sound trees of numeric inputs alone."""
    head, *trees = text.split("\nTree=")
    facts = dict(line.partition("=")[::2] for line in head.splitlines())
    n_features, n_each = int(facts["max_feature_idx"]) + 1, int(facts["num_tree_per_iteration"])
    named = {len(facts["feature_names"].split()), len(facts["feature_infos"].split())}
    if not (0 < n_each < _MOST and n_each == int(facts["num_class"]) and named == {n_features}):
        raise ValueError("a boosted model does not say how large it is")
    if not trees or len(trees) % n_each or len(facts["tree_sizes"].split()) != len(trees) or len(trees) > _MOST:
        raise ValueError("a boosted model has not the trees that it says")
    for tree in trees:
        _require_tree(dict(line.partition("=")[::2] for line in tree.split("\n\n")[0].splitlines()), n_features)


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
