"""Points that meet every constraint, made from uniform numbers: the ground on which all planners stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from matloop.core.errors import PlannerError
from matloop.core.expression import Linear
from matloop.core.mixture import Mixture
from matloop.core.parameter import SAME, Columns, Real
from matloop.core.space import Point, Space

#: Uniform numbers of shape (k, width), more at each call.
Source = Callable[[int], np.ndarray]

#: So many points are drawn in vain before a space counts as empty.
MOST_DRAWS = 1 << 17
CHUNK = 1 << 12
#: Rounds of alternating projections; their error halves in a few rounds for all but nearly parallel constraints.
PROJECTIONS = 300
#: By this share of its total the sum of a mixture may be off.
SUM = 1e-9


class Sampler:
    """Turns uniform numbers into feasible points of one space."""

    def __init__(self, space: Space) -> None:
        self.space = space

    def columns(self, u: np.ndarray) -> tuple[Columns, np.ndarray]:
        """The points of uniform numbers (n, width), and which of them are feasible, boolean (n,)."""
        columns = self.space.from_unit(u)
        if not self._rows:
            return columns, self.space.feasible(columns)
        columns = self._moved(columns)
        return columns, self.space.feasible(columns) & self._sums_hold(columns)

    def draw(self, source: Source, n: int, most: int = MOST_DRAWS) -> tuple[np.ndarray, Columns]:
        """The first n feasible points of a source, with their uniform numbers; fewer if `most` draws gave fewer.

        Raises PlannerError where not one of them is feasible.
        """
        kept: list[np.ndarray] = []
        found = drawn = 0
        while found < n and drawn < most:
            u = source(min(CHUNK, max(2 * (n - found), 64)))
            _, ok = self.columns(u)
            kept.append(u[ok])
            found, drawn = found + int(ok.sum()), drawn + len(u)
        if not found:
            raise self.nothing_feasible(drawn)
        u = np.concatenate(kept)[:n]
        return u, self.columns(u)[0]

    def nothing_feasible(self, drawn: int) -> PlannerError:
        """The error to raise when so many points were drawn in vain."""
        return PlannerError(
            f"not one of {drawn:,} points meets all constraints",
            "do they contradict each other? " + "; ".join(c.text for c in self.space.constraints),
        )

    # -- linear constraints on continuous variables: instead of waiting for luck, move the points in --------------

    @cached_property
    def _free(self) -> dict[str, tuple[float, float]]:
        """The variables that can be moved continuously, with the least and the most of each."""
        free: dict[str, tuple[float, float]] = {}
        for name, parameter in self.space.parameters.items():
            if isinstance(parameter, Real) and parameter.step is None:
                free[name] = parameter.low, parameter.high
            elif isinstance(parameter, Mixture) and _can_move(parameter):
                free |= dict(zip(parameter.components, zip(*parameter.bounds, strict=True), strict=True))
        return free

    @cached_property
    def _rows(self) -> list[Linear]:
        """The linear conditions on these alone, equalities last: they must hold exactly in the end."""
        linear = [row for constraint in self.space.constraints for row in constraint.linear or ()]
        rows = [row for row in linear if row.coefficients and set(row.coefficients) <= set(self._free)]
        needed = any(row.is_equality for row in rows)
        if not needed and not self._is_rare(rows):
            return []
        return sorted([*rows, *self._sums], key=lambda row: row.is_equality)

    @cached_property
    def _sums(self) -> list[Linear]:
        """The components of each mixture that can be moved sum to its total."""
        mixtures = [p for p in self.space.parameters.values() if isinstance(p, Mixture) and _can_move(p)]
        return [Linear(dict.fromkeys(m.components, 1.0), m.total, is_equality=True) for m in mixtures]

    def _is_rare(self, rows: list[Linear]) -> bool:
        """Whether chance alone would hardly ever meet the inequalities."""
        if not rows:
            return False
        u = np.random.Generator(np.random.PCG64(0)).random((CHUNK, self.space.width))
        return bool(self.space.feasible(self.space.from_unit(u)).mean() < 0.01)

    def _moved(self, columns: Columns) -> Columns:
        """Alternating projections onto the half-spaces and planes (von Neumann 1950), in units of each range."""
        names = list(self._free)
        low, high = np.array(list(self._free.values())).T
        width = np.maximum(high - low, SAME * np.maximum(np.abs(low), 1e-300))
        x = (np.column_stack([np.asarray(columns[name], float) for name in names]) - low) / width
        planes = [_in_unit_box(row, names, low, width) for row in self._rows]
        for _ in range(PROJECTIONS):
            before = x
            x = np.clip(x, 0.0, 1.0)
            for normal, bound, is_equality in planes:
                excess = x @ normal - bound
                x = x - np.outer(excess if is_equality else np.maximum(excess, 0.0), normal)
            if np.abs(x - before).max(initial=0.0) < 1e-13:
                break
        values = np.minimum(low + np.clip(x, 0.0, 1.0) * width, high)
        return {**columns, **dict(zip(names, values.T, strict=True))}

    def _sums_hold(self, columns: Columns) -> np.ndarray:
        """Whether moved mixtures still sum to their totals, boolean (n,): projections may end before they meet."""
        ok = np.ones(len(next(iter(columns.values()))), bool)
        for row in self._sums:
            total = np.sum([columns[component] for component in row.coefficients], axis=0)
            ok &= np.abs(total - row.bound) <= SUM * row.bound
        return ok


def _can_move(mixture: Mixture) -> bool:
    """Whether its components can be moved continuously: not where absent ones would have to stay at nought."""
    return mixture.step is None and not mixture.presence


def _in_unit_box(row: Linear, names: list[str], low: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, float, bool]:
    """A linear condition for variables scaled to 0…1, its normal of length one."""
    given = np.array([row.coefficients.get(name, 0.0) for name in names])
    normal = given * width
    length = float(np.linalg.norm(normal))
    return normal / length, (row.bound - float(given @ low)) / length, row.is_equality


def distinct(space: Space, columns: Columns, tried: set[tuple[object, ...]]) -> Iterator[Point]:
    """The points of the columns one by one, leaving out those that were tried or came before."""
    seen = set(tried)
    for point in space.points(columns):
        key = space.key(point)
        if key not in seen:
            seen.add(key)
            yield point


def keys_of(space: Space, points: Sequence[Point]) -> set[Any]:
    """The settings that were tried already."""
    variables = set(space.variables)
    return {space.key(point) for point in points if variables <= point.keys()}
