"""The space: all that may be tried."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator

from matloop.core.block import Block, in_a_row
from matloop.core.choice import Choice
from matloop.core.constraint import Constraint
from matloop.core.errors import ExpressionError, InputError, Mistake, did_you_mean
from matloop.core.fidelity import Fidelity
from matloop.core.mixture import Mixture
from matloop.core.parameter import Columns, Integer, Real, Value
from matloop.core.pool import Pool

Point = dict[str, Value]
AnyParameter = Annotated[Real | Integer | Choice | Mixture | Pool | Fidelity, Field(discriminator="kind")]

#: Spaces with at most so many points are looked through one by one; larger ones are sampled.
ENUMERABLE = 200_000
#: Up to so many points can be looked through in pieces, in bounded memory, within a minute or so.
STREAMABLE = 100_000_000
#: What the encoding of one such piece takes at most, in bytes, and its rows at most.
_PIECE_BYTES, _PIECE = 1 << 26, 1 << 16
#: To find equal rows of a pool takes a hash of each, and the same in order.
_BYTES_A_ROW = 16


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

    @staticmethod
    def from_shortlist(shortlist: Any) -> Space:
        """The candidates that a screen left, as a pool: its label, its descriptors, and the predictions of its models.

        `shortlist` is a matloop.Shortlist; a prior may name its columns (`Prior(column="gap_predicted")`).
        """
        return Space(candidate=Pool(table=shortlist.frame, **shortlist.pool()))

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
        return self._own_width + len(self._landmarks)

    @cached_property
    def _own_width(self) -> int:
        return sum(p.width for p in self.parameters.values())

    @cached_property
    def _landmarks(self) -> dict[str, np.ndarray]:
        """Single values of continuous parameters on which constraints depend, as "a == 0 or b == 0" does.

        Chance alone would never hit them.
        """
        free = {name: p for name, p in self.parameters.items() if isinstance(p, Real) and p.step is None}
        found: dict[str, set[float]] = {}
        for compared in (c for constraint in self.constraints for c in constraint.compared):
            real, value = free.get(compared.name), compared.constant
            if real is None or isinstance(value, str) or compared.is_demanded:
                continue
            if value in (real.low, real.high) or (compared.is_equality and real.low < value < real.high):
                found.setdefault(compared.name, set()).add(value)
        return {name: np.array(sorted(values)) for name, values in found.items()}

    @property
    def n_points(self) -> float:
        """How many different points there are, constraints left aside; infinite where it is continuous."""
        return math.prod(p.n_points for p in self.parameters.values())

    @property
    def features(self) -> tuple[str, ...]:
        """A label for each column of `encode`."""
        return tuple(f for name, p in self.parameters.items() for f in p.features(name))

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What the columns of `encode` mean, in their order."""
        return in_a_row(*(p.blocks(name) for name, p in self.parameters.items()))

    @cached_property
    def fidelity(self) -> tuple[str, Fidelity] | None:
        """The variable that tells how true a result is, if there is one."""
        return next(((name, p) for name, p in self.parameters.items() if isinstance(p, Fidelity)), None)

    def is_true(self, point: Mapping[str, Any]) -> bool:
        """Whether a result at this point counts: it does unless it comes from one of the rougher fidelities."""
        if self.fidelity is None or self.fidelity[0] not in point:
            return True
        return self.fidelity[1].is_truth(point[self.fidelity[0]])

    def is_whole(self, point: Mapping[str, Any]) -> bool:
        """Whether the point has all variables: one that was tried before a parameter was added has not."""
        return all(variable in point for variable in self.variables)

    def at_truth(self, columns: Mapping[str, np.ndarray]) -> Columns:
        """The same points at the true fidelity."""
        if self.fidelity is None:
            return dict(columns)
        name, fidelity = self.fidelity
        return {**columns, **fidelity.at(name, np.zeros(len(columns[name]), int))}

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
            found.extend(self._unknown_options(i, constraint))
        found += [mistake for name, parameter in self.parameters.items() for mistake in parameter.mistakes(name)]
        fidelities = [name for name, parameter in self.parameters.items() if isinstance(parameter, Fidelity)]
        found += [Mistake(f"space.{name}", "a space has one fidelity at most") for name in fidelities[1:]]
        if fidelities and len(fidelities) == len(self.parameters):
            found.append(Mistake(f"space.{fidelities[0]}", "beside the fidelity there is nothing that can be varied"))
        return found or self._unusable_constraints()

    def _unknown_options(self, i: int, constraint: Constraint) -> Iterator[Mistake]:
        """Texts to which a choice is compared, and which are none of its options."""
        for name, text in dict.fromkeys((c.name, c.constant) for c in constraint.compared):
            choice = self.parameters.get(name)
            if not isinstance(choice, Choice | Fidelity) or not isinstance(text, str):
                continue
            options = choice.options if isinstance(choice, Choice) else choice.levels
            if text not in options:
                hint = did_you_mean(text, list(map(str, options)))
                yield Mistake(f"space.constraints[{i}]", f"'{text[:60]}' is no option of '{name}'", hint)

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
        """Points from uniform numbers of shape (n, width): on their grids; constraints are left aside.

        The numbers after those of the parameters, which may be left out, put half of the values of some continuous
        parameters onto single values that constraints speak of.
        """
        columns: Columns = {}
        start = 0
        for name, parameter in self.parameters.items():
            columns.update(parameter.from_unit(name, u[:, start : start + parameter.width]))
            start += parameter.width
        for (name, values), chance in zip(self._landmarks.items(), u[:, start:].T, strict=False):
            place = np.minimum((2 * chance * len(values)).astype(int), len(values) - 1)
            columns[name] = np.where(chance < 0.5, values[place], columns[name])
        return columns

    def encode(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """What a model sees: shape (n, len(features)), about 0 to 1."""
        return np.column_stack([p.encode(name, columns) for name, p in self.parameters.items()])

    def feasible(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Which rows meet every constraint, those on how many components a mixture has among them: boolean, (n,)."""
        ok = np.ones(len(next(iter(columns.values()))), bool)
        for parameter in self.parameters.values():
            if isinstance(parameter, Mixture) and parameter.presence:
                ok &= parameter.allowed(columns)
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
        return self._feasible_part(0, int(self.n_points))

    @property
    def is_streamable(self) -> bool:
        """Whether its points are few enough to be looked through one by one, in pieces (`chunks`)."""
        return self.n_points <= STREAMABLE

    def chunks(self, size: int | None = None) -> Iterator[Columns]:
        """Every point that meets the constraints, in the order of `candidates`, in pieces of at most `size` rows.

        Memory does not grow with the number of points; pieces without a feasible point are left out, and a piece of a
        pool shares its memory. Unless given, `size` is such that `encode` of a piece takes at most 64 MB. Raises
        ValueError where the space is not finite.
        """
        if math.isinf(self.n_points):
            raise ValueError("a space with continuous parameters has no list of points")
        size = size or self.piece
        for start in range(0, int(self.n_points), size):
            columns = self._feasible_part(start, min(start + size, int(self.n_points)))
            if len(next(iter(columns.values()))):
                yield columns

    @property
    def piece(self) -> int:
        """How many rows at once are a good piece of work: fewer, the more columns a model sees."""
        return max(256, min(_PIECE, _PIECE_BYTES // (8 * max(1, len(self.features)))))

    @cached_property
    def n_candidates(self) -> int | None:
        """How many points meet all constraints, counted piece by piece; None where they are too many to be counted."""
        if not self.is_streamable:
            return None
        if not self.constraints:
            return int(self.n_points)
        return sum(len(next(iter(columns.values()))) for columns in self.chunks())

    @property
    def n_bytes(self) -> int:
        """About how much memory a suggestion needs for the points alone, in bytes: pools, and a piece as encoded."""
        pools = [p for p in self.parameters.values() if isinstance(p, Pool)]
        held = sum(p.n_bytes + _BYTES_A_ROW * int(p.n_points) for p in pools)
        n = min(self.piece, self.n_points)
        return held + 3 * 8 * int(n) * len(self.features)

    def _feasible_part(self, start: int, stop: int) -> Columns:
        """The feasible ones among the points at these positions, the last parameter varying fastest."""
        columns = self._part(start, stop)
        if not self.constraints:
            return columns
        ok = self.feasible(columns)
        return columns if ok.all() else {variable: column[ok] for variable, column in columns.items()}

    def _part(self, start: int, stop: int) -> Columns:
        (name, first), *others = self.parameters.items()
        if isinstance(first, Pool) and not others:
            return first.at(name, slice(start, stop))
        sizes = [int(p.n_points) for p in self.parameters.values()]
        places = np.unravel_index(np.arange(start, stop), sizes)
        at = zip(self.parameters.items(), places, strict=True)
        return {v: column for (name, p), place in at for v, column in p.at(name, place).items()}

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
    kinds = set(map(type, cells))  # a few, however many cells there are
    if all(issubclass(kind, int | float) and kind is not bool for kind in kinds):
        return np.array(cells)
    return _as_objects(cells)


def _as_objects(cells: list[Any]) -> np.ndarray:
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return column
