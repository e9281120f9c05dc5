"""Trees whose middle half is averaged, outcomes that are bent, columns that say something of their own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from matloop.models.bent import BentRegressor
from matloop.models.distinct import Distinct
from matloop.models.trimmed_trees import TrimmedTrees


def test_a_few_outliers_hardly_move_the_prediction() -> None:
    """One outcome in twenty a thousand times too large: the middle half of the trees stays where it was."""
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(200, 3))
    y = X[:, 0].copy()
    y[::20] = 1000.0
    trees = TrimmedTrees(100, random_state=0, max_features=0.5).fit(X, y)
    new = rng.uniform(size=(100, 3))
    trimmed, mean = trees.predict(new), np.mean([tree.predict(new) for tree in trees.estimators_], axis=0)
    assert np.median(np.abs(trimmed - new[:, 0])) < 0.15
    assert np.median(np.abs(mean - new[:, 0])) > 10


def test_it_is_the_interquartile_mean_over_the_trees() -> None:
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(80, 4)), rng.normal(size=80)
    trees = TrimmedTrees(40, random_state=1).fit(X, y)
    each = np.sort([tree.predict(X[:7]) for tree in trees.estimators_], axis=0)
    assert trees.predict(X[:7]) == pytest.approx(each[10:30].mean(axis=0))


def test_the_spread_is_larger_where_nothing_was_seen() -> None:
    rng = np.random.default_rng(2)
    X = rng.uniform(0, 1, size=(300, 1))
    y = np.sin(6 * X[:, 0])
    trees = TrimmedTrees(60, random_state=2, min_samples_leaf=3).fit(X, y + 0.05 * rng.normal(size=300))
    assert trees.predict(np.array([[0.5]]), return_std=True)[1] < 0.3


def test_no_rows_have_no_predictions() -> None:
    trees = TrimmedTrees(10, random_state=0).fit(np.eye(20), np.arange(20.0))
    assert trees.predict(np.eye(20)[:1]).shape == (1,)


@settings(max_examples=30)
@given(st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_bending_does_not_care_for_the_unit(scale: float, shift: float) -> None:
    """Outcomes in another unit give the same predictions in that unit."""
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(40, 2)), rng.lognormal(size=40)
    one = BentRegressor(LinearRegression()).fit(X, y).predict(X)
    other = BentRegressor(LinearRegression()).fit(X, scale * y + shift).predict(X)
    assert other == pytest.approx(scale * one + shift, rel=1e-6, abs=1e-6 * scale + 1e-9 * abs(shift))


def test_bending_never_leads_far_beyond_what_was_seen() -> None:
    X = np.arange(30.0)[:, None]
    fitted = BentRegressor(LinearRegression()).fit(X, np.exp(X[:, 0] / 5))
    told = fitted.predict(np.array([[-1e9], [1e9]]))
    assert np.isfinite(told).all()
    assert told.max() < 1e4


def test_columns_that_say_the_same_are_kept_once() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(2, 50))
    X = np.column_stack([np.full(50, 3.0), a, 2 * a + 1, -a, b])
    fitted = Distinct().fit(X)
    assert fitted.kept_.tolist() == [1, 4]
    assert fitted.get_feature_names_out(["c", "a", "a2", "na", "b"]).tolist() == ["a", "b"]


def test_a_table_of_constants_keeps_a_column() -> None:
    assert Distinct().fit_transform(np.ones((5, 3))).shape == (5, 1)
