"""From what pydantic found to what a person can mend: the path in the file, plain words, the nearest spelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from matloop.core import registry
from matloop.core.errors import Mistake, did_you_mean

#: pydantic puts the tag of a union into the path of an error; a file has no such level.
_TAGS = {
    "real",
    "integer",
    "choice",
    "mixture",
    "pool",
    "maximize",
    "minimize",
    "near",
    "at_most",
    "at_least",
}


def explain(error: ValidationError, data: Any) -> list[Mistake]:
    """Every mistake once, in the order of the file."""
    found = [_mistake(details, data) for details in error.errors(include_url=False)]
    return list(dict.fromkeys(found))


def _mistake(details: Mapping[str, Any], data: Any) -> Mistake:
    location, path = _path(details["loc"], data)
    kind, context, given = details["type"], details.get("ctx", {}), details.get("input")
    match kind:
        case "extra_forbidden":
            return Mistake(path, "unknown key", did_you_mean(location[-1], _known_keys(location, data)))
        case "missing":
            near = [k for k in given if did_you_mean(k, [location[-1]]).startswith("did")] if _is_table(given) else []
            return Mistake(path, "is missing", f"did you mean it by '{near[0]}'?" if near else "")
        case "union_tag_not_found":
            tag = str(context.get("discriminator", "kind")).strip("'")
            return Mistake(f"{path}.{tag}", "is missing", did_you_mean("", _tags(tag)))
        case "union_tag_invalid":
            tag = str(context["discriminator"]).strip("'")
            hint = did_you_mean(context["tag"], _tags(tag))
            return Mistake(f"{path}.{tag}", f"there is no {tag} '{_short(context['tag'])}'", hint)
        case "value_error":
            return Mistake(path, str(context.get("error", details["msg"])))
        case "literal_error":
            expected = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
            return Mistake(path, f"{_short(given)!r} is not possible here", did_you_mean(given, expected))
    return Mistake(path, f"{_lowered(details['msg'])}, not {_short(given)!r}")


def _tags(tag: str) -> list[str]:
    goals = ["maximize", "minimize", "near", "at_most", "at_least"]
    return goals if tag == "goal" else ["real", "integer", "choice", "mixture", "pool"]


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _short(value: Any) -> Any:
    text = str(value)
    return value if len(text) <= 60 else text[:57] + "…"


def _lowered(message: str) -> str:
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    return text[:1].lower() + text[1:]


def _path(loc: Sequence[Any], data: Any) -> tuple[list[Any], str]:
    """The place in the file: without pydantic's own levels, with the objective's name in place of its number."""
    levels = list(loc)
    if levels[:2] == ["space", "parameters"]:
        del levels[1]
    if len(levels) > 2 and levels[0] in ("space", "objective") and levels[2] in _TAGS:
        del levels[2]
    wishes = data.get("objective") if isinstance(data, Mapping) else None
    if levels[:1] == ["objective"] and len(levels) > 1 and _is_table(wishes) and isinstance(levels[1], int):
        levels[1] = list(wishes)[levels[1]] if levels[1] < len(wishes) else levels[1]
    text = ""
    for level in levels:
        text += f"[{level}]" if isinstance(level, int) else f".{level}" if text else str(level)
    return levels, text or "the file"


def _known_keys(levels: Sequence[Any], data: Any) -> list[str]:
    """The keys that the table which holds this one may have."""
    from matloop.core.objective import AnyObjective
    from matloop.core.space import AnyParameter
    from matloop.core.spec import CampaignSpec, Settings

    match list(levels):
        case [_]:
            return list(CampaignSpec.model_fields)
        case ["campaign", _]:
            return list(Settings.model_fields)
        case ["planner" | "lab" as part, _]:
            kind = data[part].get("kind")
            return list(registry.load(f"{part}s", kind).model_fields)
        case ["space", name, _]:
            return _fields_of(AnyParameter, "kind", data["space"][name].get("kind"))
        case ["objective", name, _]:
            return [f for f in _fields_of(AnyObjective, "goal", data["objective"][name].get("goal")) if f != "name"]
    return []


def _fields_of(union: Any, tag: str, kind: Any) -> list[str]:
    for member in _members(union):
        if member.model_fields[tag].default == kind:
            return list(member.model_fields)
    return []


def _members(union: Any) -> list[type[BaseModel]]:
    """The models of an `Annotated[A | B, …]`."""
    return list(get_args(get_args(union)[0]))
