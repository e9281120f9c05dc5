"""What a stored model may consist of, and a look at what native code would take on trust.

skops restores objects of the types that it is told to trust and refuses all others, but it does not look at what is
in them. The nodes of trees hold numbers of children and of inputs which scikit-learn follows without a look: a crafted
file could lead it anywhere, or in circles. So each restored tree is looked through before it is used. (The models of
`forest` and `boosting` look through their own while they are restored.)
"""

from __future__ import annotations

import json
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
    matloop.models.forest.DecisionTree
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


#: What skops may build a model of: data, objects of trusted types, and one function. Nothing that calls something.
NODES = frozenset(
    """
    BytearrayNode BytesNode DTypeNode DefaultDictNode DictNode FunctionNode JsonNode ListNode LossNode MaskedArrayNode
    NdArrayNode ObjectNode RandomGeneratorNode RandomStateNode SetNode SliceNode TreeNode TupleNode TypeNode
    """.split()
)


def require_plain(schema: Any, lengths: Mapping[str, int]) -> None:
    """Raises ValueError unless a schema of skops is made of plain nodes, and its trees are as large as they say.

    scikit-learn's tree believes what it is told when it is made: `lengths` are those of the arrays by their files.
    """
    owners: dict[str, Any] = {}
    known: dict[Any, Any] = {}
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            waiting += node.values()
            if "__loader__" in node and node["__loader__"] not in NODES:
                raise ValueError(f"it wants a {str(node['__loader__'])[:40]}, which a trained model does not need")
            number = node.get("__id__")  # skops makes one object of all nodes of a number, whatever is in them
            other = node if number is None else known.setdefault(number, node)
            is_other = other != node and _bare(other) != _bare(node) and not (_has_dtype(other) and _has_dtype(node))
            if is_other or ("file" in node and owners.setdefault(node["file"], number) != number):
                raise ValueError("two of its parts are said to be one")
            if node.get("__loader__") == "TreeNode":
                _require_tree_node(node, lengths)


def _bare(node: Any) -> Any:
    """The node without numbers: those of the types of keys differ each time."""
    if isinstance(node, dict):
        return {name: _bare(inner) for name, inner in node.items() if name != "__id__"}
    return [_bare(inner) for inner in node] if isinstance(node, list) else node


def _has_dtype(node: Any) -> bool:
    """Whether a kind of numbers is in it: that is stored by an example, which differs from node to node."""
    return '"DTypeNode"' in json.dumps(node)


def _require_tree_node(node: Any, lengths: Mapping[str, int]) -> None:
    told = node["content"]["content"]
    _, n_classes, n_outputs = node["__reduce__"]["args"]["content"]
    n_nodes = lengths[told["nodes"]["file"]]
    is_sound = lengths[n_classes["file"]] == 1 == json.loads(n_outputs["content"])
    if (
        _has_dtype(node)
        or not is_sound
        or json.loads(told["node_count"]["content"]) != n_nodes
        or lengths[told["values"]["file"]] != n_nodes
    ):
        raise ValueError("a tree has not the nodes that it says")


def require_sound(model: Any) -> None:
    """Raises ValueError where native code would be led out of an array, in circles, or into a folder of files."""
    for part in _parts(model):
        kind = f"{type(part).__module__}.{type(part).__name__}"
        if kind == "sklearn.tree._tree.Tree":
            nodes = part.__getstate__()["nodes"]
            require_tree(nodes["left_child"], nodes["right_child"], nodes["feature"], part.n_features, part.max_depth)
        elif kind.endswith("_hist_gradient_boosting.predictor.TreePredictor"):
            _require_predictor(part)
        elif isinstance(getattr(part, "__dict__", None), dict):
            _require_fitting(vars(part))


def _require_fitting(part: Mapping[str, Any]) -> None:
    """Raises ValueError where the parts of an estimator do not fit each other."""
    n = part.get("n_features_in_")
    if "tree_" in part and part["tree_"].n_features != n:
        raise ValueError("a tree is of other inputs than its model")
    for tree in np.ravel(np.asarray(part.get("estimators_", ()), dtype=object)):
        if hasattr(tree, "tree_") and tree.tree_.n_features > n:
            raise ValueError("a tree is of other inputs than its forest")
    for stage in part.get("_predictors", ()):
        for tree in stage:
            if not (tree.nodes["feature_idx"] < n).all() or part.get("_preprocessor") is not None:
                raise ValueError("a tree asks for an input that there is not")
    if "_dual_coef_" in part:
        _require_vectors(part)
    if part.get("memory") is not None:
        raise ValueError("it wants to keep what it computes in a folder")


def _require_vectors(part: Mapping[str, Any]) -> None:
    """Raises ValueError unless the arrays of a support vector machine have the lengths that libsvm believes."""
    vectors, k = part["support_vectors_"], len(part["_n_support"])
    pairs = k * (k - 1) // 2
    is_sound = (
        vectors.shape[1:] == (part["shape_fit_"][1],)
        and part["support_"].shape == (len(vectors),)
        and part["_dual_coef_"].shape == (max(1, k - 1), len(vectors))
        and part["_intercept_"].shape == (max(1, pairs),)
        and (np.asarray(part["_n_support"]) >= 0).all()
        and ("classes_" not in part or int(np.sum(part["_n_support"])) == len(vectors))
        and "_impl" not in part
        and all(part[name].size in (0, pairs) for name in ("_probA", "_probB"))
        and part["kernel"] in ("rbf", "linear", "poly", "sigmoid")
        and part["_sparse"] is False
    )
    if not is_sound:
        raise ValueError("support vectors do not fit each other")


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
    # how many inputs there are is known to the model around it: see _require_fitting
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
