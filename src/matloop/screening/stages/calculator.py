"""The stage `calculator`: a costly function for each candidate that is left, each result kept once it is known."""

from __future__ import annotations

import hashlib
import inspect
import json
import math
import numbers
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from matloop.core.duration import Deadline
from matloop.core.errors import InputError, MissingExtra, Mistake
from matloop.screening.candidates import Candidates
from matloop.screening.stage import Scene, Stage, Verdict, no_column, verdict_of

#: What is kept of one calculation: {"values": {name: number or text}} or {"failed": "why"}.
Result = dict[str, Any]
Find = Callable[..., Callable[..., Any]]
#: A parameter of such a name wants what the candidate is.
MATERIAL_NAMES = ("structure", "formula", "composition", "molecule", "smiles", "material")


class Calculator(Stage):
    """Calls a function for each candidate: `function = "module:name"`, or `calculator`, one that is installed.

    It is given `inputs`: columns, or a table from its parameters to columns. Unless they are given: the columns that
    its parameters are named after; the material, where it wants a structure, formula, composition, molecule, smiles or
    material and there is no such column; or else the candidate as one dict. It returns a number, which `column` names;
    a dict of numbers; or `{"failed": "why"}`. Candidates for which it fails or raises fall. Each result is on disk as
    soon as it is known, so that none is calculated twice. Put a stage `top` before it.
    """

    kind: Literal["calculator"] = "calculator"
    function: str | None = Field(None, description='"module:name"; modules beside the screen are found first')
    calculator: str | None = Field(None, description="the name of an installed calculator, in place of a function")
    settings: dict[str, Any] = Field({}, description="further arguments")
    inputs: dict[str, str] | tuple[str, ...] = Field(
        (), description="the columns that it is given, or parameter = column"
    )
    column: str = Field("calculated", description="the number that later stages name; what a single one is called")
    unit: str | None = Field(None, description="the unit of that number")
    deadline: Deadline | None = Field(None, description='how long one may take, "30 min"; for ever unless given')

    @model_validator(mode="after")
    def _one_function(self) -> Calculator:
        if (self.function is None) == (self.calculator is None):
            raise ValueError("names either a function or a calculator")
        if self.function is not None and ":" not in self.function:
            raise ValueError(f"'{self.function}' is no function: write \"module:name\"")
        return self

    def sentence(self) -> str:
        return f"calculate {self.column} with {self.function or self.calculator}"

    def adds(self, scene: Scene) -> Mapping[str, str | None]:
        return {self.column: self.unit}

    def mistakes(self, path: str, scene: Scene) -> list[Mistake]:
        found = [m for name in self.given_columns().values() for m in no_column(f"{path}.inputs", name, scene)]
        try:
            self.ready(scene)
        except InputError as error:
            found.append(Mistake(f"{path}.{'function' if self.function else 'calculator'}", error.message, error.hint))
        return found

    def given_columns(self) -> dict[str, str]:
        """From parameters to columns, as far as the stage says it."""
        return dict(self.inputs) if isinstance(self.inputs, dict) else {name: name for name in self.inputs}

    def ready(self, scene: Scene) -> Calculation:
        if scene.find_calculator is None:
            raise InputError("no calculator can be found here", "pass find_calculator")
        name = self.function or str(self.calculator)
        function = scene.find_calculator(name, scene.base)
        inputs = self.given_columns() or _parameters(function, scene)
        _require_callable(function, name, inputs, self.settings)
        return Calculation(self, inputs, scene.find_calculator, scene.base, _code_of(function))


@dataclass
class Calculation:
    """The stage with its function; sent to other processes without it, which find it again by its name."""

    stage: Calculator
    #: From parameters to the columns that are passed as keywords; none: the whole candidate as one dict.
    inputs: Mapping[str, str]
    find: Find
    base: Path
    #: Changes where the code of the function does.
    code: str
    _function: Callable[..., Any] | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_function": None}

    def given(self, candidates: Candidates) -> list[dict[str, Any]]:
        """What the function is given for each candidate."""
        named = self.inputs or {str(name): name for name in candidates.frame.columns}
        columns = [[_plain(cell) for cell in candidates.frame[column].tolist()] for column in named.values()]
        return [dict(zip(named, row, strict=True)) for row in zip(*columns, strict=True)]

    def key(self, given: Mapping[str, Any]) -> str:
        """The same for the same calculation, whatever else the screen asks for."""
        stage = self.stage
        about = [stage.function or stage.calculator, self.code, stage.settings, dict(given)]
        return hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode()).hexdigest()[:32]

    def calculate(self, given: Mapping[str, Any]) -> Result:
        """The result for one candidate: what goes wrong is a result, too. Raises MissingExtra alone."""
        try:
            if self._function is None:
                self._function = self.find(self.stage.function or str(self.stage.calculator), self.base)
            arguments = (dict(given),) if not self.inputs else ()
            keywords = dict(given) if self.inputs else {}
            with redirect_stdout(sys.stderr):  # what it prints is no part of what we tell
                return self._read(self._function(*arguments, **keywords, **self.stage.settings))
        except MissingExtra:  # that is no fault of this candidate
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a calculation may raise anything
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


def _parameters(function: Callable[..., Any], scene: Scene) -> dict[str, str]:
    """From the function's parameters to columns; none where it takes the candidate as one dict."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    fitting = {p.name: p.name for p in named if p.name in scene.columns}
    required = [p.name for p in named if p.default is p.empty]
    missing = [name for name in required if name not in fitting]
    if scene.material is not None and len(missing) == 1 and missing[0] in MATERIAL_NAMES:
        fitting[missing.pop()] = scene.material
    return {} if missing else fitting


def _require_callable(function: Callable[..., Any], name: str, inputs: Mapping[str, str], settings: Any) -> None:
    """Raises InputError where it cannot be called in this way: every candidate would fail of it."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*(() if inputs else ({},)), **{**dict.fromkeys(inputs), **settings})
    except TypeError as error:
        given = ", ".join(inputs) or "the candidate as one dict"
        hint = "inputs = { parameter = column } and settings say what it is given"
        raise InputError(f"{name}{signature} cannot be given {given}: {error}", hint) from None


def _code_of(function: Callable[..., Any]) -> str:
    """A hash of the file that the function stands in; "" where there is none."""
    try:
        source = inspect.getsourcefile(inspect.unwrap(function))
        return hashlib.sha256(Path(source).read_bytes()).hexdigest()[:16] if source else ""
    except (TypeError, OSError):
        return ""
