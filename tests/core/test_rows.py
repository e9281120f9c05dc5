"""Equal rows of a table, found by hashes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matloop.core import rows
from matloop.core.rows import first_of_each

CELLS = st.sampled_from([0, 1, 2, -1])


@st.composite
def tables(draw):
    n = draw(st.integers(1, 30))
    column = st.lists(CELLS, min_size=n, max_size=n)
    numbers, whole, text, yes = (draw(column) for _ in range(4))
    return {
        "x": np.array(numbers, float) * -0.5,
        "f": np.array(numbers, np.float32),
        "n": np.array(whole),
        "t": np.array([f"t{cell}" for cell in text], object),
        "b": np.array(yes) > 0,
    }


def one_by_one(table):
    kept = {}
    for i, row in enumerate(zip(*(column.tolist() for column in table.values()), strict=True)):
        kept.setdefault(row, i)
    return sorted(kept.values())


@given(tables())
def test_the_first_of_each_set_of_equal_rows_is_kept(table):
    found = first_of_each(table)
    n = len(table["x"])
    assert (list(range(n)) if found is None else found.tolist()) == one_by_one(table)


@given(tables(), st.integers(1, 3))
def test_rows_whose_hashes_are_equal_by_accident_are_told_apart(table, different):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "row_hashes", lambda t: np.arange(len(t["x"]), dtype=np.uint64) % np.uint64(different) * 0)
        found = first_of_each(table)
    n = len(table["x"])
    assert (list(range(n)) if found is None else found.tolist()) == one_by_one(table)


def test_hashes_depend_on_every_column_and_on_their_order():
    a, b = np.arange(1000.0), np.arange(1000.0)[::-1].copy()
    hashes = rows.row_hashes({"a": a, "b": b})
    assert len(np.unique(hashes)) == 1000
    assert not np.any(hashes == rows.row_hashes({"b": b, "a": a})[::1])


def test_a_large_table_is_hashed_in_pieces_without_a_seam():
    n = 3 * rows.CHUNK // 2
    x = np.arange(n, dtype=float)
    assert first_of_each({"x": x}) is None
    x[-1] = x[0]
    assert first_of_each({"x": x}).tolist() == list(range(n - 1))


def test_zero_has_no_sign():
    assert first_of_each({"x": np.array([0.0, -0.0])}).tolist() == [0]
