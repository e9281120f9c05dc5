"""The JSON Schema of a campaign file: it takes what the parser takes, and knows every key and no other."""

import json
from typing import Any

import pytest
from core_strategies import spaces
from hypothesis import given

from matloop.core import registry
from matloop.core.choice import Choice
from matloop.core.mixture import Component, Mixture
from matloop.core.objective import AtLeast, AtMost, Maximize, Minimize, Near
from matloop.core.parameter import Integer, Real
from matloop.core.pool import Pool
from matloop.core.schema import campaign_schema
from matloop.core.spec import Settings, parse_spec


@pytest.fixture(scope="module")
def schema(_only_made_up_kinds):
    sound = {name: entry for name, entry in registry._entries("planners").items() if name != "broken"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_entries", lambda group: sound)
        return campaign_schema()


TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
CHECKED = {"type", "const", "enum", "anyOf", "oneOf", "properties", "required", "additionalProperties", "items", "$ref"}
CHECKED |= {"minimum", "maximum", "exclusiveMinimum", "minItems", "maxItems", "minProperties", "prefixItems"}
SAID_ONLY = {"title", "description", "default", "discriminator", "$defs", "$schema"}


def fits(value, schema, definitions):
    """Whether a value meets a schema, for the words of JSON Schema that ours uses."""
    assert set(schema) <= CHECKED | SAID_ONLY, set(schema) - CHECKED - SAID_ONLY
    if "$ref" in schema:
        return fits(value, definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    if "type" in schema and not isinstance(value, TYPES[schema["type"]]):
        return False
    if "type" in schema and isinstance(value, bool) != (schema["type"] == "boolean"):
        return False
    if ("const" in schema and value != schema["const"]) or ("enum" in schema and value not in schema["enum"]):
        return False
    for word in ("anyOf", "oneOf"):
        if word in schema and not any(fits(value, one, definitions) for one in schema[word]):
            return False
    return _numbers_fit(value, schema) and _inside_fits(value, schema, definitions)


def _numbers_fit(value, schema):
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    low, high, above = (schema.get(word) for word in ("minimum", "maximum", "exclusiveMinimum"))
    return (low is None or value >= low) and (high is None or value <= high) and (above is None or value > above)


def _inside_fits(value, schema, definitions):
    if isinstance(value, dict):
        known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
        if len(value) < schema.get("minProperties", 0) or not set(schema.get("required", [])) <= set(value):
            return False
        return all(
            fits(inner, known[key], definitions)
            if key in known
            else more is True or (more is not False and fits(inner, more, definitions))
            for key, inner in value.items()
        )
    if isinstance(value, list) and "items" in schema:
        return len(value) >= schema.get("minItems", 0) and all(fits(v, schema["items"], definitions) for v in value)
    return True


def accepts(schema, data):
    return fits(data, schema, schema["$defs"])


@given(space=spaces())
def test_the_schema_accepts_what_the_parser_wrote(schema, space):
    spec = parse_spec(
        {
            "campaign": {"name": "bear", "budget": 50, "budget_hours": 0.5, "seed": 3, "pause_after": [2, 4]},
            "space": space,
            "objective": (Maximize("yield", unit="mm"), Near("gap", 1.4), AtMost("cost", 3), AtLeast("purity", 0.9)),
            "planner": {"kind": "fake", "batch": 4},
            "lab": {"kind": "fake", "order": "down"},
        }
    )
    assert accepts(schema, json.loads(json.dumps(spec.to_dict())))


def test_the_schema_accepts_a_list_of_components(schema):
    space = {"m": {"kind": "mixture", "components": ["a", "b"]}}
    data = {"space": space, "objective": {"y": {"goal": "maximize"}}}
    assert parse_spec(data)
    assert accepts(schema, data)


SOUND: dict[str, Any] = {
    "space": {"x": {"kind": "real", "low": 0, "high": 1}},
    "objective": {"y": {"goal": "maximize"}},
}


@pytest.mark.parametrize(
    "spoilt",
    [
        {},
        {"space": SOUND["space"]},
        {**SOUND, "campain": {}},
        {**SOUND, "campaign": {"budget": 0}},
        {**SOUND, "campaign": {"budgt": 1}},
        {**SOUND, "space": {"x": {"low": 0, "high": 1}}},
        {**SOUND, "space": {"x": {"kind": "rael", "low": 0, "high": 1}}},
        {**SOUND, "space": {"x": {"kind": "real", "low": 0}}},
        {**SOUND, "space": {**SOUND["space"], "constraints": "x < 1"}},
        {**SOUND, "objective": {}},
        {**SOUND, "objective": {"y": {}}},
        {**SOUND, "objective": {"y": {"goal": "near"}}},
        {**SOUND, "planner": {"kind": "none"}},
        {**SOUND, "planner": {"batch": 2}},
        {**SOUND, "planner": {"kind": "fake", "batch": 0}},
    ],
)
def test_the_schema_refuses_what_the_parser_refuses(schema, spoilt):
    assert accepts(schema, SOUND)
    assert not accepts(schema, spoilt)


@pytest.mark.parametrize("model", [Real, Integer, Choice, Mixture, Pool, Component, Settings, Maximize, Minimize, Near])
def test_the_schema_knows_each_key_and_no_other(schema, model):
    definition = schema["$defs"].get(model.__name__) or schema["properties"]["campaign"]
    keys = set(model.model_fields) - ({"name"} if "goal" in model.model_fields else set())
    assert set(definition["properties"]) == keys
    assert definition["additionalProperties"] is False


def test_all_references_lead_somewhere(schema):
    text = json.dumps(schema)
    named = {part.split('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert named <= set(schema["$defs"])
