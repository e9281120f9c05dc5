"""Objectives: wishes as sentences, and how good a value is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from matloop.core.objective import AnyObjective, AtLeast, AtMost, Maximize, Minimize, Near

ANY = TypeAdapter(AnyObjective)
WISHES = [Maximize("y"), Minimize("y"), Near("y", 2.0), AtMost("y", 2.0), AtLeast("y", 2.0)]
VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2, unique=True)


@given(VALUES)
def test_a_better_value_has_a_higher_utility(pair):
    low, high = sorted(pair)
    for wish, better, worse in (
        (Maximize("y"), high, low),
        (Minimize("y"), low, high),
        (AtMost("y", 0.0), low, high),
        (AtLeast("y", 0.0), high, low),
    ):
        assert wish.utility(np.array(better)) > wish.utility(np.array(worse))


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(0, 1e3))
def test_near_is_even_around_its_value_and_best_there(value, other, distance):
    wish = Near("y", value)
    np.testing.assert_allclose(wish.utility(value + distance), wish.utility(value - distance), atol=1e-9)
    assert wish.utility(np.array(other)) <= wish.utility(np.array(value)) == 0


def test_a_threshold_is_met_at_its_limit_and_other_wishes_always():
    values = np.array([1.0, 2.0, 3.0])
    assert AtMost("y", 2.0).satisfied(values).tolist() == [True, True, False]
    assert AtLeast("y", 2.0).satisfied(values).tolist() == [False, True, True]
    assert Maximize("y").satisfied(values).tolist() == [True] * 3
    assert [wish.is_threshold for wish in WISHES] == [False, False, False, True, True]


@pytest.mark.parametrize("wish", WISHES)
def test_not_a_number_is_neither_good_nor_enough(wish):
    assert np.isnan(wish.utility(np.array([np.nan]))).all()
    assert not (wish.is_threshold and wish.satisfied(np.array([np.nan])).any())


@pytest.mark.parametrize("wish", WISHES)
def test_plain_data_give_the_same_wish_back(wish):
    assert ANY.validate_python(wish.model_dump()) == wish


def test_the_sentence_says_value_and_unit():
    assert Near("gap", 1.4, unit="eV").sentence() == "gap near 1.4 eV"
    assert AtMost("cost", 3).sentence() == "cost at most 3"
    assert Maximize("toughness", unit="J").sentence() == "maximize toughness"


@pytest.mark.parametrize(
    "wrong",
    [
        {"goal": "maximise", "name": "y"},
        {"goal": "near", "name": "y"},
        {"goal": "near", "name": "y", "value": float("nan")},
        {"goal": "maximize", "name": "y", "self": 1},
        {"goal": "maximize"},
    ],
)
def test_incomplete_wishes_are_refused(wrong):
    with pytest.raises(ValidationError):
        ANY.validate_python(wrong)
