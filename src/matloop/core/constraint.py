"""A condition that every point must meet, written as text."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, model_serializer, model_validator

from matloop.core.errors import ExpressionError
from matloop.core.expression import Columns, Expression, Linear, parse
from matloop.core.parameter import given


class Constraint(BaseModel):
    """A condition such as "naoh + silicate + dye <= 5" or "solvent != 'water' or temperature <= 100"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str

    def __init__(self, text: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(text=text), **settings)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, data: Any) -> Any:
        if isinstance(data, dict) and set(data) <= {"text"}:
            data = data.get("text")
        if not isinstance(data, str):
            raise ValueError('a constraint is text, such as "a + b <= 5"')
        try:
            parse(data)
        except ExpressionError as error:
            raise ValueError(f"{error.message} ({error.hint})" if error.hint else error.message) from error
        return {"text": data}

    @model_serializer
    def _to_text(self) -> str:
        return self.text

    @cached_property
    def expression(self) -> Expression:
        return parse(self.text)

    @property
    def names(self) -> frozenset[str]:
        """The variables it speaks of."""
        return self.expression.names

    @cached_property
    def linear(self) -> tuple[Linear, ...] | None:
        """The same as linear (in)equalities, or None where it is not linear."""
        return self.expression.linear

    def holds(self, columns: Columns) -> np.ndarray:
        """Whether it holds, for columns of shape (n,): boolean, (n,)."""
        return self.expression.holds(columns)
