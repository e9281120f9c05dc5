"""Pools: a finite table of candidates."""

import pickle

import numpy as np
import pytest
from core_strategies import pools
from hypothesis import given
from pydantic import ValidationError

from matloop.core.pool import MOST_LEVELS, Pool


def plain(pool):
    names = pool.variables("p")
    return [dict(zip(names, row, strict=True)) for row in zip(*(pool.rows[n].tolist() for n in names), strict=True)]


@given(pools())
def test_each_row_is_a_point_that_keeps_its_values_and_types(pool):
    for row in plain(pool):
        assert pool.problem("p", row) is None
        found = pool.coerce("p", row)
        assert found == row
        assert [type(cell) for cell in found.values()] == [type(cell) for cell in row.values()]


def test_columns_keep_their_types_and_mixed_ones_are_text():
    pool = Pool(table={"dry": [True, False], "n": [1, 2], "x": [1, 2.5], "mixed": ["a", 1]})
    assert plain(pool) == [
        {"dry": True, "n": 1, "x": 1.0, "mixed": "a"},
        {"dry": False, "n": 2, "x": 2.5, "mixed": "1"},
    ]
    assert type(plain(pool)[0]["dry"]) is bool
    assert type(plain(pool)[0]["n"]) is int


def test_equal_rows_count_once_in_their_order():
    pool = Pool(table={"a": [2, 1, 2, 1], "b": ["x", "y", "x", "z"]})
    assert plain(pool) == [{"a": 2, "b": "x"}, {"a": 1, "b": "y"}, {"a": 1, "b": "z"}]


def test_what_is_no_row_is_a_problem_that_shows_it():
    pool = Pool(table={"a": [1.5, 2.5], "b": ["x", "y"]})
    assert "a = 1.5, b = 'y'" in pool.problem("p", {"a": 1.5, "b": "y"})
    for foreign in ("1.5!", None, [], 10**400, float("nan")):
        assert pool.problem("p", {"a": foreign, "b": "x"})


def test_the_label_is_part_of_a_point_and_hidden_from_models():
    pool = Pool(table={"id": ["m1", "m2"], "x": [0.0, 4.0]}, columns=["x"], label="id")
    assert pool.variables("p") == ("x", "id")
    assert pool.features("p") == ("x",)
    np.testing.assert_allclose(pool.encode("p", pool.rows), [[0.0], [1.0]])


def test_columns_that_say_nothing_are_hidden_from_models():
    n = MOST_LEVELS + 1
    pool = Pool(table={"name": [f"m{i}" for i in range(n)], "same": [3.0] * n, "x": list(range(n))})
    assert pool.features("p") == ("x",)


def test_equal_pools_have_equal_hashes_and_survive_copies_and_pickles():
    pool = Pool(table={"a": [1, 2], "b": ["x", "y"]}, label="b")
    for other in (Pool.model_validate(pool.model_dump()), pickle.loads(pickle.dumps(pool)), pool.model_copy()):
        assert other == pool
        assert hash(other) == hash(pool)
        assert plain(other) == plain(pool)
    assert pool != Pool(table={"a": [1, 3], "b": ["x", "y"]}, label="b")


def test_loading_a_copy_leaves_the_original_unread():
    pool = Pool("table.csv", columns=["a"])
    copy = pool.model_copy(update={"sha256": "0" * 64})
    copy.load({"a": np.array([1.0, 2.0])})
    assert copy.n_points == 2
    assert pool.variables("p") == ("a",)
    with pytest.raises(ValueError, match="has not been read"):
        _ = pool.rows


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"file": "x.csv", "table": {"a": [1]}},
        {"table": {}},
        {"table": {"a": [1, 2], "b": [1]}},
        {"table": {"a": []}},
        {"table": {"a": [1, None]}},
        {"table": {"a": [1, float("nan")]}},
        {"table": {"a": [1]}, "columns": ["b"]},
        {"table": {"a": [1]}, "label": "b"},
    ],
)
def test_unusable_tables_are_refused(settings):
    with pytest.raises(ValidationError):
        Pool.model_validate(settings)


def test_an_empty_cell_of_a_file_is_refused_with_its_row():
    with pytest.raises(ValueError, match="'a' is empty or not a number in row 2"):
        Pool("x.csv").load({"a": np.array([1.0, np.nan])})
