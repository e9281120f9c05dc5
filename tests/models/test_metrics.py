"""Scores are what their names say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from matloop.models.metrics import classification_scores, is_better, regression_scores

numbers = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30)


@given(y=numbers, seed=st.integers(0, 99))
def test_scores_of_numbers_are_those_of_scikit_learn(y: list[float], seed: int) -> None:
    truth = np.array(y)
    told = truth + np.random.default_rng(seed).normal(size=len(truth))
    scores = regression_scores(truth, told)
    assert scores["MAE"] == pytest.approx(metrics.mean_absolute_error(truth, told))
    assert scores["RMSE"] == pytest.approx(metrics.root_mean_squared_error(truth, told))
    assert scores["median absolute error"] == pytest.approx(metrics.median_absolute_error(truth, told))
    if np.ptp(truth) > 1e-6:
        assert scores["R²"] == pytest.approx(metrics.r2_score(truth, told), rel=1e-6)
    else:
        assert scores["R²"] != scores["R²"] or np.ptp(truth) > 0


@given(n=st.integers(6, 60), k=st.integers(2, 4), seed=st.integers(0, 99))
def test_scores_of_classes_are_those_of_scikit_learn(n: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    classes = np.array(["a", "b", "c", "d"][:k], dtype=object)
    codes = np.concatenate([np.arange(k), rng.integers(k, size=n)])
    probability = rng.dirichlet(np.ones(k), size=len(codes)).round(2)  # with ties
    probability /= probability.sum(axis=1, keepdims=True)
    told = classes[rng.integers(k, size=len(codes))]
    y = classes[codes]
    scores = classification_scores(y, told, probability, classes)
    assert scores["balanced accuracy"] == pytest.approx(metrics.balanced_accuracy_score(y, told))
    assert scores["accuracy"] == pytest.approx(metrics.accuracy_score(y, told))
    which = {"average": "binary", "pos_label": "b"} if k == 2 else {"average": "macro"}
    assert scores["F1"] == pytest.approx(metrics.f1_score(y, told, **which))
    assert scores["log loss"] == pytest.approx(metrics.log_loss(y, np.clip(probability, 1e-15, 1)), rel=1e-6)
    if k == 2:
        area = metrics.roc_auc_score(codes, probability[:, 1])
        assert scores["Brier score"] == pytest.approx(metrics.brier_score_loss(codes, probability[:, 1]))
    else:
        area = metrics.roc_auc_score(codes, probability, multi_class="ovr")
    assert scores["ROC-AUC"] == pytest.approx(area)


def test_what_the_matbench_board_calls_roc_auc_is_balanced_accuracy() -> None:
    """Labels in place of probabilities: the area under their curve is the balanced accuracy, whatever the data."""
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=200)
    score = np.clip(0.3 * truth + 0.7 * rng.random(200), 0, 1)
    labels = (score > 0.4).astype(int)
    of_labels = classification_scores(truth, labels, np.column_stack([1 - labels, labels]), [0, 1])
    assert of_labels["ROC-AUC"] == pytest.approx(of_labels["balanced accuracy"])
    true = classification_scores(truth, labels, np.column_stack([1 - score, score]), [0, 1])
    assert abs(true["ROC-AUC"] - true["balanced accuracy"]) > 0.01


def test_the_area_is_not_defined_where_a_fold_has_one_class_alone() -> None:
    scores = classification_scores(np.array(["a", "a"]), np.array(["a", "b"]), np.full((2, 2), 0.5), ["a", "b"])
    assert scores["ROC-AUC"] != scores["ROC-AUC"]
    assert scores["accuracy"] == 0.5


def test_errors_are_better_small_and_all_else_large() -> None:
    assert is_better("MAE", 1, 2)
    assert is_better("R²", 2, 1)
    assert not is_better("log loss", 2, 1)
