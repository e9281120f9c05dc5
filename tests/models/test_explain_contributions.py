"""Shapley values: they add up, they agree with the definition and with each other."""

from itertools import combinations
from math import factorial
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import make_classification, make_friedman1
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from matloop.core.errors import InputError
from matloop.models.catalogue import model
from matloop.models.explain import contributions as module
from matloop.models.explain.contributions import contributions
from matloop.models.trimmed_trees import TrimmedTrees

X, Y = make_friedman1(160, n_features=6, noise=0.1, random_state=0)


def model_of(function):
    """Something with a predict."""
    return SimpleNamespace(predict=function)


def exact_shapley(function, row, background):
    """The definition: each input's mean gain over all sets of the others, the rest taken from the background rows."""

    def value(members):
        mixed = background.copy()
        mixed[:, list(members)] = row[list(members)]
        return function(mixed).mean()

    d = len(row)
    values = np.zeros(d)
    for i in range(d):
        others = [j for j in range(d) if j != i]
        for size in range(d):
            weight = factorial(size) * factorial(d - size - 1) / factorial(d)
            for members in combinations(others, size):
                values[i] += weight * (value((*members, i)) - value(members))
    return values


@given(st.integers(0, 1000), st.integers(2, 40))
def test_sampled_contributions_and_the_base_sum_to_the_prediction(seed, n_permutations):
    """Whatever the number of samples, no part of the prediction is lost."""
    function = np.random.default_rng(seed).normal(size=(6, 3))
    fitted = model_of(lambda x: np.sin(x @ function).prod(axis=1))
    told = contributions(fitted, X[:5], X[5:50], n_permutations=n_permutations, seed=seed)
    np.testing.assert_allclose(told.base + told.values.sum(axis=1), fitted.predict(X[:5]), atol=1e-12)
    np.testing.assert_allclose(told.answers, fitted.predict(X[:5]), atol=1e-12)


def test_sampled_contributions_of_a_linear_model_are_its_terms():
    """β (x − mean of the background), exactly, when each background row is walked from equally often."""
    fitted = LinearRegression().fit(X, Y)
    told = contributions(fitted, X[:7], X[100:108], n_permutations=16)
    np.testing.assert_allclose(told.values, fitted.coef_ * (X[:7] - X[100:108].mean(axis=0)), atol=1e-10)


def test_one_order_and_its_reverse_are_exact_where_only_pairs_interact():
    """Walking each order backwards too gives the definition's values without sampling error."""

    def function(x):
        return x[:, 0] * x[:, 1] + 3 * x[:, 2] * x[:, 4] - x[:, 3] ** 2

    told = contributions(model_of(function), X[:1], X[10:11], n_permutations=2)
    np.testing.assert_allclose(told.values[0], exact_shapley(function, X[0], X[10:11]), atol=1e-12)


def test_sampling_comes_close_to_the_definition_for_any_interactions():
    """With many orders the sampled values go to the exact ones."""
    fitted = SVR(C=10).fit(X, Y)
    told = contributions(fitted, X[:2], X[40:44], n_permutations=800)
    for row, values in zip(X[:2], told.values, strict=True):
        np.testing.assert_allclose(values, exact_shapley(fitted.predict, row, X[40:44]), atol=0.05)


def test_an_input_that_the_model_ignores_contributes_nothing():
    """The dummy axiom."""
    told = contributions(model_of(lambda x: x[:, 0] * x[:, 2]), X[:9], X[9:40])
    assert np.all(told.values[:, [1, 3, 4, 5]] == 0)


def test_inputs_that_a_row_shares_with_the_background_are_not_asked_for():
    """Sparse rows, such as fractions of elements, cost only what differs."""
    asked = []

    def function(x):
        asked.append(len(x))
        return x.sum(axis=1)

    row, background = np.zeros((1, 100)), np.zeros((1, 100))
    row[0, 7] = 1.0
    told = contributions(model_of(function), row, background, n_permutations=2)
    assert told.values[0, 7] == 1.0
    assert sum(asked) <= 2 * 2 + 2


def test_groups_are_players_and_sums():
    """A group's contribution is that of its members together: sampled as one, or summed where the values are exact."""
    groups = {"first": [0, 1], "rest": [2, 3, 4, 5]}
    fitted = LinearRegression().fit(X, Y)
    together = contributions(fitted, X[:5], X[5:21], groups=groups, n_permutations=32)
    single = contributions(fitted, X[:5], X[5:21], n_permutations=32).grouped(groups)
    np.testing.assert_allclose(together.values, single.values, atol=1e-10)
    assert together.names == ("first", "rest")


@pytest.mark.parametrize("n_classes", [0, 2, 3])
def test_contributions_of_lightgbm_sum_to_its_answer(n_classes):
    """On the scale it says: the prediction, or of a class the log-odds."""
    lightgbm = pytest.importorskip("lightgbm")
    settings = {"n_estimators": 20, "verbose": -1, "n_jobs": 1}
    if not n_classes:
        fitted = lightgbm.LGBMRegressor(**settings).fit(X, Y)
        told = contributions(fitted, X[:20], X)
        assert told.scale == "prediction"
        np.testing.assert_allclose(told.base + told.values.sum(axis=1), fitted.predict(X[:20]), rtol=1e-6)
        return
    rows, classes = make_classification(150, n_informative=4, n_classes=n_classes, random_state=1)
    fitted = lightgbm.LGBMClassifier(**settings).fit(rows, classes)
    for label in range(n_classes):
        told = contributions(fitted, rows[:20], rows, label=label)
        raw = fitted.predict(rows[:20], raw_score=True)
        wanted = raw[:, label] if n_classes > 2 else (raw if label else -raw)
        assert told.scale == "log-odds"
        np.testing.assert_allclose(told.base + told.values.sum(axis=1), wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kind", ["tree", "forest", "extra_trees", "boosting", "ridge", "knn"])
@pytest.mark.parametrize("task", ["regression", "classification"])
def test_contributions_of_every_model_sum_to_its_answer(kind, task):
    """Behind imputing and scaling, through shap or LightGBM where they are installed, and sampled elsewhere."""
    if (kind, task) == ("ridge", "classification"):
        kind = "logistic"
    y = Y if task == "regression" else np.where(np.median(Y) < Y, "high", "low")
    rows = X.copy()
    rows[3, 2] = np.nan
    made = model(kind, task)
    if kind in ("forest", "extra_trees", "boosting"):
        made.set_params(model__n_estimators=20)
    made.fit(rows, y)
    told = contributions(made, rows[:10], rows, n_permutations=8)
    if told.scale == "log-odds":
        wanted = made.predict(rows[:10], raw_score=True) * (1 if made.classes_[1] == "low" else -1)
    else:
        wanted = made.predict(rows[:10]) if task == "regression" else made.predict_proba(rows[:10])[:, 1]
    np.testing.assert_allclose(told.base + told.values.sum(axis=1), wanted, atol=1e-6)
    np.testing.assert_allclose(told.answers, wanted, atol=1e-6)
    assert told.values.shape == (10, 6)


def test_trees_that_do_not_average_plainly_are_sampled():
    """What shap would say of a descendant of known trees does not sum to its answer; so it is not believed."""
    trimmed = TrimmedTrees(20, random_state=0).fit(X, Y)
    told = contributions(trimmed, X[:5], X, n_permutations=4)
    assert told.method.startswith("sampled")
    np.testing.assert_allclose(told.answers, trimmed.predict(X[:5]))


def test_what_mixes_the_inputs_is_not_taken_apart():
    """Behind principal components the inputs are sampled, as they stand before them."""
    mixed = make_pipeline(StandardScaler(), PCA(3), ExtraTreesRegressor(10, random_state=0)).fit(X, Y)
    told = contributions(mixed, X[:4], X, n_permutations=4)
    assert told.method.startswith("sampled")
    assert told.values.shape == (4, 6)


def test_without_shap_a_forest_is_sampled(monkeypatch):
    """No extra is needed for an explanation."""
    monkeypatch.setitem(__import__("sys").modules, "shap", None)
    fitted = ExtraTreesRegressor(10, random_state=0).fit(X, Y)
    told = contributions(fitted, X[:3], X, n_permutations=8)
    assert told.method.startswith("sampled")
    np.testing.assert_allclose(told.base + told.values.sum(axis=1), fitted.predict(X[:3]), atol=1e-9)


def test_a_forest_that_would_take_minutes_is_sampled(monkeypatch):
    """Where exact values cost thirty times as much as sampled ones, nobody waits for them."""
    monkeypatch.setattr(module, "MOST_LEAVES", 100)
    fitted = ExtraTreesRegressor(10, random_state=0).fit(X, Y)
    assert contributions(fitted, X[:3], X, n_permutations=2).method.startswith("sampled")


def test_exact_and_sampled_values_rank_the_inputs_alike():
    """Trees' own path-dependent values and the interventional samples tell the same story of a smooth function."""
    pytest.importorskip("shap")
    fitted = ExtraTreesRegressor(60, random_state=0).fit(X, Y)
    exact = contributions(fitted, X[:60], X).mean_absolute
    sampled = contributions(model_of(fitted.predict), X[:60], X, n_permutations=64).mean_absolute
    assert np.corrcoef(exact, sampled)[0, 1] > 0.95
    assert set(exact.argsort()[:1]) == set(sampled.argsort()[:1]) == {5}  # the only input that is noise


def test_of_a_classifier_the_named_class_is_explained():
    """Two classes mirror each other; one of many must be named, and exist."""
    y = np.where(np.median(Y) < Y, "metal", "gap")
    fitted = LogisticRegression().fit(X, y)
    metal = contributions(fitted, X[:4], X[4:60], label="metal", n_permutations=4)
    gap = contributions(fitted, X[:4], X[4:60], label="gap", n_permutations=4)
    np.testing.assert_allclose(metal.values, -gap.values, atol=1e-12)
    with pytest.raises(InputError, match="no class 'metall'"):
        contributions(fitted, X[:4], X, label="metall")


def test_a_frame_keeps_its_names():
    """The model sees the columns that it was fitted on, without a warning."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    fitted = LinearRegression().fit(frame, Y)
    with np.errstate(all="raise"):
        told = contributions(fitted, frame[:3], frame, n_permutations=4)
    assert told.names == tuple("abcdef")


def test_text_is_refused_with_the_name_of_its_column():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "formula": ["Fe", "Cu"]})
    with pytest.raises(InputError, match="'formula' holds something else"):
        contributions(model_of(lambda x: np.zeros(len(x))), frame, frame)
