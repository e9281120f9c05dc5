"""A campaign's definition: one model that is what the file says, what Python writes and what the journal stores."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticKnownError

from matloop.core import registry
from matloop.core.between import mistakes_between, mistakes_between_sound_parts, with_name
from matloop.core.contracts import Lab, Planner
from matloop.core.errors import InputError, Mistake, SpecError
from matloop.core.mistakes import bad_kind, explain, keys_that_are_no_text
from matloop.core.objective import AnyObjective
from matloop.core.space import Space

#: The context of a validation of what a journal holds.
TRUSTED = "trusted"

NAME = re.compile(r"^\w[\w.-]{0,63}\Z")


class Settings(BaseModel):
    """The `[campaign]` table."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field("campaign", description="what the campaign is called: letters, digits, - _ .")
    description: str = ""
    budget: int | None = Field(None, ge=1, le=10_000_000, description="how many trials")
    budget_hours: float | None = Field(None, gt=0, description="how long engines may work on it")
    seed: int = Field(0, ge=0, description="all random numbers follow from it")
    pause_after: tuple[int, int] = Field((5, 8), description="[k, n]: pause after k faults of the lab in the last n")
    store: str | None = Field(None, description="the database file; matloop.db beside the campaign's file unless given")

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not NAME.match(name):
            raise ValueError(f"'{name[:80]}' is no name: letters, digits, '-', '_' and '.', at most 64")
        return name

    @field_validator("pause_after")
    @classmethod
    def _k_of_n(cls, value: tuple[int, int]) -> tuple[int, int]:
        if not 1 <= value[0] <= value[1]:
            raise ValueError("pause_after is [k, n] with 1 <= k <= n")
        return value


class Elsewhere(BaseModel):
    """A planner or lab that a journal names and this installation does not have: its settings as they stand there."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str


class CampaignSpec(BaseModel):
    """The whole definition: what may be tried, what is wanted, who chooses and who carries out."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    campaign: Settings = Settings()
    space: Space
    objective: tuple[AnyObjective, ...]
    planner: Any
    lab: Any = None

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            return {"planner": {"kind": "bayesian"}, **data}
        return data

    @field_validator("objective", mode="before")
    @classmethod
    def _named(cls, wishes: Any) -> Any:
        """A table of name → wish, as files have it, becomes a list of wishes that know their names."""
        if not wishes:
            raise ValueError("nothing is wanted: name at least one objective")
        if not isinstance(wishes, Mapping):
            return wishes
        return [with_name(name, wish) for name, wish in wishes.items()]

    @field_validator("planner", mode="before")
    @classmethod
    def _planner_of_kind(cls, value: Any, info: ValidationInfo) -> Any:
        planner = _of_kind("planners", value, info)
        if not isinstance(planner, Planner | Elsewhere):
            raise ValueError(f"a {type(planner).__name__} is no planner: it cannot propose")
        return planner

    @field_validator("lab", mode="before")
    @classmethod
    def _lab_of_kind(cls, value: Any, info: ValidationInfo) -> Any:
        lab = None if value is None else _of_kind("labs", value, info)
        if lab is not None and not isinstance(lab, Lab | Elsewhere):
            raise ValueError(f"a {type(lab).__name__} is no lab: it cannot submit, poll and cancel")
        return lab

    @property
    def objectives(self) -> tuple[AnyObjective, ...]:
        return self.objective

    def to_dict(self) -> dict[str, Any]:
        """The definition as plain data, in the shape of the file; what is at its default is left out."""
        data = self.model_dump(mode="json", exclude_none=True, exclude_defaults=True, include={"campaign"})
        data["space"] = self.space.model_dump(mode="json")
        data["objective"] = {
            wish.name: {"goal": wish.goal} | wish.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
            for wish in self.objective
        }
        for wish in data["objective"].values():
            wish.pop("name", None)
        data["planner"] = _part(self.planner)
        return data if self.lab is None else data | {"lab": _part(self.lab)}

    def mistakes(self) -> list[Mistake]:
        """What is wrong between the parts, each sound by itself: names used twice, units that nobody knows."""
        return mistakes_between(self.space, self.objective)


def _part(model: Any) -> dict[str, Any]:
    """A planner or lab as plain data; of an object that is no model, only where its class stands."""
    if not isinstance(model, BaseModel):
        return {"kind": f"{type(model).__module__}:{type(model).__qualname__}"}
    kind = getattr(model, "kind", type(model).__name__)
    return {"kind": kind} | model.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


def _of_kind(group: str, value: Any, info: ValidationInfo) -> Any:
    """The planner or lab that a table describes; objects pass as they are."""
    if isinstance(value, str | int | float | list | tuple):
        raise PydanticKnownError("model_type", {"class_name": "table"})
    if not isinstance(value, Mapping):
        return value
    kind = value.get("kind")
    if not isinstance(kind, str):
        what = "is missing" if kind is None else "should be text"
        raise bad_kind(what, "one of: " + ", ".join(registry.names(group)))
    try:
        model = registry.load(group, kind)
    except InputError as error:
        if info.context == TRUSTED:
            return Elsewhere.model_validate(dict(value))
        raise bad_kind(error.message, error.hint) from error
    return model.model_validate(dict(value))


def parse_spec(data: Mapping[str, Any], source: str = "the campaign", is_trusted: bool = False) -> CampaignSpec:
    """The definition that the data describe. Raises SpecError with every mistake at once.

    What a journal holds was checked when it came in: `is_trusted` leaves out what takes long to check (units), and
    takes a planner or lab that is not installed here for what it is.
    """
    if mistakes := keys_that_are_no_text(data):
        raise SpecError(mistakes, source)
    try:
        spec = CampaignSpec.model_validate(data, context=TRUSTED if is_trusted else None)
    except ValidationError as error:
        mistakes = [*explain(error, data), *mistakes_between_sound_parts(data)]
        raise SpecError(list(dict.fromkeys(mistakes)), source) from error
    except UnicodeError as error:
        raise SpecError([Mistake("the file", "holds text that is no valid Unicode")], source) from error
    if not is_trusted and (mistakes := spec.mistakes()):
        raise SpecError(mistakes, source)
    return spec


def differences(old: Mapping[str, Any], new: Mapping[str, Any], path: str = "") -> list[str]:
    """What changed between two definitions, a line each: 'planner.batch: 1 → 4'."""
    lines: list[str] = []
    for key in [*old, *(k for k in new if k not in old)]:
        where = f"{path}.{key}" if path else str(key)
        a, b = old.get(key), new.get(key)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            lines.extend(differences(a, b, where))
        elif not _equal(a, b):
            lines.append(f"{where}: {_shown(a)} → {_shown(b)}")
    return lines


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, Sequence) and isinstance(b, Sequence) and not isinstance(a, str) and not isinstance(b, str):
        return len(a) == len(b) and all(map(_equal, a, b))
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def _shown(value: Any) -> str:
    text = "(not set)" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
