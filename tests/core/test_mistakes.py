"""Mistakes: all at once, each with its place in the file, in words that need no Python."""

import pytest

from matloop.core.errors import SpecError, did_you_mean
from matloop.core.spec import parse_spec

SOUND = {
    "space": {"x": {"kind": "real", "low": 0, "high": 1}},
    "objective": {"y": {"goal": "maximize"}},
    "planner": {"kind": "fake"},
}


def mistakes(**parts):
    with pytest.raises(SpecError) as refusal:
        parse_spec({**SOUND, **parts})
    return [str(mistake) for mistake in refusal.value.mistakes]


def of_space(**parameters):
    return mistakes(space={**SOUND["space"], **parameters})


SAID = [
    ({"campain": {}}, ["campain: unknown key (did you mean 'campaign'?)"]),
    ({"campaign": {"budget": 0}}, ["campaign.budget: should be greater than or equal to 1, not 0"]),
    ({"campaign": {"budget": "many"}}, ["campaign.budget: should be a whole number, not 'many'"]),
    ({"campaign": {"budget": 2.5}}, ["campaign.budget: should be a whole number, not 2.5"]),
    ({"campaign": {"nam": "x"}}, ["campaign.nam: unknown key (did you mean 'name'?)"]),
    ({"campaign": {"pause_after": 3}}, ["campaign.pause_after: should be a list, not 3"]),
    ({"campaign": {"pause_after": [5, 2]}}, ["campaign.pause_after: pause_after is [k, n] with 1 <= k <= n"]),
    ({"campaign": []}, ["campaign: should be a table, not a list"]),
    ({"space": {}}, ["space: needs at least 1 entry, not 0"]),
    ({"space": "x"}, ["space: should be a table, not 'x'"]),
    ({"objective": {}}, ["objective: nothing is wanted: name at least one objective"]),
    ({"objective": 3}, ["objective: should be a table, not 3"]),
    (
        {"objective": {"y": "maximize"}},
        ["objective.y: should be a table, not 'maximize' (write { goal = \"maximize\" })"],
    ),
    (
        {"objective": {"y": {}}},
        ["objective.y.goal: is missing (one of: maximize, minimize, near, at_most, at_least, match)"],
    ),
    (
        {"objective": {"y": {"goal": "maximise"}}},
        ["objective.y.goal: there is no goal 'maximise' (did you mean 'maximize'?)"],
    ),
    ({"objective": {"y": {"goal": "near"}}}, ["objective.y.value: is missing"]),
    (
        {"objective": {"near": {"goal": "near", "value": "x"}}},
        ["objective.near.value: should be a number, not 'x'"],
    ),
    ({"objective": {"x": {"goal": "maximize"}}}, ["objective.x: the space has a variable of this name too"]),
    ({"planner": "fake"}, ["planner: should be a table, not 'fake' (write { kind = \"fake\" })"]),
    ({"planner": {}}, ["planner.kind: is missing (one of: bayesian, broken, fake)"]),
    ({"planner": {"kind": "fke"}}, ["planner.kind: no planner of the kind 'fke' (did you mean 'fake'?)"]),
    ({"lab": {"kind": "fke"}}, ["lab.kind: no lab of the kind 'fke' (did you mean 'fake'?)"]),
    ({"lab": {"kind": "broken"}}, ["lab.kind: the lab 'broken' cannot be loaded: a plugin with a slip"]),
    (
        {"planner": {"kind": "fake", "bach": 2, "order": "upp", "tags": "a", "weights": {"a": "b"}}},
        [
            "planner.tags: should be a list, not 'a'",
            "planner.weights.a: should be a number, not 'b'",
            "planner.order: 'upp' is not possible here (did you mean 'up'?)",
            "planner.bach: unknown key (did you mean 'batch'?)",
        ],
    ),
    ({"lab": {"kind": "fake", "batch": 13}}, ["lab.batch: 13 brings bad luck"]),
]


@pytest.mark.parametrize(("parts", "said"), SAID)
def test_each_mistake_is_said_in_plain_words_with_its_place(parts, said):
    assert mistakes(**parts) == said


SAID_OF_A_PARAMETER = [
    (3, ["space.p: should be a table, not 3"]),
    ("real", ["space.p: should be a table, not 'real' (write { kind = \"real\" })"]),
    ({}, ["space.p.kind: is missing (one of: real, integer, choice, mixture, pool, fidelity)"]),
    ({"kind": "rael"}, ["space.p.kind: there is no kind 'rael' (did you mean 'real'?)"]),
    (
        {"kind": "real", "lo": 0, "high": None},
        [
            "space.p.low: is missing (did you mean it by 'lo'?)",
            "space.p.high: should be a number, not nothing",
            "space.p.lo: unknown key (did you mean 'low'?)",
        ],
    ),
    ({"kind": "real", "low": 1, "high": 0}, ["space.p: low (1) must be below high (0)"]),
    ({"kind": "real", "low": float("nan"), "high": 1}, ["space.p.low: should be a finite number, not nan"]),
    (
        {"kind": "integer", "low": 0, "high": 10**400},
        ["space.p.high: should be less than or equal to 9007199254740992, not a huge number"],
    ),
    ({"kind": "choice", "options": "abc"}, ["space.p.options: should be a list, not 'abc'"]),
    ({"kind": "choice", "options": []}, ["space.p.options: needs at least 1 entry, not 0"]),
    (
        {"kind": "choice", "options": ["a", {}]},
        ["space.p.options[1]: should be text or true or false or a number, not a table"],
    ),
    (
        {"kind": "mixture", "components": {"a": {"lo": 1}, "b": 3}},
        [
            "space.p.components.a.lo: unknown key (did you mean 'low'?)",
            "space.p.components.b: should be a table, not 3",
        ],
    ),
    (
        {"kind": "pool", "table": {"str": [1, None]}},
        ["space.p.table.str[1]: should be text or true or false or a number, not nothing"],
    ),
    (
        {"kind": "real", "low": 0, "high": 1, "unit": "bogus"},
        ["space.p.unit: unknown unit 'bogus' (write it as in 'mm', 'S/cm', 'mol/L', 'degC', 'percent')"],
    ),
    (
        {"kind": "mixture", "components": ["a", "b"], "unit": "bogus"},
        ["space.p.unit: unknown unit 'bogus' (write it as in 'mm', 'S/cm', 'mol/L', 'degC', 'percent')"],
    ),
    (
        {"kind": "pool", "table": {"m": [1, 2]}, "unit_of": {"m": "bogus"}},
        ["space.p.unit_of.m: unknown unit 'bogus' (write it as in 'mm', 'S/cm', 'mol/L', 'degC', 'percent')"],
    ),
]


@pytest.mark.parametrize(("parameter", "said"), SAID_OF_A_PARAMETER)
def test_each_mistake_of_a_parameter_too(parameter, said):
    assert of_space(p=parameter) == said


def test_a_part_of_a_name_tells_which_one_is_meant():
    """The shortest name that has it in it, if it is three letters or more and no name is spelled nearly so."""
    names = ["trial", "CO2_uptake_298K std", "CO2_uptake_298K_predicted", "CO2_uptake_298K"]
    assert did_you_mean("co2", names) == "did you mean 'CO2_uptake_298K'?"
    assert did_you_mean("trail", names) == "did you mean 'trial'?"
    assert did_you_mean("CO", names) == "one of: " + ", ".join(names)


def test_constraints_are_numbered():
    said = of_space(constraints=["x <= 1", "x <", 3, "x + z <= 1"])
    assert [line.split(":")[0] for line in said] == [f"space.constraints[{i}]" for i in (1, 2, 3)]
    assert of_space(constraints="x <= 1") == ["space.constraints: should be a list, not 'x <= 1'"]
    assert of_space(constraints=["z <= 1"]) == ["space.constraints[0]: 'z' is no variable of this space (one of: x)"]


def test_all_mistakes_come_at_once():
    said = mistakes(
        campaign={"budget": 0}, space={"x": {"kind": "rael"}}, objective={"y": {}}, planner={"kind": "no"}, lba={}
    )
    assert len(said) == 5


@pytest.mark.parametrize("data", [None, 3, "x", [], {1: 2}, {"space": {1: 2}}])
def test_what_is_no_table_of_names_is_said_to_be_none(data):
    with pytest.raises(SpecError) as refusal:
        parse_spec(data)
    assert all("table" in m.message or "text" in m.message for m in refusal.value.mistakes)


def test_words_of_python_and_pydantic_never_show():
    lines = [line for parts, _ in SAID for line in mistakes(**parts)]
    lines += [line for parameter, _ in SAID_OF_A_PARAMETER for line in of_space(p=parameter)]
    for word in ("dict", "tuple", "str ", "instance", "None", "Input", "BaseModel", "pydantic", "parse string"):
        assert not [line for line in lines if word in line]
