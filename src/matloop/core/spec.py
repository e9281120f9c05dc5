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
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError

from matloop.core import registry
from matloop.core.between import mistakes_between, mistakes_between_sound_parts, with_name
from matloop.core.contracts import Lab, Planner, StopRule
from matloop.core.cost import checked_cost, cost_mistakes, price_of
from matloop.core.errors import InputError, Mistake, SpecError
from matloop.core.mistakes import bad_kind, explain, keys_that_are_no_text
from matloop.core.objective import AnyObjective
from matloop.core.parameter import TRUSTED
from matloop.core.space import Space

NAME = re.compile(r"^\w[\w.-]{0,63}\Z")


class Settings(BaseModel):
    """The `[campaign]` table."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field("campaign", description="what the campaign is called: letters, digits, - _ .")
    description: str = ""
    budget: int | None = Field(None, ge=1, le=10_000_000, description="how many trials")
    budget_hours: float | None = Field(None, gt=0, description="how long engines may work on it")
    budget_cost: float | None = Field(None, gt=0, description="what all trials together may cost")
    cost: float | str | None = Field(None, description="what one trial costs: a number, or a formula of its settings")
    seed: int = Field(0, ge=0, description="all random numbers follow from it")
    pause_after: tuple[int, int] = Field((5, 8), description="[k, n]: pause after k faults of the lab in the last n")
    store: str | None = Field(None, description="the database file; matloop.db beside the campaign's file unless given")

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not NAME.match(name):
            raise ValueError(f"'{name[:80]}' is no name: letters, digits, '-', '_' and '.', at most 64")
        return name

    @field_validator("cost")
    @classmethod
    def _readable_cost(cls, cost: float | str | None) -> float | str | None:
        checked: float | str | None = checked_cost(cost)
        return checked

    @field_validator("pause_after")
    @classmethod
    def _k_of_n(cls, value: tuple[int, int]) -> tuple[int, int]:
        if not 1 <= value[0] <= value[1]:
            raise ValueError("pause_after is [k, n] with 1 <= k <= n")
        return value


class Elsewhere(BaseModel):
    """A planner, stop rule or lab that a journal names and this installation does not have: as it stands."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str


class CampaignSpec(BaseModel):
    """The whole definition: what may be tried, what is wanted, who chooses and who carries out."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    campaign: Settings = Settings()
    space: Space
    objective: tuple[AnyObjective, ...]
    planner: Any
    stop: tuple[Any, ...] = ()
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

    @field_validator("stop", mode="before")
    @classmethod
    def _stop_of_kinds(cls, value: Any, info: ValidationInfo) -> Any:
        """A table of kind → settings, as files have it, or rules as they are."""
        if isinstance(value, Mapping):
            return _rules(value, info)
        if isinstance(value, str | int | float):
            raise PydanticKnownError("model_type", {"class_name": "table"})
        rules = tuple(value) if isinstance(value, list | tuple) else (value,)
        for rule in rules:
            if not isinstance(rule, StopRule | Elsewhere):
                raise ValueError(f"a {type(rule).__name__} is no stop rule: it cannot give a reason")
        return rules

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
        if self.stop:
            parts = [_part(rule) for rule in self.stop]
            data["stop"] = {part["kind"]: {k: v for k, v in part.items() if k != "kind"} for part in parts}
        return data if self.lab is None else data | {"lab": _part(self.lab)}

    def mistakes(self) -> list[Mistake]:
        """What is wrong between the parts, each sound by itself: names used twice, units that nobody knows."""
        found = mistakes_between(self.space, self.objective)
        found += cost_mistakes(self.campaign.cost, self.space)
        if getattr(self.planner, "per_cost", False) and price_of(self.space, self.campaign.cost) is None:
            hint = 'give campaign.cost, such as "2 + 0.5 * hours"'
            found.append(Mistake("planner.per_cost", "nothing says what a trial costs", hint))
        for part in (self.planner, *self.stop):
            if hasattr(part, "mistakes"):
                found += part.mistakes(self.space, self.objective)
        return found


def _part(model: Any) -> dict[str, Any]:
    """A planner or lab as plain data; of an object that is no model, only where its class stands."""
    if not isinstance(model, BaseModel):
        return {"kind": f"{type(model).__module__}:{type(model).__qualname__}"}
    kind = getattr(model, "kind", type(model).__name__)
    return {"kind": kind} | model.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


def _rules(table: Mapping[str, Any], info: ValidationInfo) -> tuple[Any, ...]:
    """The rules that a table describes; the mistakes of all of them at once, each below its kind."""
    rules, wrong = [], []
    for kind, settings in table.items():
        try:
            rules.append(_rule(kind, settings, info))
        except ValidationError as error:
            wrong += [_below(kind, details) for details in error.errors(include_url=False)]
        except PydanticCustomError as error:
            wrong.append(InitErrorDetails(type=error, loc=(kind,), input=settings))
    if wrong:
        raise ValidationError.from_exception_data("stop", wrong)
    return tuple(rules)


def _rule(kind: str, settings: Any, info: ValidationInfo) -> Any:
    try:
        model = registry.load("stops", kind)
    except InputError as error:
        if info.context == TRUSTED and isinstance(settings, Mapping):
            return Elsewhere.model_validate({"kind": kind, **settings})
        raise bad_kind(error.message, error.hint) from error
    return model.model_validate(settings)


def _below(kind: str, details: Any) -> InitErrorDetails:
    """The same mistake one level further down."""
    loc = (kind, *details["loc"])
    return InitErrorDetails(type=details["type"], loc=loc, input=details["input"], ctx=details.get("ctx", {}))


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
