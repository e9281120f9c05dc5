"""What a stored model may consist of, and a look at what native code would take on trust.

skops restores objects of the types that it is told to trust and refuses all others, but it does not look at what is
in them. The nodes of trees hold numbers of children and of inputs which scikit-learn follows without a look: a crafted
file could lead it anywhere, or in circles. So each restored tree is looked through before it is used. (The models of
`forest` and `boosting` look through their own while they are restored.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

#: The types (and one function) beyond those that skops trusts by itself. Exact names: the rest of a module stays out.
TRUSTED = frozenset(
    """
    collections.OrderedDict
    numpy.dtype
    matloop.core.block.Block
    matloop.discovery.predictor.Predictor
    matloop.discovery.representation.Representation
    matloop.models.automatic.AutomaticClassifier
    matloop.models.automatic.AutomaticRegressor
    matloop.models.bent.BentRegressor
    matloop.models.boosting.BoostedTrees
    matloop.models.boosting.BoostedTreesOfClasses
    matloop.models.conformal.ConformalIntervals
    matloop.models.distinct.Distinct
    matloop.models.domain.ApplicabilityDomain
    matloop.models.forest.ExtraTrees
    matloop.models.forest.ExtraTreesOfClasses
    matloop.models.forest.RandomForest
    matloop.models.forest.RandomForestOfClasses
    matloop.models.gaussian_process.GaussianProcess
    matloop.models.gaussian_process_classifier.GaussianProcessClassifier
    matloop.models.geometry.Geometry
    matloop.models.kernels.Matern52
    matloop.models.kernels.SquaredExponential
    matloop.models.probabilities.ProbabilityCalibration
    matloop.models.self_training.SelfTrainingRegressor
    matloop.models.semi_supervised.SemiSupervisedClassifier
    matloop.models.trimmed_trees.TrimmedTrees
    sklearn.calibration._CalibratedClassifier
    sklearn.calibration._SigmoidCalibration
    sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor
    sklearn.metrics._regression.mean_absolute_error
    sklearn.metrics._scorer._Scorer
    sklearn.model_selection._split.KFold
    sklearn.neural_network._stochastic_optimizers.AdamOptimizer
    sklearn.tree._tree.Tree
    """.split()
)


def require_sound(model: Any) -> None:
    """Raises ValueError where a tree somewhere in the model leads out of itself, or in circles."""
    for part in _parts(model):
        kind = f"{type(part).__module__}.{type(part).__name__}"
        if kind == "sklearn.tree._tree.Tree":
            nodes = part.__getstate__()["nodes"]
            require_tree(nodes["left_child"], nodes["right_child"], nodes["feature"], part.n_features, part.max_depth)
        elif kind.endswith("_hist_gradient_boosting.predictor.TreePredictor"):
            _require_predictor(part)


def require_tree(left: Any, right: Any, feature: Any, n_features: int, max_depth: int | None = None) -> None:
    """Raises ValueError unless the nodes are one tree, no deeper than it says, and ask for inputs that there are.

    An inner node leads to two later ones, and each node but the first is led to once.
    """
    left, right = np.asarray(left, dtype=np.int64), np.asarray(right, dtype=np.int64)
    n, inner = len(left), np.flatnonzero(left != -1)
    children = np.concatenate([left[inner], right[inner]])
    if not n or not ((children > np.tile(inner, 2)) & (children < n)).all():
        raise ValueError("a tree leads out of itself")
    if not np.array_equal(np.sort(children), np.arange(1, n)):
        raise ValueError("a tree has a node that belongs to none or to two others")
    asked = np.asarray(feature)[inner]
    if not ((asked >= 0) & (asked < n_features)).all():
        raise ValueError("a tree asks for an input that there is not")
    if max_depth is not None and _depth(left, right) > max_depth:
        raise ValueError("a tree is deeper than it says")


def _depth(left: Any, right: Any) -> int:
    """How many steps lead to the deepest leaf."""
    level, depth = np.zeros(1, dtype=np.int64), 0
    while True:
        inner = level[left[level] != -1]
        if not len(inner):
            return depth
        level, depth = np.concatenate([left[inner], right[inner]]), depth + 1


def _require_predictor(predictor: Any) -> None:
    nodes = predictor.nodes
    inner = nodes["is_leaf"] == 0
    if nodes["is_categorical"].any():
        raise ValueError("a tree has kinds of inputs that our models do not have")
    left = np.where(inner, nodes["left"].astype(np.int64), -1)
    # how many inputs there are is known to the model around it, which checks what it is given
    require_tree(left, nodes["right"].astype(np.int64), nodes["feature_idx"], 1_000_000)


def _parts(model: Any) -> Iterator[Any]:
    """The model and everything in it."""
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str | bytes | int | float | complex | type(None)) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        if isinstance(part, Mapping):
            waiting += part.values()
        elif isinstance(part, list | tuple | set | frozenset):
            waiting += part
        elif isinstance(part, np.ndarray):
            waiting += part.ravel().tolist() if part.dtype == object else []
        elif hasattr(part, "__dict__"):
            waiting += vars(part).values()
