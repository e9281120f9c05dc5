"""A mixture: components whose amounts sum to a total."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from matloop.core.parameter import SAME, WIDEST, Columns, Grid, Parameter, Value, given, is_number
from matloop.core.partitions import Partitions
from matloop.core.presence import Presence
from matloop.core.simplex import amounts_from_unit, amounts_to_unit, tightened

#: A finer grid than so many steps to the total is as good as none.
_MOST_SHARES = 1_000_000


class Component(BaseModel):
    """The least and the most of one component of a mixture, in the mixture's unit; `high` None means its total.

    In a mixture of at most so many components the bounds hold where it is present; `required` ones always are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    low: float = Field(0.0, ge=0, le=WIDEST)
    high: float | None = None
    required: bool = False


class Mixture(Parameter):
    """Components whose amounts sum to `total`. Each is a variable of its own, on a grid where `step` is given.

    With `at_most` or `at_least`, so many components are present: each is 0, or between its low and high.
    """

    kind: Literal["mixture"] = "mixture"
    components: dict[str, Component] = Field(min_length=2)
    total: float = Field(1.0, gt=0, le=WIDEST)
    step: float | None = Field(None, gt=0)
    at_most: int | None = Field(None, ge=1)
    at_least: int | None = Field(None, ge=1)
    unit: str | None = None
    description: str = ""

    def __init__(self, components: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(components=components), **settings)

    @model_validator(mode="before")
    @classmethod
    def _names_alone(cls, data: Any) -> Any:
        components = data.get("components") if isinstance(data, dict) else None
        if isinstance(components, list | tuple):
            if len(set(map(str, components))) < len(components):
                raise ValueError("a component is listed twice")
            return {**data, "components": {str(name): {} for name in components}}
        return data

    @model_validator(mode="after")
    def _reachable(self) -> Mixture:
        lows, highs = self._stated_bounds
        if np.any(lows > highs):
            raise ValueError("a component's low lies above its high")
        self._check_step(np.array([self.total, *lows, *highs]))
        if self.presence:
            self.presence.check()
        else:
            self._check_sums(lows.sum(), highs.sum())
        return self

    def _check_sums(self, low: float, high: float) -> None:
        if not low <= self.total * (1 + SAME) or not high >= self.total * (1 - SAME):
            raise ValueError(f"the components sum to {low:g} … {high:g} and never to the total of {self.total:g}")
        if any(component.required for component in self.components.values()):
            raise ValueError("required says nothing without at_most or at_least: give that component a low")

    def _check_step(self, amounts: np.ndarray) -> None:
        if self.step and self.step * _MOST_SHARES < self.total:
            raise ValueError(f"step ({self.step:g}) is too small for a total of {self.total:g}")
        if self.step and np.any(np.abs(amounts / self.step - np.rint(amounts / self.step)) > 1e-6):
            raise ValueError("with a step, the total and each low and high must be multiples of it")

    @cached_property
    def presence(self) -> Presence | None:
        """Which components may be present together; None where all of them are."""
        if self.at_most is None and self.at_least is None:
            return None
        n, required = len(self.components), [component.required for component in self.components.values()]
        fewest, most = self.at_least or 1, min(self.at_most or n, n)
        return Presence(self.total, *self._stated_bounds, required, fewest, most, self.step)

    @property
    def width(self) -> int:  # type: ignore[override]
        return len(self.components) + (1 if self.presence else 0)

    @property
    def _stated_bounds(self) -> tuple[np.ndarray, np.ndarray]:
        lows = np.array([component.low for component in self.components.values()])
        highs = [self.total if c.high is None else c.high for c in self.components.values()]
        return lows, np.minimum(highs, self.total)

    @property
    def _lows(self) -> np.ndarray:
        """The least of each component: as stated, or what is left where all others are at their highs."""
        return self.bounds[0]

    @property
    def _highs(self) -> np.ndarray:
        """The most of each component: as stated, or what is left where all others are at their lows."""
        return self.bounds[1]

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The least and the most of each component that the others and the total leave, each of shape (k,)."""
        lows, highs = self._stated_bounds
        if self.presence:
            return np.where(self.presence.required, lows, 0.0), highs
        return tightened(self.total, lows, highs)

    def variables(self, name: str) -> tuple[str, ...]:
        return tuple(self.components)

    @property
    def n_points(self) -> float:
        if not self.step:
            return math.inf
        if self.presence:
            return self.presence.n_points
        # stars and bars, less those in which a component exceeds its high, by inclusion and exclusion
        free = round((self.total - self._lows.sum()) / self.step)
        overshoots = {0: 1}
        for most in np.rint((self._highs - self._lows) / self.step).astype(int).tolist():
            for units, sign in list(overshoots.items()):
                if units + most + 1 <= free:
                    overshoots[units + most + 1] = overshoots.get(units + most + 1, 0) - sign
        others = len(self.components) - 1
        n = sum(sign * math.comb(free - units + others, others) for units, sign in overshoots.items())
        return float(min(n, 10**300))

    def from_unit(self, name: str, u: np.ndarray) -> Columns:
        """Uniform where no high binds, and otherwise nearly so: see `amounts_from_unit`."""
        if self.presence:
            values = self.presence.from_unit(u)
            values = self._amounts(values) if self.step else values
        else:
            values = amounts_from_unit(u, self.total, self._lows[None], self._highs[None])
            values = self._on_grid(values) if self.step else values
        return dict(zip(self.components, values.T, strict=True))

    def to_unit(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Uniform numbers (n, width) behind these amounts: what stands near the one stands near both."""
        if self.presence:
            return self.presence.to_unit(self._stacked(columns))
        return amounts_to_unit(self._stacked(columns), self.total, self._lows[None], self._highs[None])

    def allowed(self, columns: Mapping[str, np.ndarray]) -> np.ndarray | None:
        """Which rows have as many components as they may, boolean (n,); None where all components may be present."""
        return self.presence.allowed(self._stacked(columns)) if self.presence else None

    def _stacked(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.column_stack([np.asarray(columns[c], float) for c in self.components])

    def _on_grid(self, values: np.ndarray) -> np.ndarray:
        """Round to the step and keep the sum: the largest remainders are rounded up while there is room."""
        assert self.step is not None
        units, most = values / self.step, np.rint(self._highs / self.step)
        whole = np.clip(np.floor(units + 1e-9), np.rint(self._lows / self.step), most)
        missing = np.rint(self.total / self.step - whole.sum(axis=1)).astype(int)
        while missing.max(initial=0) > 0:
            remainder = np.where(whole < most, units - whole, -np.inf)
            rows = np.flatnonzero(missing > 0)
            whole[rows, remainder[rows].argmax(axis=1)] += 1
            missing[rows] -= 1
        return self._amounts(whole)

    def _amounts(self, units: np.ndarray) -> np.ndarray:
        assert self.step is not None
        return Grid(0.0, self.total, self.step).at(units)

    def at(self, name: str, index: np.ndarray) -> Columns:
        units = self.presence.at(index) if self.presence else self._partitions.at(index)
        return dict(zip(self.components, self._amounts(units).T, strict=True))

    @cached_property
    def _partitions(self) -> Partitions:
        lows, highs = (np.rint(bound / self.step).astype(int).tolist() for bound in self.bounds)
        return Partitions(round(self.total / (self.step or 1)), lows, highs, [False] * len(lows))

    def lattice(self, levels: int) -> Columns:
        """The simplex lattice with `levels` amounts of each component from its low on (Scheffé 1958)."""
        shares = Mixture(list(self.components), total=levels - 1, step=1).every("")
        free = self.total - self._lows.sum()
        rows = self._lows + free * np.column_stack(list(shares.values())) / (levels - 1)
        rows = rows[(rows <= self._highs * (1 + SAME)).all(axis=1)]
        rows = rows[self.presence.allowed(rows)] if self.presence else rows
        return dict(zip(self.components, rows.T, strict=True))

    def encode(self, name: str, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        values = self._stacked(columns)
        ranges = self._highs - self._lows
        return (values - self._lows) / np.where(ranges > SAME * self.total, ranges, self.total)

    def features(self, name: str) -> tuple[str, ...]:
        return tuple(self.components)

    def problem(self, name: str, values: Mapping[str, Any]) -> str | None:
        amounts = [values[component] for component in self.components]
        for component, amount, low, high in zip(self.components, amounts, self._lows, self._highs, strict=True):
            if not is_number(amount):
                return f"{component} must be a number, not {amount!r:.60}"
            if not low - 1e-6 * self.total <= amount <= high + 1e-6 * self.total:
                return f"{component} = {amount:g} lies outside {low:g} to {high:g}"
        if self.presence and (problem := self._misses(name, np.array(amounts, float))):
            return problem
        if abs(sum(amounts) - self.total) > 1e-6 * self.total:
            return f"the components of {name} sum to {sum(amounts):g} instead of {self.total:g}"
        if self.step and np.any(
            np.abs(np.rint(np.array(amounts) / self.step) * self.step - amounts) > 1e-6 * self.total
        ):
            return f"a component of {name} lies off its grid of {self.step:g}"
        return None

    def _misses(self, name: str, amounts: np.ndarray) -> str | None:
        """What is wrong with which components are present, and how much of each."""
        assert self.presence is not None
        present, n = self.presence.is_present(amounts), int(self.presence.is_present(amounts).sum())
        for component, amount, is_present in zip(self.components.items(), amounts, present, strict=True):
            if component[1].required and not is_present:
                return f"{component[0]} is required and absent"
            if is_present and amount < component[1].low - 1e-6 * self.total:
                return f"{component[0]} = {amount:g} is neither 0 nor at least {component[1].low:g}"
        if n > self.presence.most:
            return f"{name} has {n} components instead of at most {self.presence.most}"
        if n < self.presence.fewest:
            return f"{name} has {n} components instead of at least {self.presence.fewest}"
        return None

    def coerce(self, name: str, values: Mapping[str, Any]) -> dict[str, Value]:
        given = np.array([float(values[component]) for component in self.components])
        amounts = np.clip(given, self._lows, self._highs)
        if self.presence:
            amounts = np.where(self.presence.is_present(given), np.clip(given, *self._stated_bounds), 0.0)
        if self.step:
            amounts = self._amounts(np.rint(amounts / self.step))
        return dict(zip(self.components, amounts.tolist(), strict=True))
