"""What a parameter of a space is, and the plain ones: Real and Integer.

A parameter owns one or more *variables* (a mixture owns its components, a pool its columns) and knows four things
about them: how to make values out of uniform numbers (`from_unit`), how a model sees them (`encode`, `blocks`), how
many there are (`n_points`, `at`), and what is wrong with given values (`problem`). All of it works on whole columns at
once.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from matloop.core.block import Block, numbers
from matloop.core.errors import Mistake

Value = float | int | str | bool
Columns = dict[str, np.ndarray]

#: The context of a validation of what a journal holds.
TRUSTED = "trusted"
#: Two numbers closer than this share of the parameter's range are the same setting.
SAME = 1e-9
#: Beyond these, floating point overflows, or cannot tell neighbours apart any more.
WIDEST, _MOST_STEPS = 1e300, 2**53


class Parameter(BaseModel, ABC):
    """What can be varied. Frozen; its name is its key in the space."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    #: How many uniform numbers `from_unit` needs for one point.
    width: ClassVar[int] = 1

    def variables(self, name: str) -> tuple[str, ...]:
        """The keys that it puts into a point."""
        return (name,)

    def units(self, name: str) -> dict[str, str]:
        """The unit of each variable that has one."""
        unit = getattr(self, "unit", None)
        return dict.fromkeys(self.variables(name), unit) if unit else {}

    @property
    @abstractmethod
    def n_points(self) -> float:
        """How many different settings there are; infinite where it is continuous."""

    @abstractmethod
    def from_unit(self, name: str, u: np.ndarray) -> Columns:
        """Settings from uniform numbers of shape (n, width) in [0, 1): a column of shape (n,) for each variable."""

    def every(self, name: str) -> Columns:
        """Each of its settings once, as columns of shape (n_points,); only where there are finitely many."""
        return self.at(name, np.arange(int(self.n_points)))

    @abstractmethod
    def at(self, name: str, index: np.ndarray) -> Columns:
        """The settings at these positions among all of them, in the order of `every`; only where these are finite."""

    def mistakes(self, name: str) -> list[Mistake]:
        """What is wrong with it that takes long to find out, or needs another package."""
        return []

    @abstractmethod
    def encode(self, name: str, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """What a model sees: shape (n, k), about 0 to 1 inside the space."""

    @abstractmethod
    def features(self, name: str) -> tuple[str, ...]:
        """A label for each of the k encoded columns."""

    def blocks(self, name: str) -> tuple[Block, ...]:
        """What the k encoded columns mean: numbers, unless a kind of parameter knows better."""
        return numbers(len(self.features(name)))

    @abstractmethod
    def problem(self, name: str, values: Mapping[str, Any]) -> str | None:
        """What is wrong with the values of one point, or None. Assumes that all its variables are there."""

    def coerce(self, name: str, values: Mapping[str, Any]) -> dict[str, Value]:
        """The same values in their own types, grid values exactly on their grid. Raises ValueError."""
        return {variable: plain(values[variable]) for variable in self.variables(name)}


def plain(value: Any) -> Value:
    return value.item() if isinstance(value, np.generic) else value


def is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    return bool(-WIDEST < value < WIDEST)


def _decimals(*numbers: float) -> int:
    return max(0, *(-int(Decimal(repr(float(number))).as_tuple().exponent) for number in numbers))


class Grid:
    """Evenly spaced values low, low + step, … up to high, free of rounding dust."""

    def __init__(self, low: float, high: float, step: float) -> None:
        self.low, self.high, self.step = low, high, step
        self.n = math.floor((high - low) / step + 1e-9) + 1
        decimals = _decimals(low, step)
        self._power = 10.0 ** min(decimals, 22)
        # whole numbers below 2**53 and powers of ten up to 22 are exact, and so is their quotient to the last digit
        self._is_exact = decimals <= 22 and max(abs(low), abs(high)) * self._power < 2**53

    def at(self, index: np.ndarray) -> np.ndarray:
        if not self._is_exact:
            return np.minimum(self.low + self.step * index, self.high)
        return np.minimum(
            (round(self.low * self._power) + round(self.step * self._power) * index) / self._power, self.high
        )

    def nearest(self, values: np.ndarray) -> np.ndarray:
        return self.at(np.clip(np.rint((values - self.low) / self.step), 0, self.n - 1))


class _Number(Parameter, ABC):
    """What Real and Integer share: a range, perhaps logarithmic, perhaps a grid."""

    low: float
    high: float
    step: float | None = Field(None, gt=0)
    log: bool = False
    unit: str | None = None
    description: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> _Number:
        if max(abs(self.low), abs(self.high), self.step or 0) > WIDEST:
            raise ValueError("a number is too large")
        if not self.low < self.high:
            raise ValueError(f"low ({self.low:g}) must be below high ({self.high:g})")
        if self.log and self.low <= 0:
            raise ValueError(f"a log scale needs low > 0, not {self.low:g}")
        if self.high - self.low > WIDEST:
            raise ValueError(f"the range from {self.low:g} to {self.high:g} is too wide")
        if self.step is not None and self.step * (1 - SAME) > self.high - self.low:
            raise ValueError(f"step ({self.step:g}) is larger than the range ({self.high - self.low:g})")
        if self.step is not None and self.step * _MOST_STEPS < self.high - self.low:
            raise ValueError(f"step ({self.step:g}) is too small for the range ({self.high - self.low:g})")
        return self

    @property
    def grid(self) -> Grid | None:
        return None if self.step is None else Grid(self.low, self.high, self.step)

    @property
    def n_points(self) -> float:
        return self.grid.n if self.grid else math.inf

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        low, high = self.low, self.high
        if self.log:
            low, high, values = math.log(low), math.log(high), np.log(np.maximum(values, 1e-300))
        return (values - low) / (high - low)

    def _unscaled(self, u: np.ndarray) -> np.ndarray:
        if self.log:
            values = np.exp(math.log(self.low) + u * (math.log(self.high) - math.log(self.low)))
            return np.clip(values, self.low, self.high)
        return np.minimum(self.low + u * (self.high - self.low), self.high)

    def _tidy(self, values: np.ndarray) -> np.ndarray:
        """Rounded to about 1/50,000 of the range, or of each value on a log scale: who could set more digits?"""
        size = np.abs(values) if self.log else np.asarray(self.high - self.low)
        decimals = np.floor(5 - np.log10(size)).clip(-300, 300)
        power = 10.0 ** np.abs(decimals)
        # a whole number divided by a power of ten leaves no rounding dust; multiplied by 0.1 it does
        with np.errstate(over="ignore"):
            return np.where(decimals >= 0, np.rint(values * power) / power, np.rint(values / power) * power)

    def from_unit(self, name: str, u: np.ndarray) -> Columns:
        if self.grid is None:
            return {name: np.clip(self._tidy(self._unscaled(u[:, 0])), self.low, self.high)}
        if self.log:
            return {name: self.grid.nearest(self._unscaled(u[:, 0]))}
        index = np.minimum(np.floor(u[:, 0] * self.grid.n), self.grid.n - 1)
        return {name: self.grid.at(index)}

    def at(self, name: str, index: np.ndarray) -> Columns:
        assert self.grid is not None
        return {name: self.grid.at(index)}

    def encode(self, name: str, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        return self._scaled(np.asarray(columns[name], float))[:, None]

    def features(self, name: str) -> tuple[str, ...]:
        return (name,)

    def problem(self, name: str, values: Mapping[str, Any]) -> str | None:
        value = values[name]
        if not is_number(value):
            return f"{name} must be a number, not {value!r:.60}"
        slack = SAME * (self.high - self.low)
        if not self.low - slack <= value <= self.high + slack:
            return f"{name} = {value:g} lies outside {self.low:g} to {self.high:g}"
        if self.grid and abs(float(self.grid.nearest(np.asarray(value))) - value) > slack:
            return f"{name} = {value:g} lies off its grid of {self.low:g} + k * {self.step:g}"
        return None

    def coerce(self, name: str, values: Mapping[str, Any]) -> dict[str, Value]:
        value = float(values[name])
        return {
            name: float(self.grid.nearest(np.asarray(value))) if self.grid else min(max(value, self.low), self.high)
        }

    def spread(self, levels: int) -> np.ndarray:
        """Evenly spaced values from low to high (evenly in the logarithm where `log`), shape (levels,)."""
        return self._unscaled(np.linspace(0.0, 1.0, levels))


class Real(_Number):
    """A real number from low to high; on a grid where `step` is given, spread evenly in its logarithm where `log`."""

    kind: Literal["real"] = "real"

    def __init__(self, low: Any = None, high: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(low=low, high=high), **settings)


class Integer(_Number):
    """A whole number from low to high, in steps of `step` (1 unless given)."""

    kind: Literal["integer"] = "integer"
    low: int = Field(ge=-(2**53), le=2**53)
    high: int = Field(ge=-(2**53), le=2**53)
    step: int = Field(1, ge=1)

    def __init__(self, low: Any = None, high: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(low=low, high=high), **settings)

    def from_unit(self, name: str, u: np.ndarray) -> Columns:
        return {name: super().from_unit(name, u)[name].astype(np.int64)}

    def at(self, name: str, index: np.ndarray) -> Columns:
        return {name: super().at(name, index)[name].astype(np.int64)}

    def coerce(self, name: str, values: Mapping[str, Any]) -> dict[str, Value]:
        return {name: round(float(super().coerce(name, values)[name]))}


def given(**settings: Any) -> dict[str, Any]:
    """The settings that were given; a missing one must look missing to the validation."""
    return {key: value for key, value in settings.items() if value is not None}
