"""A Screen: a funnel of many to few, as data. What a file says is what Python writes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_serializer, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from matloop.core import registry
from matloop.core.errors import InputError, Mistake, SpecError
from matloop.core.mistakes import bad_kind, explain, keys_that_are_no_text
from matloop.screening.generate import Generator
from matloop.screening.stage import Stage

#: In what a mistake is told.
_SOURCE = "the screen"


class Screen(BaseModel):
    """Stages in their order, and what they work on: `Screen(stages=[Top(keep=10, prediction="gap")])`.

    In a file (`screen.toml`) each stage is a table `[[stages]]` with its `kind`. The candidates are a `file`, or made
    by `generate`; who runs the screen may name others. `models` are files of trained models by the names that stages
    use.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field("screen", description="what the screen is called")
    description: str = ""
    file: str | None = Field(None, description="the file or folder of candidates")
    generate: Any = Field(None, description="what makes the candidates, in place of a file")
    material: str | None = Field(None, description="the column that says what a candidate is; guessed unless given")
    models: dict[str, str] = Field({}, description="files of trained models by the names that stages use")
    confidence: float = Field(0.9, gt=0, lt=1, description="of the intervals of all predictions")
    chunk: int = Field(10_000, ge=1, le=10_000_000, description="how many candidates are looked at together")
    stages: tuple[Any, ...] = Field((), description="the stages, in their order")

    @field_validator("stages", mode="before")
    @classmethod
    def _of_kinds(cls, given: Any) -> Any:
        if not isinstance(given, list | tuple):
            return given
        stages, wrong = [], []
        for i, entry in enumerate(given):
            try:
                stages.append(_of_kind("stages", entry, Stage))
            except ValidationError as error:
                wrong += [_at((i,), details) for details in error.errors(include_url=False)]
            except PydanticCustomError as error:
                wrong.append(InitErrorDetails(type=error, loc=(i,), input=entry))
        if wrong:
            raise ValidationError.from_exception_data("stages", wrong)
        return tuple(stages)

    @field_validator("generate", mode="before")
    @classmethod
    def _generator(cls, given: Any) -> Any:
        return None if given is None else _of_kind("generators", given, Generator)

    @field_serializer("stages")
    def _as_tables(self, stages: tuple[Stage, ...]) -> list[dict[str, Any]]:
        return [_table(stage) for stage in stages]

    @field_serializer("generate")
    def _as_table(self, generate: Generator | None) -> dict[str, Any] | None:
        return None if generate is None else _table(generate)

    @model_validator(mode="after")
    def _one_source(self) -> Screen:
        if self.file is not None and self.generate is not None:
            raise ValueError("file and generate both say where candidates come from: leave one out")
        return self

    def to_dict(self) -> dict[str, Any]:
        """The screen as plain data, in the shape of the file; what is at its default is left out."""
        return self.model_dump(mode="json", exclude_defaults=True, exclude_none=True)

    @staticmethod
    def read(path: Path | str) -> Screen:
        """The screen of a TOML file. Raises SpecError with every mistake at once."""
        path = Path(path)
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise InputError(f"there is no screen {path}", "matloop screen --template shows one") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read as TOML: {error}") from error
        return parse_screen(data, str(path))


def parse_screen(data: Mapping[str, Any], source: str = _SOURCE) -> Screen:
    """The screen that the data describe. Raises SpecError with every mistake at once."""
    if mistakes := keys_that_are_no_text(data):
        raise SpecError(mistakes, source)
    try:
        return Screen.model_validate(data)
    except ValidationError as error:
        raise SpecError(explain(error, data, _known_keys), source) from error
    except UnicodeError as error:
        raise SpecError([Mistake("the file", "holds text that is no valid Unicode")], source) from error


def _of_kind(group: str, given: Any, base: type[BaseModel]) -> Any:
    """The stage or generator that a table describes; objects pass as they are."""
    if isinstance(given, base):
        return given
    if not isinstance(given, Mapping):
        raise PydanticCustomError("model_type", "should be a table")
    kind = given.get("kind")
    if not isinstance(kind, str):
        wrong = "is missing" if kind is None else "should be text"
        raise bad_kind(wrong, "one of: " + ", ".join(registry.names(group)))
    try:
        model = registry.load(group, kind)
    except InputError as error:
        raise bad_kind(error.message, error.hint) from error
    return model.model_validate(dict(given))


def _table(part: BaseModel) -> dict[str, Any]:
    kind = getattr(part, "kind", type(part).__name__)
    return {"kind": kind} | part.model_dump(mode="json", exclude_defaults=True, exclude_none=True)


def _at(place: tuple[int, ...], details: Any) -> InitErrorDetails:
    """The same mistake further down."""
    loc = (*place, *details["loc"])
    return InitErrorDetails(type=details["type"], loc=loc, input=details["input"], ctx=details.get("ctx", {}))


def _known_keys(levels: list[Any], data: Mapping[str, Any]) -> list[str]:
    """The keys that the table which holds this one may have."""
    match levels:
        case [_]:
            return list(Screen.model_fields)
        case ["stages", int(i), _]:
            return list(registry.load("stages", data["stages"][i]["kind"]).model_fields)
        case ["generate", _]:
            return list(registry.load("generators", data["generate"]["kind"]).model_fields)
    return []
