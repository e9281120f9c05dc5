"""A mixture: components whose amounts sum to a total."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from matloop.core.parameter import SAME, WIDEST, Columns, Grid, Parameter, Value, given, is_number

#: A finer grid than so many steps to the total is as good as none.
_MOST_SHARES = 1_000_000


class Component(BaseModel):
    """The least and the most of one component of a mixture, in the mixture's unit; `high` None means its total."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    low: float = Field(0.0, ge=0, le=WIDEST)
    high: float | None = None


class Mixture(Parameter):
    """Components whose amounts sum to `total`. Each is a variable of its own, on a grid where `step` is given."""

    kind: Literal["mixture"] = "mixture"
    components: dict[str, Component] = Field(min_length=2)
    total: float = Field(1.0, gt=0, le=WIDEST)
    step: float | None = Field(None, gt=0)
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
        low, high = lows.sum(), highs.sum()
        if np.any(lows > highs):
            raise ValueError("a component's low lies above its high")
        if not low <= self.total * (1 + SAME) or not high >= self.total * (1 - SAME):
            raise ValueError(f"the components sum to {low:g} … {high:g} and never to the total of {self.total:g}")
        if self.step and self.step * _MOST_SHARES < self.total:
            raise ValueError(f"step ({self.step:g}) is too small for a total of {self.total:g}")
        if self.step:
            multiples = np.array([self.total, *lows, *highs]) / self.step
            if np.any(np.abs(multiples - np.rint(multiples)) > 1e-6):
                raise ValueError("with a step, the total and each low and high must be multiples of it")
        return self

    @property
    def width(self) -> int:  # type: ignore[override]
        return len(self.components)

    @property
    def _stated_bounds(self) -> tuple[np.ndarray, np.ndarray]:
        lows = np.array([component.low for component in self.components.values()])
        highs = [self.total if c.high is None else c.high for c in self.components.values()]
        return lows, np.minimum(highs, self.total)

    @property
    def _lows(self) -> np.ndarray:
        """The least of each component: as stated, or what is left where all others are at their highs."""
        lows, highs = self._stated_bounds
        return np.maximum(lows, np.minimum(self.total - (highs.sum() - highs), highs))

    @property
    def _highs(self) -> np.ndarray:
        """The most of each component: as stated, or what is left where all others are at their lows."""
        lows, highs = self._stated_bounds
        return np.minimum(highs, np.maximum(self.total - (lows.sum() - lows), lows))

    def variables(self, name: str) -> tuple[str, ...]:
        return tuple(self.components)

    @property
    def n_points(self) -> float:
        if not self.step:
            return math.inf
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
        """Uniform on a simplex: exponential spacings normalised to one (Devroye 1986, ch. V.2).

        The allowed mixtures lie within the simplex above the lows and within the one below the highs (Crosier 1984,
        doi:10.1080/00401706.1984.10487957); the smaller of the two is drawn from. What exceeds a bound is poured
        back, in proportion to the room that the other components have left.
        """
        shares = -np.log1p(-np.clip(u, 1e-12, 1.0 - 1e-16))
        shares /= shares.sum(axis=1, keepdims=True)
        free, spare = max(self.total - self._lows.sum(), 0.0), max(self._highs.sum() - self.total, 0.0)
        ranges = self._highs - self._lows
        if free <= spare:
            values = self._lows + _poured_back(free * shares, ranges)
        else:
            values = self._highs - _poured_back(spare * shares, ranges)
        if self.step:
            values = self._on_grid(values)
        return dict(zip(self.components, values.T, strict=True))

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

    def every(self, name: str) -> Columns:
        """Built component by component: an amount stays only where the rest can still reach the total."""
        assert self.step is not None
        lows, highs = (np.rint(bound / self.step).astype(int) for bound in (self._lows, self._highs))
        total = round(self.total / self.step)
        rows: list[tuple[int, ...]] = [()]
        for i, (low, high) in enumerate(zip(lows, highs, strict=True)):
            least, most = total - highs[i + 1 :].sum(), total - lows[i + 1 :].sum()
            rows = [
                (*row, units)
                for row in rows
                for units in range(max(low, least - sum(row)), min(high, most - sum(row)) + 1)
            ]
        return dict(zip(self.components, self._amounts(np.array(rows)).T, strict=True))

    def lattice(self, levels: int) -> Columns:
        """The simplex lattice with `levels` amounts of each component from its low on (Scheffé 1958)."""
        shares = Mixture(list(self.components), total=levels - 1, step=1).every("")
        free = self.total - self._lows.sum()
        rows = self._lows + free * np.column_stack(list(shares.values())) / (levels - 1)
        rows = rows[(rows <= self._highs * (1 + SAME)).all(axis=1)]
        return dict(zip(self.components, rows.T, strict=True))

    def encode(self, name: str, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        values = np.column_stack([np.asarray(columns[c], float) for c in self.components])
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
        if abs(sum(amounts) - self.total) > 1e-6 * self.total:
            return f"the components of {name} sum to {sum(amounts):g} instead of {self.total:g}"
        if self.step and np.any(
            np.abs(np.rint(np.array(amounts) / self.step) * self.step - amounts) > 1e-6 * self.total
        ):
            return f"a component of {name} lies off its grid of {self.step:g}"
        return None

    def coerce(self, name: str, values: Mapping[str, Any]) -> dict[str, Value]:
        amounts = np.clip([float(values[component]) for component in self.components], self._lows, self._highs)
        if self.step:
            amounts = self._amounts(np.rint(amounts / self.step))
        return dict(zip(self.components, amounts.tolist(), strict=True))


def _poured_back(values: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Rows with the same sum as those of `values`, shape (n, k), none above `most`: the excess goes where room is."""
    kept = np.minimum(values, most)
    room = most - kept
    excess = (values - kept).sum(axis=1, keepdims=True)
    return kept + room * np.minimum(excess / np.maximum(room.sum(axis=1, keepdims=True), 1e-300), 1.0)
