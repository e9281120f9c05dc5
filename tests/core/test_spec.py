"""A campaign's definition: the same in a file, in Python and in the journal, or refused with every mistake."""

import json
import math
import re
import tomllib

import pytest
from core_strategies import WORDS, spaces
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from matloop.core.choice import Choice
from matloop.core.errors import SpecError
from matloop.core.mixture import Mixture
from matloop.core.objective import AtLeast, AtMost, Maximize, Minimize, Near
from matloop.core.parameter import Integer, Real
from matloop.core.space import Space
from matloop.core.spec import CampaignSpec, differences, parse_spec

TOML = """
[campaign]
name = "geopolymer"
budget = 50
pause_after = [2, 4]

[space]
solvent = { kind = "choice", options = ["water", 2, 0.5, true] }
temperature = { kind = "real", low = 20, high = 80, step = 0.1, unit = "degC" }
time = { kind = "real", low = 1e-3, high = 10, log = true }
n = { kind = "integer", low = 6, high = 12, step = 2 }
paste = { kind = "mixture", components = { naoh = { high = 0.5 }, silicate = {} }, total = 5, unit = "mL" }
bench = { kind = "pool", table = { mass = [1, 2.5], name = ["a", "b"] }, label = "name" }
constraints = ["naoh + 2 * silicate <= 9"]

[objective]
strength = { goal = "maximize", unit = "MPa" }
cost = { goal = "at_most", limit = 3 }

[planner]
kind = "fake"
batch = 4
"""

VALID = tomllib.loads(TOML)


def test_the_file_and_python_say_the_same():
    from matloop.core.pool import Pool

    space = Space(
        solvent=Choice(["water", 2, 0.5, True]),
        temperature=Real(20, 80, step=0.1, unit="degC"),
        time=Real(1e-3, 10, log=True),
        n=Integer(6, 12, step=2),
        paste=Mixture({"naoh": {"high": 0.5}, "silicate": {}}, total=5, unit="mL"),
        bench=Pool(table={"mass": [1, 2.5], "name": ["a", "b"]}, label="name"),
        constraints=["naoh + 2 * silicate <= 9"],
    )
    python = {
        "campaign": {"name": "geopolymer", "budget": 50, "pause_after": (2, 4)},
        "space": space,
        "objective": (Maximize("strength", unit="MPa"), AtMost("cost", 3)),
        "planner": {"kind": "fake", "batch": 4},
    }
    assert parse_spec(python) == parse_spec(VALID)
    assert parse_spec(python).to_dict() == parse_spec(VALID).to_dict()


WISHES = st.one_of(
    st.builds(Maximize, WORDS, unit=st.sampled_from([None, "mm", "wt%"])),
    st.builds(Minimize, WORDS),
    st.builds(Near, WORDS, st.floats(-9, 9)),
    st.builds(AtLeast, WORDS, st.floats(-9, 9)),
)


@given(spaces(), st.lists(WISHES, min_size=1, max_size=3, unique_by=lambda wish: wish.name), st.integers(1, 12))
def test_a_definition_survives_its_plain_form_and_json(space, wishes, batch):
    wishes = [w for w in wishes if w.name not in space.variables] or [Maximize("the goal")]
    planner = {"kind": "fake", "batch": batch}
    spec = parse_spec({"space": space, "objective": tuple(wishes), "planner": planner})
    assert parse_spec(spec.to_dict()) == spec
    stored = json.loads(json.dumps(spec.to_dict(), allow_nan=False))
    assert parse_spec(stored) == spec
    assert parse_spec(stored).to_dict() == spec.to_dict()
    assert differences(spec.to_dict(), stored) == []


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(
        [0, 1, -1, 10**400, 1e308, 5e-324, math.nan, math.inf, "", "real", "\ud800", "\x00", b"x", object()]
    ),
    st.text(max_size=6),
    st.floats(),
)
WORDS_OF_FILES = """
campaign space objective planner lab name budget kind goal low high step log options components total table file columns
label unit value limit constraints parameters real near self model_config __class__ x y
"""
KEYS = st.sampled_from(re.findall(r"\w+", WORDS_OF_FILES)) | st.text(max_size=4)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.integers(), inner, max_size=4),
    max_leaves=12,
)


def places(data, path=()):
    yield path
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


def replaced(data, path, value):
    """A copy of nested data with something else, or nothing, in one place."""
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    if len(path) == 1 and value is places:
        del copy[path[0]]
    else:
        copy[path[0]] = replaced(copy[path[0]], path[1:], value)
    return copy


def check(data):
    try:
        spec = parse_spec(data)
    except SpecError as refusal:
        found = refusal
    else:
        assert parse_spec(json.loads(json.dumps(spec.to_dict()))) == spec
        return
    assert found.mistakes
    assert all(mistake.path and mistake.message for mistake in found.mistakes)
    str(found).encode()


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_spoilt_definition_is_refused_with_its_mistakes_or_sound(data):
    spoilt = VALID
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places(spoilt))[1:] or [()]))
        what = data.draw(st.sampled_from(["replace", "drop", "add"]))
        target = spoilt
        for key in path:
            target = target[key]
        if what == "add" and isinstance(target, dict):
            spoilt = replaced(spoilt, path, {**target, data.draw(KEYS): data.draw(ANYTHING)})
        elif what == "drop" and path:
            spoilt = replaced(spoilt, path, places)
        else:
            spoilt = replaced(spoilt, path, data.draw(ANYTHING))
    check(spoilt)


@given(ANYTHING)
@example({"campaign": {"name": "\ud800"}})
def test_whatever_is_given_is_refused_with_mistakes_or_sound(data):
    check(data)


def test_no_depth_of_nesting_breaks_the_check():
    rows: list = []
    table: dict = {}
    for _ in range(5000):
        rows, table = [rows], {"x": table}
    check({"space": {"x": {"kind": "real", "low": rows, "high": 1}}, "objective": table})
    check({"space": table, "objective": rows, "planner": table, "more": rows})


def test_the_bayesian_planner_is_the_default():
    spec = parse_spec({key: VALID[key] for key in ("space", "objective")})
    assert spec.planner.kind == "bayesian"
    assert spec.lab is None


def test_what_is_at_its_default_is_left_out():
    assert parse_spec(
        {"space": {"x": {"kind": "real", "low": 0, "high": 1}}, "objective": {"y": {"goal": "maximize"}}}
    ).to_dict() == {
        "space": {"x": {"kind": "real", "low": 0.0, "high": 1.0}},
        "objective": {"y": {"goal": "maximize"}},
        "planner": {"kind": "bayesian"},
    }


def test_differences_are_named_by_path():
    other = replaced(VALID, ("planner", "batch"), 1)
    other = replaced(other, ("space", "n"), places)
    lines = differences(parse_spec(VALID).to_dict(), parse_spec(other).to_dict())
    assert lines[0].startswith("space.n: {'kind': 'integer'")
    assert lines[0].endswith("→ (not set)")
    assert lines[1:] == ["planner.batch: 4 → (not set)"]
    assert differences({"a": True}, {"a": 1}) == ["a: True → 1"]
    assert differences({"a": [1, (2.0,)]}, {"a": (1.0, [2])}) == []


@pytest.mark.parametrize("name", ["", "a b", "a/b", "../x", ".x", "-x", "x\n", "x" * 65])
def test_a_campaign_s_name_can_name_a_folder(name):
    with pytest.raises(SpecError, match=r"campaign\.name"):
        parse_spec({**VALID, "campaign": {"name": name}})


def test_definitions_are_frozen_values():
    spec = parse_spec(VALID)
    assert isinstance(spec, CampaignSpec)
    with pytest.raises(ValueError, match="frozen"):
        spec.campaign.budget = 3
