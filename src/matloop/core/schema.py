"""The JSON Schema of a campaign file, so that an editor can complete and check it while it is written."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from matloop.core import registry
from matloop.core.objective import AnyObjective
from matloop.core.space import AnyParameter
from matloop.core.spec import Settings

_HERE = "#/$defs/{model}"


def campaign_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file, with every planner and lab that is installed."""
    definitions: dict[str, Any] = {}

    def reference(model: Any) -> dict[str, Any]:
        schema = TypeAdapter(model).json_schema(ref_template=_HERE)
        definitions.update(schema.pop("$defs", {}))
        return schema

    def of_group(group: str) -> dict[str, Any]:
        return {"anyOf": [_with_kind(reference(registry.load(group, name))) for name in registry.names(group)]}

    def rule(name: str) -> dict[str, Any]:
        """Its table, or the one setting that may stand for it."""
        model = registry.load("stops", name)
        table = reference(model)
        table["properties"].pop("kind", None)
        main = table["properties"].get(getattr(model, "main", None))
        return {"anyOf": [main, table]} if main else table

    wish = reference(AnyObjective)
    for definition in list(definitions.values()):
        if "goal" in definition.get("properties", {}):  # in a file the name is the key
            definition["properties"].pop("name", None)
            definition["required"] = [key for key in definition.get("required", []) if key != "name"] + ["goal"]
    parameter = reference(AnyParameter)
    for definition in definitions.values():
        if "kind" in definition.get("properties", {}):
            _with_kind(definition)
    components = definitions["Mixture"]["properties"]["components"]
    names_alone = {"type": "array", "items": {"type": "string"}, "minItems": 2}
    definitions["Mixture"]["properties"]["components"] = {"anyOf": [components, names_alone]}
    space = {
        "type": "object",
        "properties": {"constraints": {"type": "array", "items": {"type": "string"}}},
        "additionalProperties": parameter,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "matloop campaign",
        "type": "object",
        "additionalProperties": False,
        "required": ["space", "objective"],
        "properties": {
            "campaign": reference(Settings),
            "space": space,
            "objective": {"type": "object", "additionalProperties": wish, "minProperties": 1},
            "planner": of_group("planners"),
            "stop": {
                "type": "object",
                "properties": {name: rule(name) for name in registry.names("stops")},
                "additionalProperties": False,
            },
            "lab": of_group("labs"),
        },
        "$defs": definitions,
    }


def _with_kind(definition: dict[str, Any]) -> dict[str, Any]:
    """In Python the class says the kind, in a file the key does."""
    definition["required"] = [*definition.get("required", []), "kind"]
    return definition
