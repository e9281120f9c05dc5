"""Constraints: text that knows what it means."""

import json

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from matloop.core.constraint import Constraint


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
