"""A fidelity: how true a result is, from a quick and rough measurement or calculation to the one that counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from matloop.core.block import Block
from matloop.core.encoding import codes_of
from matloop.core.parameter import Columns, Parameter, Value, given, plain

#: How far the roughest level lies from the true one, in units of a parameter's range: as near as a model must believe
#: them to be before it has seen both, for a rough result to be worth anything.
APART = 0.5


class Fidelity(Parameter):
    """The levels at which the same quantity can be had, from the roughest to the true one, which alone counts.

    `costs` is what a trial at each level costs. To a search the space has true points only: rougher levels are no other
    designs. A planner that knows fidelities may ask for them; others ask for the true level.
    """

    kind: Literal["fidelity"] = "fidelity"
    levels: tuple[str | int | float, ...] = Field(min_length=2, description="from the roughest to the true one")
    costs: tuple[float, ...] | None = Field(None, description="what a trial at each level costs")
    unit: str | None = None
    description: str = ""

    width: ClassVar[int] = 0

    def __init__(self, levels: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(levels=levels), **settings)

    @model_validator(mode="after")
    def _sound(self) -> Fidelity:
        repeated = [level for i, level in enumerate(self.levels) if str(level) in map(str, self.levels[:i])]
        if repeated:
            raise ValueError(f"the level {repeated[0]!r} is listed twice")
        if self.costs is not None and len(self.costs) != len(self.levels):
            raise ValueError(f"{len(self.costs)} costs for {len(self.levels)} levels")
        if self.costs is not None and min(self.costs) <= 0:
            raise ValueError("a level must cost more than 0")
        return self

    @property
    def truth(self) -> Value:
        """The level that counts."""
        return self.levels[-1]

    def is_truth(self, value: Any) -> bool:
        """Whether this is the level that counts, as planned or as really carried out."""
        if isinstance(value, float) and isinstance(self.truth, int | float):
            return math.isclose(value, self.truth, rel_tol=1e-6)
        return self._level(value) == self.truth

    @property
    def n_points(self) -> float:
        return 1

    def from_unit(self, name: str, u: np.ndarray) -> Columns:
        return self.at(name, np.zeros(len(u), int))

    def at(self, name: str, index: np.ndarray) -> Columns:
        return {name: self._column[np.full(len(index), len(self.levels) - 1)]}

    def encode(self, name: str, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """The true level is 1, and the roughest lies `APART` below it."""
        below = (len(self.levels) - 1 - self.position(columns[name])) / (len(self.levels) - 1)
        return 1.0 - APART * below[:, None]

    def position(self, values: Any) -> np.ndarray:
        """Which level each of the values (n,) is, (n,): 0 for the roughest, and for what is none of them."""
        found = codes_of(np.asarray(values, object), self._codes)
        return np.where(found == len(self.levels), 0, found)

    def features(self, name: str) -> tuple[str, ...]:
        return (name,)

    def blocks(self, name: str) -> tuple[Block, ...]:
        return (Block(0, 1, "number"),)

    def problem(self, name: str, values: Mapping[str, Any]) -> str | None:
        if self._level(values[name]) is not None:
            return None
        return f"{name} = {values[name]!r:.60} is none of " + ", ".join(map(str, self.levels))

    def coerce(self, name: str, values: Mapping[str, Any]) -> dict[str, Value]:
        level = self._level(values[name])
        if level is None:
            raise ValueError(self.problem(name, values))
        return {name: level}

    def _level(self, value: Any) -> Value | None:
        value = plain(value)
        return next((level for level in self.levels if level == value or str(level) == str(value)), None)

    @cached_property
    def _column(self) -> np.ndarray:
        """The levels, (L,): as numbers where all are."""
        if all(isinstance(level, int | float) for level in self.levels):
            return np.array(self.levels)
        column = np.empty(len(self.levels), dtype=object)
        column[:] = self.levels
        return column

    @cached_property
    def _codes(self) -> dict[Any, int]:
        return {level: i for i, level in enumerate(self.levels)}
