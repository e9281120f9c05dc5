"""Probabilities come to mean what they say, and the class that is named is the one that balanced accuracy asks for."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from matloop.models.probabilities import ProbabilityCalibration, reliability


def rows(n: int, k: int, seed: int, sureness: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """What a classifier says of n rows (n, k), and their classes: with a sureness of 3 it is three times too sure."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, k))
    true = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    codes = np.array([rng.choice(k, p=p) for p in true])
    told = np.exp(sureness * z)
    return told / told.sum(axis=1, keepdims=True), codes


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("sureness", [0.3, 1.0, 3.0])
def test_a_classifier_that_is_too_sure_or_too_modest_is_corrected(k: int, sureness: float) -> None:
    calibration = ProbabilityCalibration().fit(*rows(1500, k, 0, sureness))
    assert calibration.sharpness_ == pytest.approx(1 / sureness, rel=0.15)
    told, codes = rows(3000, k, 1, sureness)
    better = calibration.transform(told)
    assert np.allclose(better.sum(axis=1), 1)
    assert reliability(better, codes).error < 0.03
    if sureness == 3.0:
        assert reliability(told, codes).error > 3 * reliability(better, codes).error


def test_few_rows_or_one_class_change_nothing() -> None:
    told, codes = rows(20, 3, 0, 3.0)
    assert np.allclose(ProbabilityCalibration().fit(told, codes).transform(told), told, atol=1e-5)
    told, _ = rows(100, 3, 0)
    assert ProbabilityCalibration().fit(told, np.zeros(100)).sharpness_ == 1


def test_a_classifier_that_knows_nothing_is_brought_to_the_shares() -> None:
    """Probabilities that have nothing to do with the classes: what is left is how common each class is."""
    rng = np.random.default_rng(0)
    told, codes = rng.dirichlet(np.ones(2), 2000), (rng.random(2000) < 0.8).astype(int)
    better = ProbabilityCalibration().fit(told, codes).transform(told)
    assert np.abs(better[:, 1] - 0.8).mean() < 0.05


def test_naming_classes_in_relation_to_their_share_serves_balanced_accuracy() -> None:
    rng = np.random.default_rng(0)
    codes = (rng.random(4000) < 0.1).astype(int)
    logit = np.log(0.1 / 0.9) + 1.5 * (codes + rng.normal(size=4000)) - 0.6
    told = np.column_stack([1 - (p := 1 / (1 + np.exp(-logit))), p])
    calibration = ProbabilityCalibration().fit(told, codes)
    better = calibration.transform(told)
    named = calibration.decide(better)
    assert balanced_accuracy_score(codes, named) > balanced_accuracy_score(codes, better.argmax(axis=1)) + 0.1


def test_rows_that_were_not_predicted_are_left_out() -> None:
    told, codes = rows(300, 2, 0, 3.0)
    told[::3] = np.nan
    assert ProbabilityCalibration().fit(told, codes).sharpness_ == pytest.approx(1 / 3, rel=0.4)


def test_certainty_becomes_nearly_certain() -> None:
    told = np.tile([[1.0, 0.0]], (50, 1))
    better = ProbabilityCalibration().fit(told, np.zeros(50, int)).transform(told)
    assert 0.99 < better[0, 0] < 1


def test_reliability_of_true_probabilities_is_nearly_perfect() -> None:
    told, codes = rows(5000, 2, 0)
    found = reliability(told, codes)
    assert found.error < 0.03
    assert found.n_rows.sum() == 5000
    assert (np.diff(found.said) >= 0).all()
