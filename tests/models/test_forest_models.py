"""Forests are scikit-learn's, with what they say out of fold and a form in which they can be stored without trust."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from matloop.models.forest import ExtraTrees, ExtraTreesOfClasses, RandomForest, RandomForestOfClasses

ALL = (RandomForest, ExtraTrees, RandomForestOfClasses, ExtraTreesOfClasses)


def expected(estimator: Any) -> dict[str, str]:
    """Bootstrap samples are not weighted rows: scikit-learn's own forests fail these checks as well."""
    if not estimator.bootstrap:
        return {}
    names = ("check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data")
    return dict.fromkeys(names, "bootstrap samples differ from weights")


@parametrize_with_checks(
    [kind(n_estimators=5) for kind in (RandomForest, ExtraTreesOfClasses)], expected_failed_checks=expected
)
def test_scikit_learn_finds_nothing_wrong_with_them(estimator: Any, check: Any) -> None:
    check(estimator)


def table(n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 6))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] ** 2


@pytest.mark.parametrize(("ours", "theirs"), [(RandomForest, RandomForestRegressor), (ExtraTrees, ExtraTreesRegressor)])
def test_they_predict_what_scikit_learns_forests_predict(ours: Any, theirs: Any) -> None:
    X, y = table()
    one, other = (kind(20, random_state=3, max_features=0.5).fit(X, y) for kind in (ours, theirs))
    X = X + 0.1
    assert np.allclose(one.predict(X), other.predict(X), atol=1e-12)
    mean, std = one.predict(X, return_std=True)
    each = np.stack([tree.predict(X.astype(np.float32)) for tree in other.estimators_])
    assert np.allclose(mean, each.mean(axis=0))
    assert np.allclose(std, each.std(axis=0), atol=1e-7)
    labels = (y > 0.5).astype(int)
    ours_of_classes = RandomForestOfClasses(20, random_state=3).fit(X, labels)
    assert np.allclose(
        ours_of_classes.predict_proba(X), RandomForestClassifier(20, random_state=3).fit(X, labels).predict_proba(X)
    )


@pytest.mark.parametrize("kind", ALL)
def test_threads_change_no_digit(kind: Any) -> None:
    X, y = table()
    y = y if kind in (RandomForest, ExtraTrees) else (y > 0.5).astype(int)
    one, other = (kind(30, random_state=0, n_jobs=n).fit(X, y) for n in (1, 2))
    for name in ("predict", "predict_proba"):
        if hasattr(one, name):
            assert np.array_equal(getattr(one, name)(X), getattr(other, name)(X))
    assert np.array_equal(one.out_of_fold_, other.out_of_fold_)


@pytest.mark.parametrize("kind", ALL)
def test_a_stored_forest_is_the_same_to_the_last_digit(kind: Any) -> None:
    """By the state that is stored, of which a pickle made here is only the vehicle; importances and depths are kept."""
    X, y = table()
    y = y if kind in (RandomForest, ExtraTrees) else np.digitize(y, [0.3, 1.0])
    forest = kind(15, random_state=0, max_leaf_nodes=20).fit(X, y)
    again = pickle.loads(pickle.dumps(forest))
    assert np.array_equal(forest.predict(X), again.predict(X))
    assert np.array_equal(forest.feature_importances_, again.feature_importances_)
    assert [t.get_depth() for t in forest.estimators_] == [t.get_depth() for t in again.estimators_]
    assert np.array_equal(forest.apply(X), again.apply(X))
    assert again.out_of_fold_ is None
    assert np.array_equal(clone(again).fit(X, y).predict(X), forest.predict(X))


@pytest.mark.parametrize(
    ("name", "value"), [("left_child", 10_000), ("left_child", 5), ("right_child", 0), ("feature", 6), ("feature", -1)]
)
def test_columns_that_are_no_trees_are_refused(name: str, value: int) -> None:
    X, y = table()
    forest = RandomForest(3, random_state=0).fit(X, y)
    state = forest.__getstate__()
    column = state["packed"]["nodes"][name]
    column[np.flatnonzero(state["packed"]["nodes"]["left_child"] > 0)[0]] = value
    with pytest.raises(ValueError, match="tree"):
        RandomForest.__new__(RandomForest).__setstate__(state)


def test_a_tree_that_is_deeper_than_it_says_is_refused() -> None:
    """scikit-learn makes room for as many steps as it says, and takes as many as there are."""
    X, y = table()
    state = RandomForest(3, random_state=0).fit(X, y).__getstate__()
    state["packed"]["depths"][1] = 2
    with pytest.raises(ValueError, match="deeper"):
        RandomForest.__new__(RandomForest).__setstate__(state)


def test_sizes_that_do_not_fit_are_refused() -> None:
    X, y = table(60)
    for change in ("sizes", "values", "depths"):
        state = RandomForest(3, random_state=0).fit(X, y).__getstate__()
        state["packed"][change] = state["packed"][change][:-1]
        with pytest.raises(ValueError, match=r"forest|tree|broadcast"):
            RandomForest.__new__(RandomForest).__setstate__(state)


def test_few_rows_grow_a_forest_without_words_out_of_fold() -> None:
    X, y = table(6)
    assert RandomForest(10).fit(X, y).out_of_fold_ is None


def test_explainers_know_them() -> None:
    """SHAP values of the trees sum to the prediction."""
    shap = pytest.importorskip("shap")
    X, y = table(80)
    forest = RandomForest(10, random_state=0).fit(X, y)
    explainer = shap.TreeExplainer(forest)
    total = explainer.shap_values(X[:5]).sum(axis=1) + explainer.expected_value
    assert np.allclose(total, forest.predict(X[:5]))
