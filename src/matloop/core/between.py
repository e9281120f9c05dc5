"""What is wrong between the parts of a definition: names used twice, constraints on nothing, units nobody knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from matloop.core.constraint import Constraint
from matloop.core.errors import Mistake, UnitError
from matloop.core.objective import AnyObjective
from matloop.core.pool import Pool
from matloop.core.space import AnyParameter, Space
from matloop.core.units import check_unit


def mistakes_between(space: Space, wishes: Sequence[AnyObjective]) -> list[Mistake]:
    """Every mistake that shows only when the parts are seen together."""
    found = space.mistakes()
    names = [wish.name for wish in wishes]
    for i, name in enumerate(names):
        if name in names[:i]:
            found.append(Mistake(f"objective.{name}", "two objectives have this name"))
        if name in space.variables:
            found.append(Mistake(f"objective.{name}", "the space has a variable of this name too"))
    return found + _unknown_units(space, wishes)


def _unknown_units(space: Space, wishes: Sequence[AnyObjective]) -> list[Mistake]:
    units = [
        (f"space.{name}.unit_of.{variable}" if isinstance(parameter, Pool) else f"space.{name}.unit", unit)
        for name, parameter in space.parameters.items()
        for variable, unit in parameter.units(name).items()
    ]
    units += [(f"objective.{wish.name}.unit", wish.unit) for wish in wishes if wish.unit]
    found = []
    for path, unit in dict.fromkeys(units):
        try:
            check_unit(unit)
        except UnitError as error:
            found.append(Mistake(path, error.message, error.hint))
    return found


def mistakes_between_sound_parts(data: Any) -> list[Mistake]:
    """The same for data of which some parts are broken, between those that are not: all mistakes are told at once."""
    tables = data if isinstance(data, Mapping) else {}
    space, wishes = (tables.get(part) for part in ("space", "objective"))
    space, wishes = (table if isinstance(table, Mapping) else {} for table in (space, wishes))
    given = {name: _sound(AnyParameter, value) for name, value in space.items() if name != "constraints"}
    parameters = {name: parameter for name, parameter in given.items() if parameter is not None}
    sound = Space.model_construct(parameters=parameters, constraints=_judged(space, given))
    read = [_sound(AnyObjective, with_name(name, wish)) for name, wish in wishes.items()]
    return mistakes_between(sound, [wish for wish in read if wish is not None])


def _judged(space: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Constraint, ...]:
    """The constraints in their places; one that always holds in place of each that may speak of a broken parameter."""
    texts = space.get("constraints", ())
    broken = {name for name, parameter in given.items() if parameter is None}
    plain = all(isinstance(space[n], Mapping) and space[n].get("kind") in ("real", "integer", "choice") for n in broken)
    read = [_sound(Constraint, text) for text in texts] if isinstance(texts, list | tuple) else []
    always = Constraint("0 <= 1")
    return tuple(c if c is not None and plain and not c.names & broken else always for c in read)


def with_name(name: Any, wish: Any) -> Any:
    """A wish as a model has it, from its key and its table in a file."""
    return {"name": name, **wish} if isinstance(wish, Mapping) else wish


def _sound(kind: Any, value: Any) -> Any:
    """The part that this describes, or None where it does not."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except (ValidationError, UnicodeError):
        return None
