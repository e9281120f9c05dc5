"""Rows without an outcome help where rows that are alike have like outcomes, and harm nothing where there are none."""

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from matloop.core.errors import InputError
from matloop.models.self_training import SelfTrainingRegressor
from matloop.models.semi_supervised import SemiSupervisedClassifier, label_propagation, self_training

MOONS, MOON = make_moons(160, noise=0.06, random_state=1)
NAMES = np.where(MOON == 0, "upper", "lower").astype(object)


TREE = ExtraTreesRegressor(5, random_state=0)
HOW = ("self-training", "propagation", "spreading")


@parametrize_with_checks(
    [SelfTrainingRegressor(TREE, n_copies=2), *(SemiSupervisedClassifier(how, LogisticRegression()) for how in HOW)]
)
def test_they_are_scikit_learn_estimators(estimator, check):
    check(estimator)


@pytest.mark.parametrize("method", ["propagation", "spreading"])
def test_labels_spread_along_the_moons(method):
    """A dozen labels are enough where the shape of all rows shows what belongs together."""
    labels = np.full(160, None, dtype=object)
    for moon in ("upper", "lower"):
        labels[np.flatnonzero(moon == NAMES)[:6]] = moon
    known = np.flatnonzero([label is not None for label in labels])
    fitted = SemiSupervisedClassifier(method).fit(MOONS, labels)
    alone = LogisticRegression().fit(MOONS[known], NAMES[known].astype(str))
    assert fitted.score(MOONS, NAMES) > 0.95
    assert fitted.score(MOONS, NAMES) > alone.score(MOONS, NAMES.astype(str)) + 0.05
    np.testing.assert_allclose(fitted.predict_proba(MOONS).sum(axis=1), 1)


def test_self_training_of_classes_uses_unlabelled_rows():
    """The labels it gave itself are more than those it was given."""
    labels = NAMES.copy()
    labels[30:] = np.nan
    fitted = SemiSupervisedClassifier().fit(MOONS, labels)
    assert (fitted.model_.transduction_ >= 0).sum() > 60
    assert set(fitted.classes_) == {"upper", "lower"}
    assert fitted.score(MOONS, NAMES) > 0.9


def test_without_unlabelled_rows_self_training_is_its_estimator():
    """Nothing is made up where nothing is missing."""
    y = MOONS[:, 0] * 2 + MOONS[:, 1]
    taught, plain = SelfTrainingRegressor(LinearRegression()).fit(MOONS, y), LinearRegression().fit(MOONS, y)
    np.testing.assert_allclose(taught.predict(MOONS), plain.predict(MOONS))
    assert np.isnan(taught.pseudo_labels_).all()


def test_self_training_of_numbers_takes_only_what_it_is_sure_of():
    """Rows far beyond the labelled ones get no pseudo-label: the copies disagree there."""
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.uniform(-1, 1, (60, 1)), rng.uniform(-1, 1, (40, 1)), rng.uniform(30, 60, (40, 1))])
    y = np.sin(3 * X[:, 0]) + 0.1 * rng.normal(size=140)
    y[60:] = np.nan
    cubic = SelfTrainingRegressor(_cubic(), n_copies=10).fit(X, y)
    taken = np.isfinite(cubic.pseudo_labels_)
    assert taken[60:100].sum() >= 8
    assert not taken[100:].any()
    assert not taken[:60].any()


def _cubic():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures

    return make_pipeline(PolynomialFeatures(3), LinearRegression())


def test_self_training_of_numbers_is_deterministic():
    y = MOONS[:, 0].copy()
    y[::2] = np.nan
    first, second = (
        SelfTrainingRegressor(TREE, n_copies=3, random_state=3).fit(MOONS, y).predict(MOONS[:5]) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_the_models_of_the_catalogue_take_missing_inputs():
    X = MOONS.copy()
    X[3, 1] = np.nan
    assert self_training("regression").fit(X, MOONS[:, 0]).predict(X).shape == (160,)
    assert self_training("classification").fit(X, NAMES).predict(X).shape == (160,)
    assert label_propagation("classification").fit(X, NAMES).predict_proba(X).shape == (160, 2)
    with pytest.raises(InputError, match="spreads classes"):
        label_propagation("regression")


@pytest.mark.parametrize("model", [SelfTrainingRegressor(), SemiSupervisedClassifier()])
def test_nothing_but_unlabelled_rows_is_refused(model):
    with pytest.raises(ValueError, match="NaN alone"):
        model.fit(MOONS, np.full(160, np.nan))
