"""Intervals hold what they promise, are wide where errors are large, and say so where they cannot be had."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matloop.core.errors import InputError
from matloop.models.conformal import ENOUGH_TO_LEARN, ConformalIntervals

Array = np.ndarray


def errors(n: int, seed: int, kind: str = "even") -> tuple[Array, Array, Array]:
    """Inputs, predictions and outcomes; errors are normal everywhere, grow with the first input, or have a tail."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(0, 1, size=(n, 3))
    predicted = 10 + X @ np.array([1.0, 2.0, 0.0])
    noise = rng.normal(size=n)
    if kind == "uneven":
        noise *= 0.1 + 2 * X[:, 0]
    if kind == "skewed":
        noise = rng.exponential(size=n) - 0.3
    return X, predicted, predicted + noise


@pytest.mark.parametrize("kind", ["even", "uneven", "skewed"])
@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_as_many_new_outcomes_are_held_as_was_promised(kind: str, confidence: float) -> None:
    """Within four standard errors, on six training sets of 400 rows and 2,000 new rows each."""
    held = []
    for seed in range(6):
        intervals = ConformalIntervals(n_trees=10).fit(*errors(400, seed, kind))
        X, predicted, y = errors(2000, 100 + seed, kind)
        lower, upper = intervals.interval(X, predicted, confidence)
        held.append(np.mean((lower <= y) & (y <= upper)))
    spread = np.sqrt(confidence * (1 - confidence) * (1 / 400 + 1 / 2000) / 6)
    assert abs(np.mean(held) - confidence) < 4 * spread + 0.01


def test_intervals_are_wide_where_errors_are_large() -> None:
    """Errors that grow twenty-fold: both ends of the range are held about as often, unlike by one width for all."""
    intervals = ConformalIntervals().fit(*errors(1500, 0, "uneven"))
    X, predicted, y = errors(4000, 1, "uneven")
    lower, upper = intervals.interval(X, predicted, 0.8)
    held = (lower <= y) & (y <= upper)
    easy, hard = X[:, 0] < 0.25, X[:, 0] > 0.75
    assert abs(held[easy].mean() - held[hard].mean()) < 0.12
    assert (upper - lower)[hard].mean() > 3 * (upper - lower)[easy].mean()
    width = np.quantile(np.abs(y - predicted), 0.8)
    assert np.mean(np.abs(y - predicted)[easy] < width) - np.mean(np.abs(y - predicted)[hard] < width) > 0.3


def test_a_tail_on_one_side_makes_the_interval_longer_on_that_side() -> None:
    intervals = ConformalIntervals().fit(*errors(1000, 0, "skewed"))
    X, predicted, y = errors(1000, 1, "skewed")
    lower, upper = intervals.interval(X, predicted, 0.9)
    assert np.median(upper - predicted) > 2 * np.median(predicted - lower)
    assert abs(np.mean(y < lower) - 0.05) < 0.03
    assert abs(np.mean(y > upper) - 0.05) < 0.03


@given(n=st.integers(3, 200), seed=st.integers(0, 50), low=st.floats(0.01, 0.5), high=st.floats(0.5, 0.99))
@settings(max_examples=30)
def test_more_confidence_never_makes_an_interval_narrower(n: int, seed: int, low: float, high: float) -> None:
    intervals = ConformalIntervals(n_trees=5).fit(*errors(n, seed))
    X, predicted, _ = errors(20, seed + 1)
    low, high = sorted(min(each, intervals.highest_confidence) for each in (low, high))
    (a, b), (c, d) = (intervals.interval(X, predicted, each) for each in (low, high))
    assert (c <= a).all()
    assert (b <= d).all()
    assert (a <= b).all()


def test_few_rows_do_not_support_much_confidence_and_it_is_said() -> None:
    """19 errors: the largest stands above a new one with a chance of 95 %, so 90 % is the most with both sides."""
    intervals = ConformalIntervals().fit(*errors(19, 0))
    assert intervals.highest_confidence == pytest.approx(0.9)
    X, predicted, _ = errors(5, 1)
    _, upper = intervals.interval(X, predicted, 0.9)
    assert np.allclose(upper - predicted, intervals.scores_[-1] * intervals.size(X, predicted))
    with pytest.raises(InputError, match="19 rows support intervals of at most 90 %"):
        intervals.interval(X, predicted, 0.95)


@pytest.mark.parametrize("confidence", [0.0, 1.0, -0.5, 1.5, float("nan")])
def test_what_is_no_confidence_is_refused(confidence: float) -> None:
    intervals = ConformalIntervals().fit(*errors(30, 0))
    with pytest.raises(InputError, match="between 0 and 1"):
        intervals.interval(*errors(3, 1)[:2], confidence)


def test_what_was_never_negative_has_no_negative_end() -> None:
    X, predicted, y = errors(100, 0)
    small = (predicted - predicted.min()) / 5
    intervals = ConformalIntervals(n_trees=5).fit(X, small, np.abs(small + y - predicted))
    assert intervals.interval(X, small, 0.9)[0].min() == 0
    free = ConformalIntervals(n_trees=5).fit(X, small, small + y - predicted)
    assert free.interval(X, small, 0.9)[0].min() < 0


def test_a_perfect_model_has_narrow_intervals_and_nothing_breaks() -> None:
    X, predicted, _ = errors(100, 0)
    lower, upper = ConformalIntervals().fit(X, predicted, predicted).interval(X, predicted, 0.9)
    assert np.allclose(lower, upper)


def test_rows_without_a_prediction_are_left_out_and_missing_inputs_are_taken() -> None:
    X, predicted, y = errors(120, 0)
    predicted[:20], X[30:, 1] = np.nan, np.nan
    intervals = ConformalIntervals(n_trees=5).fit(X, predicted, y)
    assert intervals.n_scores_ == 100
    assert np.isfinite(intervals.interval(X[20:], predicted[20:], 0.9)).all()
    with pytest.raises(InputError, match="at least two"):
        ConformalIntervals().fit(X[:20], predicted[:20], y[:20])


def test_sizes_are_learned_without_the_rows_of_the_same_group() -> None:
    """Rows of a group share their error exactly: a size learned from its own group would be right by memory alone."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(40), 5)
    X = np.repeat(rng.normal(size=(40, 4)), 5, axis=0)
    error = np.repeat(rng.normal(size=40), 5)
    aware, blind = (
        ConformalIntervals(n_trees=20).fit(X, np.zeros(200), error, groups=groups) for groups in (group, None)
    )
    assert np.abs(aware.scores_).max() > 1.5 * np.abs(blind.scores_).max()
    assert len(group) > ENOUGH_TO_LEARN


def test_the_standard_deviation_of_normal_errors_is_theirs() -> None:
    intervals = ConformalIntervals().fit(*errors(3000, 0))
    X, predicted, _ = errors(500, 1)
    assert np.mean(intervals.std(intervals.size(X, predicted))) == pytest.approx(1.0, rel=0.06)


def test_the_models_own_uncertainty_helps_where_inputs_do_not_tell() -> None:
    rng = np.random.default_rng(0)
    X, std = rng.normal(size=(2000, 2)), rng.uniform(0.1, 3, 2000)
    y = std * rng.normal(size=2000)
    without = ConformalIntervals().fit(X[:1000], np.zeros(1000), y[:1000])
    informed = ConformalIntervals().fit(X[:1000], np.zeros(1000), y[:1000], std=std[:1000])
    plain = without.interval(X[1000:], np.zeros(1000), 0.9)
    told = informed.interval(X[1000:], np.zeros(1000), 0.9, std=std[1000:])
    assert np.corrcoef(told[1] - told[0], std[1000:])[0, 1] > 0.9
    assert np.mean(told[1] - told[0]) < 0.97 * np.mean(plain[1] - plain[0])
