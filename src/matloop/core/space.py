"""The space: all that may be tried."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator

from matloop.core.constraint import Constraint
from matloop.core.errors import ExpressionError, InputError, Mistake, did_you_mean
from matloop.core.mixture import Mixture
from matloop.core.parameter import Choice, Columns, Integer, Real, Value
from matloop.core.pool import Pool

Point = dict[str, Value]
AnyParameter = Annotated[Real | Integer | Choice | Mixture | Pool, Field(discriminator="kind")]

#: Spaces with at most so many points are looked through one by one; larger ones are sampled.
ENUMERABLE = 200_000


class Space(BaseModel):
    """Named parameters and the constraints between them: `Space(x=Real(0, 1), y=Integer(1, 5), constraints=[…])`.

    In a file it is one table: each key a parameter, and `constraints` a list of conditions as text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    parameters: dict[str, AnyParameter] = Field(min_length=1)
    constraints: tuple[Constraint, ...] = ()

    if TYPE_CHECKING:

        def __init__(self, constraints: Sequence[str | Constraint] = (), **parameters: Any) -> None: ...

    @model_validator(mode="before")
    @classmethod
    def _from_flat(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        parameters = {name: value for name, value in data.items() if name != "constraints"}
        return {"parameters": parameters, "constraints": data.get("constraints", ())}

    @model_serializer
    def _to_flat(self) -> dict[str, Any]:
        flat: dict[str, Any] = {
            name: {"kind": p.kind} | p.model_dump(exclude_none=True, exclude_defaults=True)
            for name, p in self.parameters.items()
        }
        return flat | ({"constraints": [c.text for c in self.constraints]} if self.constraints else {})

    # -- what is in it --------------------------------------------------------------------------------------

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The keys of a point, in order."""
        return tuple(v for name, p in self.parameters.items() for v in p.variables(name))

    @property
    def units(self) -> dict[str, str]:
        """The unit of each variable that has one."""
        return {v: unit for name, p in self.parameters.items() for v, unit in p.units(name).items()}

    @property
    def width(self) -> int:
        """How many uniform numbers make one point."""
        return sum(p.width for p in self.parameters.values())

    @property
    def n_points(self) -> float:
        """How many different points there are, constraints left aside; infinite where it is continuous."""
        return math.prod(p.n_points for p in self.parameters.values())

    @property
    def features(self) -> tuple[str, ...]:
        """A label for each column of `encode`."""
        return tuple(f for name, p in self.parameters.items() for f in p.features(name))

    def mistakes(self) -> list[Mistake]:
        """What is wrong between the parameters: names used twice, constraints on what does not exist or is text."""
        found = [
            Mistake(f"space.{name!r}", "a name must be visible text that neither begins nor ends with a space")
            for name in {*self.parameters, *self.variables}
            if not name.strip() or name != name.strip() or not name.isprintable()
        ]
        seen: set[str] = set()
        for name, parameter in self.parameters.items():
            for variable in parameter.variables(name):
                if variable in seen:
                    found.append(Mistake(f"space.{name}", f"the variable '{variable}' is defined twice"))
                seen.add(variable)
        for i, constraint in enumerate(self.constraints):
            found.extend(
                Mistake(
                    f"space.constraints[{i}]",
                    f"'{name}' is no variable of this space",
                    did_you_mean(name, dict.fromkeys(self.variables)),
                )
                for name in sorted(constraint.names - seen)
            )
        return found or self._unusable_constraints()

    def _unusable_constraints(self) -> list[Mistake]:
        """Constraints that calculate with text, which shows only when they meet a point."""
        found: list[Mistake] = []
        for i, constraint in enumerate(self.constraints):
            try:
                constraint.holds(self.from_unit(np.full((1, self.width), 0.5)))
            except ExpressionError as error:
                found.append(Mistake(f"space.constraints[{i}]", error.message, error.hint))
            except ValueError:  # a pool that has not been read yet; `mistakes` is asked again when it has
                break
        return found

    # -- points and columns ---------------------------------------------------------------------------------

    def columns(self, points: Sequence[Mapping[str, Any]]) -> Columns:
        """A column of shape (n,) for each variable."""
        columns: Columns = {}
        for name, parameter in self.parameters.items():
            as_column = _as_objects if isinstance(parameter, Choice) else _as_column
            columns |= {v: as_column([point[v] for point in points]) for v in parameter.variables(name)}
        return columns

    def points(self, columns: Mapping[str, np.ndarray]) -> list[Point]:
        """The points that stand in the columns, in plain Python types."""
        names = self.variables
        rows = zip(*(columns[name].tolist() for name in names), strict=True)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def from_unit(self, u: np.ndarray) -> Columns:
        """Points from uniform numbers of shape (n, width): on their grids; constraints are left aside."""
        columns: Columns = {}
        start = 0
        for name, parameter in self.parameters.items():
            columns.update(parameter.from_unit(name, u[:, start : start + parameter.width]))
            start += parameter.width
        return columns

    def encode(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """What a model sees: shape (n, len(features)), about 0 to 1."""
        return np.column_stack([p.encode(name, columns) for name, p in self.parameters.items()])

    def feasible(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Which rows meet every constraint: boolean, shape (n,)."""
        ok = np.ones(len(next(iter(columns.values()))), bool)
        for constraint in self.constraints:
            ok &= constraint.holds(columns)
        return ok

    def candidates(self, limit: int = ENUMERABLE) -> Columns | None:
        """Every point that meets the constraints, or None where there are more than `limit` before they apply."""
        if self.n_points > limit:
            return None
        if limit == ENUMERABLE:
            return self._all_candidates
        return self._enumerate()

    @cached_property
    def _all_candidates(self) -> Columns:
        return self._enumerate()

    def _enumerate(self) -> Columns:
        tables = [p.every(name) for name, p in self.parameters.items()]
        sizes = [len(next(iter(table.values()))) for table in tables]
        places = np.unravel_index(np.arange(math.prod(sizes)), sizes)
        columns = {v: column[i] for table, i in zip(tables, places, strict=True) for v, column in table.items()}
        ok = self.feasible(columns)
        return {variable: column[ok] for variable, column in columns.items()}

    # -- one point ------------------------------------------------------------------------------------------

    def problems(self, point: Mapping[str, Any]) -> list[str]:
        """Everything that speaks against trying this point; empty where it may be tried."""
        missing = [variable for variable in self.variables if variable not in point]
        if missing:
            return [f"no value for {', '.join(missing)}"]
        unknown = [key for key in point if key not in self.variables]
        found = [f"'{key}' is no variable of this space" for key in unknown]
        found += [text for name, p in self.parameters.items() if (text := p.problem(name, point))]
        if not found:
            columns = self.columns([point])
            found = [f"breaks the constraint {c.text}" for c in self.constraints if not c.holds(columns)[0]]
        return found

    def point(self, values: Mapping[str, Any]) -> Point:
        """The values as a point of this space. Raises InputError that names every problem."""
        problems = self.problems(values)
        if problems:
            raise InputError("this point cannot be tried: " + "; ".join(problems))
        return {k: v for name, p in self.parameters.items() for k, v in p.coerce(name, values).items()}

    def key(self, point: Mapping[str, Any]) -> tuple[Value, ...]:
        """Two points with the same key are the same setting."""
        return tuple([point[variable] for variable in self.variables])


def _as_column(cells: list[Any]) -> np.ndarray:
    if all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells):
        return np.array(cells)
    return _as_objects(cells)


def _as_objects(cells: list[Any]) -> np.ndarray:
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return column
