"""From what a lab gave to an Outcome: units are converted, doubtful things refused, and nothing ever raises."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matloop.core.choice import Choice
from matloop.core.objective import AtMost, Maximize, Minimize
from matloop.core.parameter import Integer, Real
from matloop.core.space import Space
from matloop.core.trial import Outcome
from matloop.labs.outcome import PARTS, outcome_of
from matloop.labs.quantity import quantity_of

SPACE = Space(n=Integer(1, 9), temperature=Real(20, 200, unit="degC"), solvent=Choice(["water", "7"]))
ONE = [Maximize("toughness", unit="J")]
TWO = [Maximize("toughness", unit="J"), Minimize("temperature_out", unit="degC")]

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.integers(10**300, 10**400)
names = st.sampled_from(["toughness", "temperature_out", "value", "unit", "std", "n", *PARTS]) | st.text(max_size=5)
written = st.sampled_from(["3 kJ", "1e999 J", "9**9**9", "1__0", "−5", "1 J" * 50, "\ud800", "a\x00b"])
anything = st.recursive(
    scalars | written,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.integers(), inner, max_size=5),
    max_leaves=12,
)


@given(anything, st.sampled_from([ONE, TWO]))
@settings(max_examples=300, deadline=None)
def test_nothing_raises_and_everything_can_be_stored(given_: object, objectives: list) -> None:
    """Whatever came, there is an Outcome; it holds finite numbers only, fits into JSON, and is complete or failed."""
    outcome = outcome_of(given_, objectives, SPACE)
    assert Outcome.model_validate_json(outcome.model_dump_json()) == outcome
    assert all(map(math.isfinite, [*outcome.values.values(), *outcome.std.values()]))
    assert outcome.failed is not None or all(objective.name in outcome.values for objective in objectives)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.sampled_from(["J", "kJ", "eV", None]))
def test_a_number_and_its_unit_survive(value: float, unit: str | None) -> None:
    """A number, a text and a table with the same value and unit say the same."""
    forms = [{"value": value, "unit": unit}, {"toughness": {"value": value, "unit": unit}}]
    forms.append({"toughness": f"{value!r} {unit or ''}"})
    forms.append({"values": {"toughness": value}, "units": {"toughness": unit}})
    expected, _ = quantity_of(value, "toughness", unit, "J")
    read = [outcome_of(form if "value" not in form else {"toughness": form}, ONE, SPACE) for form in forms]
    assert [outcome.values["toughness"] for outcome in read] == [expected] * len(forms)


@pytest.mark.parametrize("number", [3, 3.0, np.float32(3), np.int64(3), np.array(3.0), np.array([3.0]), "3", "3 J"])
def test_a_bare_number_is_the_only_objective(number: object) -> None:
    """With a single objective the number alone is enough, NumPy's numbers too."""
    assert outcome_of(number, ONE).values == {"toughness": 3.0}


@pytest.mark.parametrize(
    ("came", "told"),
    [
        (True, "not a number"),
        (None, "no value"),
        (math.nan, "finite"),
        (-math.inf, "finite"),
        (10**309, "too large"),
        ([1.0], "not a number"),
        (1j, "not a number"),
        ("strong", "not a number"),
        ("3 m", "same dimension"),
        ("3 bananas", "unknown unit"),
        ({}, "no value for toughness"),
        ({"toughnes": 3}, "did you mean 'toughnes'"),
        ({1: 3}, "not text"),
        ({"toughness": {"unit": "J"}}, "no 'value'"),
        ({"toughness": {"value": 3, "unit": 5}}, "not text"),
        ({"toughness": {"value": 3, "std": -1}}, "negative"),
        ({"values": {"toughness": 3}, "std": {"toughness": math.nan}}, "finite"),
        ({"values": {"toughness": 3}, "achieved": {"temperature": "hot"}}, "not a number"),
        ({"values": {"toughness": 3}, "achieved": [1]}, "must be a mapping"),
        ({"values": {"toughness": 3}, "files": 7}, "list of paths"),
        ({"toughness": 3, "failed": 7}, "text that says why"),
    ],
)
def test_what_is_refused_is_told_and_kept(came: object, told: str) -> None:
    """A refusal is a fault of the lab in one sentence, and the log keeps what came."""
    outcome = outcome_of(came, ONE, SPACE)
    assert outcome.is_fault
    assert told in outcome.failed
    assert "what came" in outcome.log


def test_a_bare_number_for_two_objectives_is_refused() -> None:
    """It cannot be known which one is meant."""
    assert "mapping of toughness, temperature_out" in outcome_of(3, TWO).failed


def test_offsets_and_differences() -> None:
    """A temperature is shifted, its standard deviation is not: 300 K ± 2 K is 26.85 °C ± 2 °C."""
    came = {"toughness": 1, "temperature_out": {"value": 300, "unit": "K", "std": 2}}
    outcome = outcome_of(came, TWO)
    assert outcome.values["temperature_out"] == pytest.approx(26.85)
    assert outcome.std == pytest.approx({"temperature_out": 2.0})


def test_the_long_form() -> None:
    """Values, spread, units, achieved settings and files in one; numbers and options get their own types."""
    came = {
        "values": {"toughness": 0.03, "mass": 1.2, "remark": "shiny"},
        "std": {"toughness": "1 J"},
        "units": {"toughness": "kJ"},
        "achieved": {"temperature": "373.15 K", "n": 3, "solvent": "7", "humidity": 40},
        "files": ["a/curve.csv", "b/curve.csv", "/tmp/photo.png"],
        "operator": "Ada",
    }
    outcome = outcome_of(came, ONE, SPACE, files_from=Path("/lab"))
    assert outcome.values == pytest.approx({"toughness": 30.0, "mass": 1.2})
    assert outcome.std == pytest.approx({"toughness": 1.0})
    assert outcome.achieved == pytest.approx({"temperature": 100.0, "n": 3, "solvent": "7"})
    assert {name: Path(path) for name, path in outcome.files.items()} == {
        "curve.csv": Path("/lab/a/curve.csv"),
        "b/curve.csv": Path("/lab/b/curve.csv"),
        "photo.png": Path("/tmp/photo.png"),
    }
    for noted in ("remark", "shiny", "humidity", "Ada"):
        assert noted in outcome.log


def test_a_failure_keeps_what_was_measured() -> None:
    """A sample that cracked may still have some values; the missing ones are not asked for."""
    outcome = outcome_of({"failed": "cracked", "temperature_out": 30}, TWO)
    assert (outcome.failed, outcome.is_fault) == ("cracked", False)
    assert outcome.values == {"temperature_out": 30.0}
    assert outcome_of({"failed": True}, TWO).failed == "failed"
    assert outcome_of({"toughness": 1, "temperature_out": 3, "failed": None}, TWO).failed is None


def test_objectives_may_have_the_names_of_parts() -> None:
    """An objective called std or values is a value like any other."""
    outcome = outcome_of({"std": 3, "values": 4}, [Maximize("std"), AtMost("values", 9)])
    assert outcome.values == {"std": 3.0, "values": 4.0}


def test_a_whole_number_without_end() -> None:
    """A number so long that Python refuses to print it is refused too, and can be told about."""
    assert "too large" in outcome_of(10**5000, ONE).failed


def test_what_json_can_say_of_numbers() -> None:
    """Python's JSON reads NaN and 1e999; neither becomes a value."""
    for text in ('{"toughness": NaN}', '{"toughness": 1e999}', '{"toughness": -Infinity}'):
        assert outcome_of(json.loads(text), ONE).is_fault
