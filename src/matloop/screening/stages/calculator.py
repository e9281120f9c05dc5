"""The stage `calculator`: a costly function for each candidate that is left, each result kept once it is known."""

from __future__ import annotations

import hashlib
import inspect
import json
import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from matloop.core.errors import InputError, Mistake
from matloop.screening.candidates import Candidates
from matloop.screening.stage import Scene, Stage, Verdict, no_column, verdict_of

#: What is kept of one calculation: {"values": {name: number or text}} or {"failed": "why"}.
Result = dict[str, Any]
Find = Callable[..., Callable[..., Any]]


class Calculator(Stage):
    """Calls a function for each candidate: `function = "module:name"`, or `calculator`, one that is installed.

    It is given `inputs`, or the columns that its parameters are named after, or else the candidate as one dict. It
    returns a number, which `column` names; a dict of numbers; or `{"failed": "why"}`. Candidates for which it fails or
    raises fall. A result is on disk before the next one is begun, so that none is calculated twice; put a stage `top`
    before it.
    """

    kind: Literal["calculator"] = "calculator"
    function: str | None = Field(None, description='"module:name"; modules beside the screen are found first')
    calculator: str | None = Field(None, description="the name of an installed calculator, in place of a function")
    settings: dict[str, Any] = Field({}, description="further arguments")
    inputs: tuple[str, ...] = Field((), description="the columns that it is given; by its parameters unless set")
    column: str = Field("calculated", description="what a single number is called")
    unit: str | None = Field(None, description="the unit of that number")

    @model_validator(mode="after")
    def _one_function(self) -> Calculator:
        if (self.function is None) == (self.calculator is None):
            raise ValueError("names either a function or a calculator")
        if self.function is not None and ":" not in self.function:
            raise ValueError(f"'{self.function}' is no function: write \"module:name\"")
        return self

    def sentence(self) -> str:
        return f"calculate {self.column} with {self.function or self.calculator}"

    def adds(self) -> tuple[str, ...]:
        return (self.column,)

    def mistakes(self, path: str, scene: Scene) -> list[Mistake]:
        found = [m for name in self.inputs for m in no_column(f"{path}.inputs", name, scene)]
        try:
            self.ready(scene)
        except InputError as error:
            found.append(Mistake(f"{path}.{'function' if self.function else 'calculator'}", error.message, error.hint))
        return found

    def ready(self, scene: Scene) -> Calculation:
        if scene.find_calculator is None:
            raise InputError("no calculator can be found here", "pass find_calculator")
        name = self.function or str(self.calculator)
        function = scene.find_calculator(name, scene.base)
        inputs = self.inputs or _parameters(function, scene.columns)
        return Calculation(self, inputs, scene.find_calculator, scene.base, _code_of(function))


@dataclass
class Calculation:
    """The stage with its function; sent to other processes without it, which find it again by its name."""

    stage: Calculator
    #: The columns that are passed as keywords; none: the whole candidate as one dict.
    inputs: tuple[str, ...]
    find: Find
    base: Path
    #: Changes where the code of the function does.
    code: str
    _function: Callable[..., Any] | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_function": None}

    def given(self, candidates: Candidates) -> list[dict[str, Any]]:
        """What the function is given for each candidate."""
        frame = candidates.frame[list(self.inputs)] if self.inputs else candidates.frame
        columns = [[_plain(cell) for cell in frame[name].tolist()] for name in frame.columns]
        return [dict(zip(map(str, frame.columns), row, strict=True)) for row in zip(*columns, strict=True)]

    def key(self, given: Mapping[str, Any]) -> str:
        """The same for the same calculation, whatever else the screen asks for."""
        stage = self.stage
        about = [stage.function or stage.calculator, self.code, stage.settings, dict(given)]
        return hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode()).hexdigest()[:32]

    def calculate(self, given: Mapping[str, Any]) -> Result:
        """The result for one candidate. Never raises: what goes wrong is a result, too."""
        try:
            if self._function is None:
                self._function = self.find(self.stage.function or str(self.stage.calculator), self.base)
            arguments = (dict(given),) if not self.inputs else ()
            keywords = dict(given) if self.inputs else {}
            return self._read(self._function(*arguments, **keywords, **self.stage.settings))
        except Exception as error:  # noqa: BLE001 - a calculation may raise anything
            return {"failed": f"{type(error).__name__}: {error}".strip(": ")[:300]}

    def _read(self, answer: Any) -> Result:
        if isinstance(answer, Mapping) and answer.get("failed"):
            return {"failed": str(answer["failed"])[:300]}
        values = answer if isinstance(answer, Mapping) else {self.stage.column: answer}
        kept: dict[str, Any] = {}
        for name, value in values.items():
            if isinstance(value, str):
                kept[str(name)] = value
            elif isinstance(value, numbers.Real) and math.isfinite(float(value)):
                kept[str(name)] = float(value)
            else:
                return {"failed": f"{name} is {value!r:.60}, no finite number"}
        return {"values": kept}

    def verdict(self, results: Sequence[Result]) -> Verdict:
        """The columns that were calculated; failures fall."""
        reasons = np.array([result.get("failed", "") for result in results], object)
        names = dict.fromkeys(name for result in results for name in result.get("values", {}))
        columns = {
            name: [result.get("values", {}).get(name) for result in results] for name in [*names] or [self.stage.column]
        }
        return verdict_of(reasons.reshape(len(results)), columns)


def _plain(cell: Any) -> Any:
    return None if isinstance(cell, float) and math.isnan(cell) else cell


def _parameters(function: Callable[..., Any], columns: Sequence[str]) -> tuple[str, ...]:
    """The columns that the function's parameters are named after; none where it takes the candidate as one dict."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    fitting = tuple(p.name for p in named if p.name in columns)
    required = [p.name for p in named if p.default is p.empty]
    return fitting if fitting and set(required) <= set(fitting) else ()


def _code_of(function: Callable[..., Any]) -> str:
    """A hash of the file that the function stands in; "" where there is none."""
    try:
        source = inspect.getsourcefile(inspect.unwrap(function))
        return hashlib.sha256(Path(source).read_bytes()).hexdigest()[:16] if source else ""
    except (TypeError, OSError):
        return ""
