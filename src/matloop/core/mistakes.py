"""From what pydantic found to what a person can mend: the path in the file, plain words, the nearest spelling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from matloop.core import registry
from matloop.core.errors import Mistake, did_you_mean

_KINDS = ("real", "integer", "choice", "mixture", "pool", "fidelity")
_GOALS = ("maximize", "minimize", "near", "at_most", "at_least", "match")

#: What each type is called in a file, by the beginnings of pydantic's names for what is wrong with a value.
_SHOULD_BE = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "finite_number": "a finite number",
    "bool": "true or false",
    "string_type": "text",
    "string_unicode": "text",
    "tuple": "a list",
    "list": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "dict": "a table",
    "mapping": "a table",
    "model": "a table",
    "dataclass": "a table",
}


#: From the levels that lead to a key, and the data of the file, to the keys that may stand there.
KnownKeys = Callable[[list[Any], Any], list[str]]


def explain(error: ValidationError, data: Any, known_keys: KnownKeys | None = None) -> list[Mistake]:
    """Every mistake once, in the order in which pydantic looks through the file, a campaign's or another."""
    found: list[Mistake] = []
    wrong: dict[
        str, tuple[list[str], Any]
    ] = {}  # path -> what the value should be; several where a union takes several
    for details in error.errors(include_url=False):
        expected = _expected(details["type"])
        location, path = _path(details["loc"], data, details["type"] == "missing")
        if expected is None:
            found.extend(_mistake(details, location, path, data, known_keys or _known_keys))
        elif path in wrong:
            wrong[path][0].append(expected)
        else:
            wrong[path] = ([expected], details.get("input"))
            found.append(Mistake(path, ""))
    return list(dict.fromkeys(m if m.message else _wrong_type(m.path, *wrong[m.path]) for m in found))


def bad_kind(message: str, hint: str) -> PydanticCustomError:
    """The error of a planner or lab whose kind is not known."""
    return PydanticCustomError("bad_kind", "{message}", {"message": message, "hint": hint})


def keys_that_are_no_text(data: Any) -> list[Mistake]:
    """Python's tables may have any keys, a file's have names."""
    found: list[Mistake] = []
    left: list[tuple[str, Any]] = [("", data)]
    while left:
        path, value = left.pop()
        for key, inner in value.items() if isinstance(value, Mapping) else ():
            if not isinstance(key, str):
                found.append(Mistake(path or "the file", f"the key {_shown(key)} should be text"))
            else:
                left.append((f"{path}.{key}" if path else key, inner))
        left.extend((f"{path}[{i}]", inner) for i, inner in enumerate(value if isinstance(value, list | tuple) else ()))
    return found


def _expected(kind: str) -> str | None:
    if kind in ("too_long", "too_short") or kind.endswith(("_too_long", "_too_short")):
        return None
    return next((name for start, name in _SHOULD_BE.items() if kind.startswith(start)), None)


def _wrong_type(path: str, expected: Sequence[str], given: Any) -> Mistake:
    if path == "objective":
        expected = ["a table"]
    several = list(dict.fromkeys(e for e in expected if e != "a whole number" or "a number" not in expected))
    key = "goal" if path.startswith("objective") else "kind"
    is_part = path in ("planner", "lab") or (path.startswith(("space.", "objective.")) and path.count(".") == 1)
    hint = f'write {{ {key} = "{given}" }}' if several == ["a table"] and isinstance(given, str) and is_part else ""
    return Mistake(path, f"should be {' or '.join(several)}, not {_shown(given)}", hint)


def _mistake(
    details: Mapping[str, Any], location: Sequence[Any], path: str, data: Any, known_keys: KnownKeys
) -> Iterable[Mistake]:
    context, given = details.get("ctx", {}), details.get("input")
    match details["type"]:
        case "extra_forbidden":
            yield Mistake(path, "unknown key", did_you_mean(location[-1], known_keys(list(location), data)))
        case "missing":
            keys = given if isinstance(given, Mapping) else {}
            near = [key for key in keys if did_you_mean(key, [location[-1]]).startswith("did")]
            yield Mistake(path, "is missing", f"did you mean it by '{near[0]}'?" if near else "")
        case "union_tag_not_found":
            tag = str(context.get("discriminator", "kind")).strip("'")
            yield Mistake(f"{path}.{tag}", "is missing", did_you_mean("", _tags(tag)))
        case "union_tag_invalid":
            tag = str(context["discriminator"]).strip("'")
            hint = did_you_mean(context["tag"], _tags(tag))
            yield Mistake(f"{path}.{tag}", f"there is no {tag} {_shown(context['tag'])}", hint)
        case "bad_kind":
            where = path if path.startswith("stop.") else f"{path}.kind"  # there the kind is the key
            yield Mistake(where, context["message"], context["hint"])
        case "value_error":
            yield Mistake(path, str(context.get("error", details["msg"])))
        case "literal_error":
            possible = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
            yield Mistake(path, f"{_shown(given)} is not possible here", did_you_mean(given, possible))
        case "too_short" | "too_long" as kind:
            size, least = len(given) if isinstance(given, Mapping | Sequence) else 0, context.get("min_length", 0)
            if kind == "too_long" or size < least:  # else its entries are wrong, which is said of each of them
                number = least if kind == "too_short" else context["max_length"]
                bound = (
                    f"at {'least' if kind == 'too_short' else 'most'} {number} {'entry' if number == 1 else 'entries'}"
                )
                yield Mistake(path, f"needs {bound}, not {size}")
        case _:
            yield Mistake(path, f"{_lowered(details['msg'])}, not {_shown(given)}")


def _tags(tag: str) -> tuple[str, ...]:
    return _GOALS if tag == "goal" else _KINDS


def _shown(value: Any) -> str:
    """A value as a file would have it, briefly."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() if abs(value) >= 10**30:
            return "a huge number"
        case int() | float():
            return str(value)
        case str():
            return repr(value if len(value) <= 60 else value[:57] + "…")
        case Mapping():
            return "a table"
        case list() | tuple() | set():
            return "a list"
    return f"something of the type {type(value).__name__}"


def _lowered(message: str) -> str:
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    return text[:1].lower() + text[1:]


def _path(loc: Sequence[Any], data: Any, is_missing: bool) -> tuple[list[Any], str]:
    """The place in the file, as levels and as text: an objective's name in place of its number."""
    levels = list(loc)
    if levels[:2] == ["space", "parameters"]:
        del levels[1]
    if len(levels) > 2 and levels[0] in ("space", "objective") and levels[2] in (*_KINDS, *_GOALS):
        del levels[2]
    wishes = data.get("objective") if isinstance(data, Mapping) else None
    if levels[:1] == ["objective"] and len(levels) > 1 and isinstance(wishes, Mapping) and isinstance(levels[1], int):
        levels[1] = list(wishes)[levels[1]]
    levels = _levels_of_the_file(levels, data, is_missing)
    text = ""
    for level in levels:
        text += f"[{level}]" if isinstance(level, int) else f".{level}" if text else str(level)
    return levels, text or "the file"


def _levels_of_the_file(levels: Sequence[Any], data: Any, is_missing: bool) -> list[Any]:
    """Without the levels that pydantic adds for the members of a union: a file has no such key there."""
    kept: list[Any] = []
    place = data
    for i, level in enumerate(levels):
        is_last_missing = is_missing and i == len(levels) - 1
        if i == 0 or is_last_missing or _holds(place, level):
            kept.append(level)
            place = place[level] if _holds(place, level) and isinstance(place, Mapping | list | tuple) else None
    return kept


def _holds(place: Any, level: Any) -> bool:
    if isinstance(place, Mapping):
        return level in place
    if isinstance(place, list | tuple):
        return isinstance(level, int) and 0 <= level < len(place)
    return isinstance(place, BaseModel)


def _known_keys(levels: list[Any], data: Any) -> list[str]:
    """The keys that the table which holds this one may have."""
    from matloop.core.mixture import Component
    from matloop.core.objective import AnyObjective
    from matloop.core.space import AnyParameter
    from matloop.core.spec import CampaignSpec, Settings

    match levels:
        case [_]:
            return list(CampaignSpec.model_fields)
        case ["campaign", _]:
            return list(Settings.model_fields)
        case ["planner" | "lab" as part, _]:
            kind = data[part].get("kind")
            return list(registry.load(f"{part}s", kind).model_fields)
        case ["stop", kind, _]:
            return [key for key in registry.load("stops", kind).model_fields if key != "kind"]
        case ["space", name, _]:
            return _fields_of(AnyParameter, "kind", data["space"][name].get("kind"))
        case ["space", _, "components", _, _]:
            return list(Component.model_fields)
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
