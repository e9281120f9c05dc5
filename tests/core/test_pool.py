"""Pools: a finite table of candidates."""

import pickle

import numpy as np
import pandas as pd
import pytest
from core_strategies import pools
from hypothesis import given
from pydantic import ValidationError

from matloop.core.errors import InputError
from matloop.core.pool import MOST_CELLS_WRITTEN, MOST_LEVELS, Pool
from matloop.core.space import Space


def plain(pool):
    names = pool.variables("p")
    return [dict(zip(names, row, strict=True)) for row in zip(*(pool.rows[n].tolist() for n in names), strict=True)]


@given(pools())
def test_each_row_is_a_point_that_keeps_its_values_and_types(pool):
    for row in plain(pool):
        assert pool.problem("p", row) is None
        found = pool.coerce("p", row)
        assert found == row
        assert {name: type(cell) for name, cell in found.items()} == {name: type(cell) for name, cell in row.items()}


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
    assert pool.variables("p") == ("id", "x")  # what people look for stands first
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


def test_arrays_of_numbers_are_kept_without_a_copy_and_in_their_precision():
    table = {"x": np.linspace(0, 1, 1000, dtype=np.float32), "n": np.arange(1000)}
    pool = Pool(table=table)
    assert pool.rows["x"] is table["x"]
    assert pool.rows["n"] is table["n"]
    assert Space(p=pool).parameters["p"].rows["x"] is table["x"]
    point = {"x": float(table["x"][7]), "n": 7}
    assert pool.coerce("p", point) == point


def test_a_data_frame_is_a_pool_of_its_columns():
    frame = pd.DataFrame(
        {"x": [1.5, 2.5], "n": [1, 2], "name": ["a", "b"], "kind": pd.Categorical(["u", "v"]), "ok": [True, False]}
    )
    assert plain(Pool(frame)) == [
        {"x": 1.5, "n": 1, "name": "a", "kind": "u", "ok": True},
        {"x": 2.5, "n": 2, "name": "b", "kind": "v", "ok": False},
    ]
    with pytest.raises(ValidationError):
        Pool(pd.DataFrame({"x": [1.0, None]}))
    with pytest.raises(ValidationError):
        Pool(pd.DataFrame({"x": ["a", None]}))


def large(n=MOST_CELLS_WRITTEN):
    return Pool(table={"x": np.arange(n) * 0.5, "y": np.arange(n)})


def test_a_large_table_is_known_by_its_hash_and_not_written():
    pool = large()
    data = pool.model_dump(mode="json", exclude_none=True)
    assert set(data) >= {"columns", "sha256"}
    assert "table" not in data
    assert pool == large()
    assert pool != Pool(table={"x": np.arange(MOST_CELLS_WRITTEN) * 0.25, "y": np.arange(MOST_CELLS_WRITTEN)})
    mistakes = Space.model_validate({"p": data}).mistakes()
    assert [mistake.message for mistake in mistakes] == ["a pool needs either a file or a table"]


def test_what_a_journal_knows_of_a_large_table_can_be_looked_at_but_not_used():
    data = large().model_dump(mode="json", exclude_none=True)
    pool = Pool.model_validate(data)
    assert pool.variables("p") == ("x", "y")
    assert not pool.is_read
    with pytest.raises(InputError, match="given in Python"):
        _ = pool.rows


def test_a_row_is_found_by_its_most_telling_column_and_checked_in_the_others():
    pool = large()
    assert pool.coerce("p", {"x": 50.0, "y": 100}) == {"x": 50.0, "y": 100}
    assert pool.problem("p", {"x": 50.0, "y": 101})


def test_pieces_of_a_pool_share_its_memory():
    space = Space(p=large())
    assert all(np.shares_memory(piece["x"], space.parameters["p"].rows["x"]) for piece in space.chunks())
    assert space.n_candidates == MOST_CELLS_WRITTEN
