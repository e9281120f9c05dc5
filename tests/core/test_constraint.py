"""Constraints: text that knows what it means."""

import json

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from matloop.core.constraint import Constraint
from matloop.core.errors import ExpressionError
from matloop.core.parameter import TRUSTED, Real
from matloop.core.space import Space


class Holder(BaseModel):
    constraint: Constraint


def test_a_constraint_is_its_text_in_every_form():
    made = Constraint("a + b <= 5")
    read = Holder.model_validate({"constraint": "a + b <= 5"})
    assert read.constraint == made
    assert json.loads(read.model_dump_json()) == {"constraint": "a + b <= 5"}
    assert Holder.model_validate(read.model_dump()) == read


def test_it_knows_its_names_and_whether_it_is_linear():
    assert Constraint("a + `b c` <= 5").names == {"a", "b c"}
    assert Constraint("a * a <= 5").linear is None
    assert Constraint("a <= 5").holds({"a": np.array([5.0, 6.0])}).tolist() == [True, False]


@pytest.mark.parametrize("wrong", [3, None, ["a < 1"], {"a": 1}, {"text": 1}, {"text": "a < 1", "more": 2}, "a <", "a"])
def test_what_is_no_condition_is_refused(wrong):
    with pytest.raises(ValidationError):
        Holder.model_validate({"constraint": wrong})


def test_the_refusal_says_what_to_write():
    with pytest.raises(ValidationError, match=r"'a <'.*write a comparison"):
        Constraint("a <")


COLUMNS = {
    "a": np.array([0.0, 0.0, 2.0, 2.0]),
    "b": np.array([0.0, 3.0, 0.0, 3.0]),
    "s": np.array(["water", "dmf", "water", "dmf"], object),
    "then": np.array([1.0, 2.0, 3.0, 4.0]),
    "never": np.array([1.0, 2.0, 3.0, 4.0]),
    "if": np.array([1.0, 2.0, 3.0, 4.0]),
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("count(a > 0, b > 0) <= 1", [1, 1, 1, 0]),
        ("count(a, b) == 1", [0, 1, 1, 0]),
        ("2 * count(a > 0, s == 'dmf') + b >= 4", [0, 1, 0, 1]),
        ("if s == 'water' then a <= 1", [1, 1, 0, 1]),
        ("if a > 0 and b > 0 then s == 'water' or b < 1", [1, 1, 1, 0]),
        ("  if (a > 0) then not (b > 0)", [1, 1, 1, 0]),
        ("if s == 'then' then a < 0", [1, 1, 1, 1]),
        ("never a > 0 and s == 'dmf'", [1, 1, 1, 0]),
        ("never (a > 0 or b > 0)", [1, 0, 0, 0]),
        ("never not a > 0", [0, 0, 1, 1]),
        ("never <= 2 and if >= 2", [0, 1, 0, 0]),
        ("never in [1, 4]", [1, 0, 0, 1]),
        ("if a > 0 then `then` >= 4", [1, 1, 0, 1]),
    ],
)
def test_conditions_can_be_said_as_people_say_them(text, holds):
    assert Constraint(text).holds(COLUMNS).tolist() == [bool(h) for h in holds]
    assert Constraint(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "if a > 1",
        "if a > 1 then",
        "if then a > 1",
        "if a) or (b then a > 1",
        "never",
        "never 'x'",
        "count(a, b)",
        "if a > 1 then b > 1 then a > 2",
        "count() <= 1",
        "if a > 1 then b > 1 else a > 2",
    ],
)
def test_half_conditions_are_refused(text):
    with pytest.raises(ValidationError):
        Constraint(text)


def test_a_choice_of_yes_and_no_can_be_forbidden_by_its_name():
    assert Constraint("never dry").holds({"dry": np.array([True, False])}).tolist() == [False, True]


def small_product(point):
    return point["a"] * point["b"] < 3


def test_a_function_of_a_point_is_a_constraint_asked_row_by_row():
    constraint = Constraint(small_product)
    assert constraint.holds(COLUMNS).tolist() == [True, True, True, False]
    assert constraint.linear is None
    assert constraint.names == frozenset()
    assert constraint.text.startswith("python function ")
    assert constraint.text.endswith("small_product")


def test_a_function_cannot_be_read_from_a_file_and_a_journal_knows_its_name():
    text = Constraint(small_product).model_dump()
    with pytest.raises(ValidationError, match="cannot stand in a file"):
        Holder.model_validate({"constraint": text})
    told = Holder.model_validate({"constraint": text}, context=TRUSTED).constraint
    assert told.text == text
    with pytest.raises(ExpressionError, match="small_product is not here"):
        told.holds(COLUMNS)


@pytest.mark.parametrize("function", [lambda p: p["x"] > 1, lambda p: None, lambda p: 1.0, lambda p: 1 / 0])
def test_a_function_that_fails_is_a_mistake_and_no_traceback(function):
    with pytest.raises(ExpressionError, match="lambda"):
        Constraint(function).holds(COLUMNS)
    assert Space(a=Real(0, 1), constraints=[function]).mistakes()[0].path == "space.constraints[0]"
