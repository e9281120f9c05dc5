"""Splits hold rows back as they say: nothing is tested twice, nothing tested is trained on, groups stay together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score

from matloop.models.splits import (
    GivenFolds,
    GroupedSplit,
    LeaveOneClusterOut,
    LeaveOneGroupOut,
    RandomSplit,
    SplitError,
    TimeSplit,
    group_codes,
    standardized,
)


def blank(n: int) -> np.ndarray:
    return np.zeros((n, 1))


@given(n=st.integers(5, 80), n_folds=st.integers(2, 5), seed=st.integers(0, 99))
def test_each_row_is_tested_once_in_folds_of_equal_size(n: int, n_folds: int, seed: int) -> None:
    folds = list(RandomSplit(n_folds, seed).split(blank(n)))
    tested = np.concatenate([test for _, test in folds])
    assert sorted(tested) == list(range(n))
    assert np.ptp([len(test) for _, test in folds]) <= 1
    for train, test in folds:
        assert sorted([*train, *test]) == list(range(n))


@given(counts=st.lists(st.integers(5, 30), min_size=2, max_size=4), seed=st.integers(0, 99))
def test_a_stratified_split_deals_each_class_out_evenly(counts: list[int], seed: int) -> None:
    y = np.repeat(np.arange(len(counts)), counts)
    for _, test in RandomSplit(5, seed, is_stratified=True).split(blank(len(y)), y):
        shares = np.bincount(y[test], minlength=len(counts))
        assert (np.abs(shares - np.array(counts) / 5) <= 1).all()


@given(groups=st.lists(st.integers(0, 9), min_size=10, max_size=80), n_folds=st.integers(2, 4), seed=st.integers(0, 99))
def test_no_group_is_on_both_sides(groups: list[int], n_folds: int, seed: int) -> None:
    if len(set(groups)) < n_folds:
        with pytest.raises(SplitError, match="group"):
            list(GroupedSplit(n_folds, seed).split(blank(len(groups)), groups=groups))
        return
    told = np.array(groups)
    folds = list(GroupedSplit(n_folds, seed).split(blank(len(told)), groups=told))
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(told)))
    for train, test in folds:
        assert not set(told[train]) & set(told[test])
    largest = np.bincount(told).max()
    assert np.ptp([len(test) for _, test in folds]) <= largest


def test_groups_may_be_texts_or_a_mixture_and_may_not_be_missing() -> None:
    names, member = group_codes(["a", "b", "a"], 3)
    assert list(names) == ["a", "b"]
    assert list(member) == [0, 1, 0]
    assert len(group_codes(np.array(["a", 1, 2.5], dtype=object), 3)[0]) == 3
    for groups in (["a", None, "b"], [1.0, float("nan"), 2.0]):
        with pytest.raises(SplitError, match="1 of 3 rows have no group"):
            group_codes(groups, 3)
    with pytest.raises(SplitError, match="needs the group"):
        group_codes(None, 3)
    with pytest.raises(SplitError, match="3 rows, but 2"):
        group_codes(["a", "b"], 3)


def test_each_group_is_a_fold_where_asked_for() -> None:
    groups = np.array(["x", "y", "y", "z"])
    splitter = LeaveOneGroupOut()
    assert [list(test) for _, test in splitter.split(blank(4), groups=groups)] == [[0], [1, 2], [3]]
    assert splitter.get_n_splits(blank(4), groups=groups) == 3


def test_clusters_that_anyone_can_see_are_folds() -> None:
    """Three heaps far apart, with a missing value and a constant column: each heap is a fold."""
    rng = np.random.default_rng(0)
    heap = np.repeat([0, 1, 2], 20)
    X = np.column_stack([5.0 * heap + rng.normal(0, 0.1, 60), 5.0 * (heap == 1) + rng.normal(0, 0.1, 60), np.ones(60)])
    X[3, 1] = np.nan
    folds = [set(test) for _, test in LeaveOneClusterOut(3).split(X)]
    assert sorted(folds, key=min) == [set(np.flatnonzero(heap == k)) for k in range(3)]


def test_clusters_are_found_without_looking_at_outcomes() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(50, 3))
    one, other = ([list(test) for _, test in LeaveOneClusterOut(4).split(X, rng.normal(size=50))] for _ in range(2))
    assert one == other


@given(times=st.lists(st.integers(0, 30), min_size=12, max_size=60), n_folds=st.integers(2, 4))
def test_the_future_never_teaches_the_past(times: list[int], n_folds: int) -> None:
    when = np.array(times)
    try:
        folds = list(TimeSplit(n_folds).split(blank(len(when)), groups=when))
    except SplitError:
        assert len(set(times)) <= n_folds or np.bincount(when).max() > len(when) / (n_folds + 1) / 2
        return
    assert len(folds) == n_folds
    for train, test in folds:
        assert when[train].max() < when[test].min()
    assert len(np.unique(np.concatenate([test for _, test in folds]))) == sum(len(test) for _, test in folds)


def test_folds_of_a_file_are_taken_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "folds.json"
    path.write_text('{"0": [2, 0], "1": [1]}', encoding="utf-8")
    folds = list(GivenFolds.read(path).split(blank(4)))
    assert [(list(train), list(test)) for train, test in folds] == [([1, 3], [0, 2]), ([0, 2, 3], [1])]


@pytest.mark.parametrize(
    "content",
    ["", "[", "{}", '{"0": [1]}', '{"0": [], "1": [0]}', '{"0": ["a"], "1": [0]}', '{"0": [1.5], "1": [0]}',
     '{"0": [-1], "1": [0]}', '{"0": [true], "1": [0]}', "7", "null", "[" * 50_000],
)  # fmt: skip
def test_a_file_of_folds_that_is_none_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "folds.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SplitError) as refused:
        GivenFolds.read(path)
    assert refused.value.hint
    assert len(refused.value.message) < 300


def test_folds_that_do_not_fit_the_rows_are_refused() -> None:
    with pytest.raises(SplitError, match="row 9, but there are only 3 rows"):
        list(GivenFolds([[0], [9]]).split(blank(3)))
    with pytest.raises(SplitError, match="overlap"):
        list(GivenFolds([[0, 1], [1]]).split(blank(3)))
    with pytest.raises(SplitError):
        GivenFolds.read("no-such-file.json")


def test_too_few_rows_are_told() -> None:
    with pytest.raises(SplitError, match="3 rows cannot be split into 5 folds"):
        list(RandomSplit(5).split(blank(3)))
    with pytest.raises(SplitError, match="1 fold is no split"):
        list(RandomSplit(1).split(blank(3)))
    with pytest.raises(SplitError, match="distinct"):
        list(LeaveOneClusterOut(3).split(blank(9)))


@pytest.mark.parametrize(
    "splitter",
    [
        RandomSplit(3),
        GroupedSplit(3),
        LeaveOneGroupOut(),
        LeaveOneClusterOut(3),
        TimeSplit(3),
        GivenFolds([[0, 2], [1, 3]]),
    ],
)
def test_scikit_learn_takes_each_of_them(splitter: Any) -> None:
    rng = np.random.default_rng(0)
    X, groups = rng.normal(size=(40, 3)), np.arange(40) % 8
    told = cross_val_score(Ridge(), X, X[:, 0], cv=splitter, groups=groups)
    assert len(told) == splitter.get_n_splits(X, X[:, 0], groups)
    assert repr(splitter).startswith(type(splitter).__name__ + "(")


def test_standardized_columns_have_mean_0_and_deviation_1() -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(3, 2, 30), np.full(30, 7.0), np.full(30, np.nan), 1e9 + rng.normal(size=30)])
    x[0, 0] = np.nan
    z = standardized(x)
    assert z[0, 0] == 0
    assert (z[:, 1:3] == 0).all()
    assert np.allclose(z[1:, 0].mean(), 0)
    assert np.allclose(z[:, 3].std(), 1)


@pytest.mark.data
def test_the_official_folds_of_matbench_cover_each_row_once(published: Path) -> None:
    for path in sorted((published / "matbench_official_folds").glob("*.json")):
        n = sum(len(rows) for rows in json.loads(path.read_text("utf-8")).values())
        tested = np.concatenate([test for _, test in GivenFolds.read(path).split(blank(n))])
        assert sorted(tested) == list(range(n))
