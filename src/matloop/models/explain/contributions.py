"""Shapley values: what each input adds to one prediction (Lundberg & Lee 2017, arXiv:1705.07874).

The contributions of a row and the base, which is what the model says on average, sum to the prediction: tests hold
every way of computing them to that. LightGBM knows its own, in a fraction of the time that anything else needs; trees
of scikit-learn are left to shap's TreeExplainer where shap is installed and they are not too many; all else is sampled
(sampled_shapley.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from matloop.core.progress import Progress, silent
from matloop.models.explain import groups as together
from matloop.models.explain.asked import Asked, as_matrix, names_of
from matloop.models.explain.sampled_shapley import sampled

#: shap's TreeExplainer looks at each leaf for each row: for more of them, sampling is thirty times faster (100 rows of
#: 300 trees with 1,000 leaves: 20 s of one processor against 0.6 s).
MOST_LEAVES = 10_000_000


@dataclass(frozen=True)
class Contributions:
    """`values` (n, p) of p inputs or groups of inputs in n rows; `base` + their sum is `answers` (n,)."""

    values: np.ndarray
    base: float
    answers: np.ndarray
    names: tuple[str, ...]
    #: How they were computed, in words.
    method: str
    #: What they sum to: "prediction", "probability" of a class, or its "log-odds", in which boosted classifiers add up.
    scale: str = "prediction"

    @property
    def mean_absolute(self) -> np.ndarray:
        """How far each input moves the answer on average, (p,)."""
        return np.asarray(np.abs(self.values).mean(axis=0))

    def grouped(self, groups: together.Groups) -> Contributions:
        """The contributions of groups of inputs: sums, which keep the total."""
        return replace(self, values=together.summed(self.values, groups), names=tuple(groups))


def contributions(
    model: Any,
    rows: Any,
    background: Any,
    names: Sequence[str] | None = None,
    groups: together.Groups | None = None,
    label: Any = None,
    n_permutations: int = 32,
    seed: int = 0,
    progress: Progress = silent,
) -> Contributions:
    """The contributions of the inputs, or of groups of them, in each of the `rows` (n, d).

    `background` (m, d) are rows such as the model was trained on: what a sampled contribution is measured against.
    Of a classifier the class `label` is explained.
    """
    labels = names_of(rows, names)
    ask = Asked(model, rows, label)
    last, seen = _behind_scaling(model, rows)
    inner = Asked(last, seen, ask.label)
    fast = _by_lightgbm(inner, seen, labels) or _by_trees(inner, seen, labels)
    if fast is not None:
        return fast.grouped(groups) if groups is not None else fast
    players = groups if groups is not None else together.each(labels)
    values, base = sampled(ask, as_matrix(rows), as_matrix(background), players, n_permutations, seed, progress)
    scale = "probability" if ask.classes else "prediction"
    method = f"sampled: {n_permutations} orders of the inputs for each row, against {len(background)} rows"
    return Contributions(values, base, base + values.sum(axis=1), tuple(players), method, scale)


def _by_lightgbm(ask: Asked, rows: Any, names: tuple[str, ...]) -> Contributions | None:
    """LightGBM's own (path-dependent TreeSHAP, exact); None where the model is none of LightGBM."""
    if not _ancestors(ask.model, "lightgbm"):
        return None
    told = np.asarray(ask.model.predict(rows, pred_contrib=True))
    if len(ask.classes) > 2:
        width = len(names) + 1
        at = ask.place * width
        told = told[:, at : at + width]
    if len(ask.classes) == 2 and ask.place == 0:
        told = -told  # LightGBM speaks of the second class
    scale = "log-odds" if ask.classes else "prediction"
    return Contributions(told[:, :-1], float(told[0, -1]), told.sum(axis=1), names, "LightGBM's own, exact", scale)


#: What the classes of scikit-learn are called whose trees shap knows; ours are descended from these.
_TREES = ("BaseForest", "BaseDecisionTree")


def _by_trees(ask: Asked, rows: Any, names: tuple[str, ...]) -> Contributions | None:
    """shap's TreeExplainer (path-dependent, exact); None where the model is no tree, or shap is not installed."""
    if not _ancestors(ask.model, "sklearn").intersection(_TREES):
        return None
    try:
        from shap import TreeExplainer
    except ImportError:
        return None
    matrix = as_matrix(rows)
    if _n_leaves(ask.model) * len(matrix) > MOST_LEAVES:
        return None
    if not _is_plain_mean(ask, matrix):
        return None
    explainer = TreeExplainer(ask.model)
    values, base = np.asarray(explainer.shap_values(matrix)), np.atleast_1d(explainer.expected_value)
    scale = "prediction"
    if ask.classes:
        values, base, scale = values[:, :, ask.place], base[[ask.place]], "probability"
    return Contributions(
        values, float(base[0]), float(base[0]) + values.sum(axis=1), names, "shap TreeExplainer, exact", scale
    )


def _n_leaves(model: Any) -> int:
    trees = getattr(model, "estimators_", [model])
    return sum(int(tree.tree_.n_leaves) for tree in trees)


def _is_plain_mean(ask: Asked, matrix: np.ndarray) -> bool:
    """Whether the trees of a forest are simply averaged: a descendant may do it otherwise, which shap does not know.

    Asked between the rows, since on its training rows every tree may say the same.
    """
    trees = getattr(ask.model, "estimators_", None)
    if trees is None:
        return True
    between = (matrix + np.roll(matrix, 1, axis=0)) / 2
    told = [tree.predict_proba(between)[:, ask.place] if ask.classes else tree.predict(between) for tree in trees]
    return bool(np.allclose(np.mean(told, axis=0), ask(between)))


def _ancestors(model: Any, package: str) -> set[str]:
    """The names of the classes of a package that a model is descended from."""
    return {kind.__name__ for kind in type(model).__mro__ if kind.__module__.partition(".")[0] == package}


#: Steps of a pipeline that change each column by itself, so that its last step sees the same inputs.
_COLUMN_BY_COLUMN = {"SimpleImputer", "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler"}


def _behind_scaling(model: Any, rows: Any) -> tuple[Any, Any]:
    """The last step of a pipeline, and the rows as it sees them; else the model and the rows themselves."""
    steps = [step for _, step in getattr(model, "steps", [])]
    seen = rows
    for step in steps[:-1]:
        if type(step).__name__ not in _COLUMN_BY_COLUMN:
            return model, rows
        seen = step.transform(seen)
        if seen.shape[1] != rows.shape[1]:
            return model, rows
    return (steps[-1], seen) if steps else (model, rows)
