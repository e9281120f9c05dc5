"""A condition that every point must meet: written as text, or a Python function of a point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_serializer, model_validator

from matloop.core.comparisons import Compared
from matloop.core.errors import ExpressionError
from matloop.core.expression import Columns, Expression, Linear, parse
from matloop.core.parameter import TRUSTED, given

#: How a definition names a function, which it cannot hold.
_FUNCTION = "python function "


class Constraint(BaseModel):
    """A condition such as "naoh + silicate + dye <= 5" or "if solvent == 'water' then temperature <= 95".

    Or a function that takes a point and says whether it may be tried: `Constraint(lambda p: p["a"] * p["b"] < 3)`. It
    cannot be written into a file; the journal notes its name, and only the script that defines it can go on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    text: str
    function: Callable[[Mapping[str, Any]], bool] | None = Field(None, exclude=True, repr=False)

    def __init__(self, text: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(text=text), **settings)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, data: Any, info: ValidationInfo) -> Any:
        if isinstance(data, dict) and set(data) <= {"text"}:
            data = data.get("text")
        if callable(data):
            return {"text": f"{_FUNCTION}{data.__module__}.{_name(data)}", "function": data}
        if not isinstance(data, str):
            raise ValueError('a constraint is text, such as "a + b <= 5"')
        if data.startswith(_FUNCTION):
            return _elsewhere(data, info)
        try:
            parse(data)
        except ExpressionError as error:
            raise ValueError(f"{error.message} ({error.hint})" if error.hint else error.message) from error
        return {"text": data}

    @model_serializer
    def _to_text(self) -> str:
        return self.text

    @cached_property
    def expression(self) -> Expression | None:
        """The formula; None of a function."""
        return None if self.text.startswith(_FUNCTION) else parse(self.text)

    @property
    def names(self) -> frozenset[str]:
        """The variables it speaks of, as far as that can be known."""
        return self.expression.names if self.expression else frozenset()

    @cached_property
    def compared(self) -> tuple[Compared, ...]:
        """The comparisons of a variable with a constant in it."""
        return tuple(self.expression.compared) if self.expression else ()

    @cached_property
    def linear(self) -> tuple[Linear, ...] | None:
        """The same as linear (in)equalities, or None where it is not linear."""
        return self.expression.linear if self.expression else None

    def holds(self, columns: Columns) -> np.ndarray:
        """Whether it holds, for columns of shape (n,): boolean, (n,). A function is asked row by row.

        Raises ExpressionError where a formula meets text, or a function raises or returns neither True nor False.
        """
        if self.expression:
            return self.expression.holds(columns)
        if self.function is None:
            raise ExpressionError(f"the {self.text} is not here", "run the script that defined it")
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        return np.array([self._allows(dict(zip(columns, row, strict=True))) for row in rows], bool)

    def _allows(self, point: dict[str, Any]) -> bool:
        assert self.function is not None
        try:
            allowed = self.function(point)
        except Exception as error:  # whatever a user's function raises
            raise ExpressionError(f"the {self.text} raised {error!r:.200}", f"at the point {point!r:.300}") from error
        if not isinstance(allowed, bool | np.bool_):
            raise ExpressionError(f"the {self.text} returned {allowed!r:.60}", "it must return True or False")
        return bool(allowed)


def _name(function: Any) -> str:
    return str(getattr(function, "__qualname__", type(function).__qualname__))


def _elsewhere(text: str, info: ValidationInfo) -> dict[str, str]:
    """A function that a journal names: it can be told, and asked only in the script that defines it."""
    if info.context != TRUSTED:
        raise ValueError("a Python function cannot stand in a file: write the condition as text, or run the script")
    return {"text": text}
