"""The field's models under one roof: each learns what it is for, each keeps its preprocessing to itself."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from unittest.mock import patch

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from matloop.core.errors import InputError
from matloop.models import catalogue
from matloop.models.catalogue import SUITS, check, described, kinds, model
from matloop.models.out_of_fold import fit, learn

NUMBERS, CLASSES = kinds("regression"), kinds("classification")
#: What cannot learn curves, and is not expected to.
STRAIGHT = {"linear", "ridge", "lasso", "elastic_net", "poisson", "logistic", "naive_bayes"}


@pytest.fixture(autouse=True)
def _few_trees() -> Iterator[None]:
    with patch.object(catalogue, "TREES", 40), patch.object(catalogue, "ROUNDS", 100):
        yield


def table(n: int = 160, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Inputs of very different scales with missing cells and a constant column; outcomes straight in the first ones."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5))
    y = 5 + 1.2 * X[:, 0] + 0.6 * X[:, 1] + 0.05 * rng.normal(size=n)
    X *= [1.0, 1e-3, 1e4, 1.0, 0.0]
    X[rng.random((n, 5)) < 0.02] = np.nan
    return X, np.maximum(y, 0.1)


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_model_of_numbers_learns_them(kind: str) -> None:
    """Half of the variance of new rows at least, whatever the scales and the gaps in the table."""
    (X, y), (new, truth) = table(), table(seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = model(kind, "regression").fit(X, y)
    told = made.predict(new)
    assert 1 - np.mean((told - truth) ** 2) / truth.var() > 0.5


@pytest.mark.parametrize("kind", CLASSES)
def test_a_model_of_classes_learns_them_with_probabilities(kind: str) -> None:
    (X, y), (new, truth) = table(), table(seed=1)
    labels, true_labels = (np.where(values > 5, "high", "low") for values in (y, truth))
    made = model(kind, "classification").fit(X, labels)
    assert np.mean(made.predict(new) == true_labels) > 0.75
    probability = made.predict_proba(new)
    assert probability.shape == (len(new), 2)
    assert np.allclose(probability.sum(axis=1), 1)
    assert list(made.classes_) == ["high", "low"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", NUMBERS)
def test_the_unit_of_the_outcome_makes_no_difference(kind: str) -> None:
    """Nanometres in metres are learned as well, and 1e12 of something, too: to 5 % of their standard deviation."""
    X, y = table(80)
    told = [model(kind, "regression").fit(X, y * unit).predict(X) / unit for unit in (1.0, 1e-9, 1e12)]
    for other in told[1:]:
        assert np.sqrt(np.mean((other - told[0]) ** 2)) < 0.05 * y.std()


@pytest.mark.parametrize("kind", [k for k in NUMBERS if k != "self_training"])
def test_the_scale_of_an_input_makes_no_difference(kind: str) -> None:
    """Metres or nanometres: preprocessing is part of the model. Trees see only the order; forests round."""
    X, y = table(80)
    X = np.nan_to_num(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, other = (model(kind, "regression").fit(X * unit, y).predict(X * unit) for unit in (1.0, 1024.0))
    assert np.corrcoef(one, other)[0, 1] > 0.99


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_is_a_pipeline_that_can_be_cloned_and_says_what_it_is(kind: str) -> None:
    task = SUITS[kind].tasks[0] if kind in SUITS else "regression"
    made = model(kind, task, seed=3)
    assert isinstance(made, Pipeline)
    assert made.steps[-1][0] == "model"
    assert repr(clone(made)) == repr(made)
    told = next(each for each in described() if each["name"] == kind)
    assert told["what"].endswith(".")
    assert told["predicts"]


@pytest.mark.parametrize("kind", ["forest", "extra_trees", "boosting", "neural_network", "tree"])
def test_chance_follows_from_the_seed(kind: str) -> None:
    X, y = table(100)
    new, _ = table(100, seed=1)
    told = [model(kind, "regression", seed=seed).fit(X, y).predict(new) for seed in (0, 0, 1)]
    assert np.array_equal(told[0], told[1])
    if kind != "tree":
        assert not np.array_equal(told[0], told[2])


def test_a_wrong_name_or_task_is_told_with_what_there_is() -> None:
    with pytest.raises(InputError, match="no model 'forrest'") as refused:
        model("forrest", "regression")
    assert "forest" in refused.value.hint
    with pytest.raises(InputError, match="'ridge' predicts numbers, not classes") as refused:
        model("ridge", "classification")
    assert "logistic" in refused.value.hint
    assert set(kinds()) == set(NUMBERS) | set(CLASSES)


def test_outcomes_that_a_kind_cannot_learn_are_refused() -> None:
    with pytest.raises(InputError, match="negative"):
        check("poisson", "regression", np.array([1.0, -1.0]))
    with pytest.raises(InputError, match="at most 3,000 rows; here are 3,001"):
        check("gaussian_process", "regression", np.zeros(3001))
    with pytest.raises(InputError, match="two classes"):
        check("gaussian_process", "classification", np.array(["a", "b", "c"]))
    check("forest", "regression", np.zeros(100_000))


def test_boosting_without_lightgbm_is_that_of_scikit_learn() -> None:
    """In a process in which LightGBM cannot be imported."""
    code = """
import sys
sys.modules["lightgbm"] = None
import numpy as np
from matloop.models.catalogue import model
for task, y in (("regression", np.arange(60.0)), ("classification", np.arange(60) % 2)):
    print(type(model(task=task, kind="boosting").fit(np.arange(60.0)[:, None], y)[-1]).__name__)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["HistGradientBoostingRegressor", "HistGradientBoostingClassifier"]


def test_forests_keep_to_their_leaves() -> None:
    X, y = table(300)
    with patch.object(catalogue, "LEAVES", 16):
        made = model("forest", "regression").fit(X, y)
    assert max(tree.get_n_leaves() for tree in made[-1].estimators_) == 16


# -- out of fold --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ridge", "forest", "extra_trees"])
def test_what_is_said_out_of_fold_is_said_without_knowing_the_row(kind: str) -> None:
    """Outcomes that are pure noise cannot be predicted: out of fold no better than their mean, in the fit better."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(150, 5)), rng.normal(size=150)
    learned = learn(model(kind, "regression"), X, y)
    assert np.mean((learned.out_of_fold - y) ** 2) > 0.95 * y.var()
    if kind != "ridge":
        assert np.mean((learned.model.predict(X) - y) ** 2) < 0.5 * y.var()


@pytest.mark.parametrize("kind", ["ridge", "forest", "knn"])
def test_rows_of_a_group_are_left_out_together(kind: str) -> None:
    """Each row is there four times: whoever keeps a copy knows the answer."""
    rng = np.random.default_rng(0)
    X, y = np.repeat(rng.normal(size=(40, 30)), 4, axis=0), np.repeat(rng.normal(size=40), 4)
    group = np.repeat(np.arange(40), 4)
    blind, aware = (np.mean(np.abs(learn(model(kind, "regression"), X, y, g).out_of_fold - y)) for g in (None, group))
    assert aware > 1.5 * blind


def test_probabilities_out_of_fold_have_a_column_for_each_class() -> None:
    X, y = table(90)
    codes = np.digitize(y, [4, 6])
    for kind in ("logistic", "forest"):
        told = learn(model(kind, "classification"), X, codes).out_of_fold
        assert told.shape == (90, 3)
        assert np.allclose(told.sum(axis=1), 1)
        assert np.mean(told.argmax(axis=1) == codes) > 0.6


def test_a_class_that_one_fold_holds_alone_does_not_stop_the_rest() -> None:
    X, _ = table(40)
    codes = np.zeros(40, dtype=int)
    codes[:20], codes[7] = 1, 2
    for kind in ("logistic", "forest"):
        told = learn(model(kind, "classification"), np.nan_to_num(X), codes).out_of_fold
        assert told.shape == (40, 3)
        assert np.isfinite(told).all()


def test_groups_are_told_to_models_that_care() -> None:
    X, y = table(60)
    groups = np.arange(60) % 6
    made = fit(model("forest", "regression"), X, y, groups)
    other = fit(model("forest", "regression"), X, y)
    assert not np.array_equal(made[-1].out_of_fold_, other[-1].out_of_fold_)
    assert np.array_equal(made.predict(X), other.predict(X))
