"""What the columns of a person's table mean: a header is matched with the names in the campaign's definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from matloop.core.choice import Choice
from matloop.core.errors import InputError, TableError, UnitError, did_you_mean
from matloop.core.objective import Match
from matloop.core.parameter import Parameter, Value
from matloop.core.pool import Pool
from matloop.core.spec import CampaignSpec
from matloop.core.units import convert

Role = Literal["trial", "number", "variable", "objective", "std", "failed", "note"]

#: The columns that are no variable and no objective, and what they may be called; those two come first.
OWN: dict[Role, tuple[str, ...]] = {
    "trial": ("trial", "trial id", "trial_id"),
    "number": ("number", "trial number", "trial_number"),
    "failed": ("failed", "failure"),
    "note": ("note", "notes"),
}
_NO_UNIT = {"", "-", "–", "1", "dimensionless"}
_BRACKETS = {"]": "[", ")": "("}


@dataclass(frozen=True)
class Column:
    """The meaning of one column; `given` is the unit in its header, `wanted` the one in the definition."""

    role: Role
    name: str
    given: str | None = None
    wanted: str | None = None
    #: Where only certain values are possible: each by its text.
    options: Mapping[str, Value] | None = None
    is_whole: bool = False
    #: Where a curve is wanted, not a number.
    match: Match | None = None

    @property
    def has_unit(self) -> bool:
        return self.role in ("objective", "std") or (self.role == "variable" and self.options is None)

    @property
    def is_number(self) -> bool:
        return self.has_unit and self.match is None


class Headers:
    """Knows every name that a header may carry."""

    def __init__(self, spec: CampaignSpec) -> None:
        self._columns = dict(_named_columns(spec))
        self._folded: dict[str, list[str]] = {}
        for name in self._columns:
            self._folded.setdefault(name.casefold(), []).append(name)

    @property
    def names(self) -> list[str]:
        return list(self._columns)

    def column(self, header: str) -> Column | None:
        """The column that a header means: its whole text comes first, then what stands before a unit in brackets.

        Raises UnitError for a unit that cannot be converted.
        """
        for text, unit in _readings(header.strip()):
            if (column := self._find(text)) is not None:
                return _with_unit(column, unit)
        return None

    def key(self, name: str) -> Column:
        """The column that a key of a mapping means. Raises InputError for an unknown one."""
        column = self.column(name)
        if column is None:
            raise InputError(f"there is no '{name[:60]}' to record", did_you_mean(name[:80], self.names))
        return column

    def match(self, header: Sequence[str], file: str) -> list[Column | None]:
        """A column for each header, None for what is unknown. Raises TableError where the table is of no use."""
        columns: list[Column | None] = []
        for text in header:
            try:
                columns.append(self.column(text))
            except UnitError as error:
                raise TableError(f"{file}, column '{text[:60]}': {error.message}", error.hint) from error
        self._require_usable(columns, header, file)
        return columns

    def _find(self, text: str) -> Column | None:
        if text in self._columns:
            return self._columns[text]
        alike = self._folded.get(text.casefold(), [])
        return self._columns[alike[0]] if len(alike) == 1 else None

    def _require_usable(self, columns: Sequence[Column | None], header: Sequence[str], file: str) -> None:
        seen: dict[tuple[Role, str], str] = {}
        for column, text in zip(columns, header, strict=True):
            if column is not None:
                other = seen.setdefault((column.role, column.name), text)
                if other is not text:
                    raise TableError(f"{file} has two columns for {column.name}: '{other[:60]}' and '{text[:60]}'")
        roles = {role for role, _ in seen}
        if not roles & {"objective", "failed"}:
            wishes = [c.name for c in self._columns.values() if c.role == "objective"]
            near = _nearest(wishes, [text for text, c in zip(header, columns, strict=True) if c is None])
            raise TableError(f"{file} has no column for {', '.join(wishes)}", near)
        if not roles & {"trial", "number"}:
            variables = [c.name for c in self._columns.values() if c.role == "variable"]
            missing = [name for name in variables if ("variable", name) not in seen]
            if missing:
                hint = "or, to enter trials that were not planned, one for " + ", ".join(missing)
                raise TableError(f"{file} has no column 'trial'", hint)


def with_unit(name: str, unit: str | None) -> str:
    """A header: the name, and its unit in brackets."""
    return f"{name} [{unit}]" if unit else name


def _named_columns(spec: CampaignSpec) -> Iterator[tuple[str, Column]]:
    """Every spelling with its column; the later ones count where two are the same."""
    for role, spellings in OWN.items():
        for spelling in spellings:
            yield spelling, Column(role, role)
    for wish in spec.objectives:
        for spelling in (f"{wish.name} std", f"{wish.name}_std"):
            yield spelling, Column("std", wish.name, wanted=wish.unit)
    units = spec.space.units
    for name, parameter in spec.space.parameters.items():
        for variable in parameter.variables(name):
            if isinstance(parameter, Pool) and not parameter.is_read:
                continue  # its file is missing: results are taken all the same, settings cannot be understood
            options, is_whole = _options(parameter, variable), parameter.kind == "integer"
            yield variable, Column("variable", variable, None, units.get(variable), options, is_whole)
    for wish in spec.objectives:
        match = wish if isinstance(wish, Match) else None
        yield wish.name, Column("objective", wish.name, wanted=wish.unit, match=match)


def _options(parameter: Parameter, variable: str) -> dict[str, Value] | None:
    if isinstance(parameter, Choice):
        return {str(option).strip(): option for option in parameter.options}
    if isinstance(parameter, Pool) and parameter.rows[variable].dtype.kind not in "fiu":
        return {str(cell).strip(): cell for cell in parameter.rows[variable].tolist()}
    return None


def _readings(header: str) -> Iterator[tuple[str, str]]:
    """The ways to read a header as a name and a unit: 'a (b) [c]' is that name, or 'a (b)' in the unit c."""
    yield header, ""
    opening = _BRACKETS.get(header[-1:])
    place = header.rfind(opening) if opening else -1
    while opening and place > 0:
        yield header[:place].strip(), header[place + 1 : -1].strip()
        place = header.rfind(opening, 0, place)


def _with_unit(column: Column, unit: str) -> Column:
    if unit in _NO_UNIT or not column.has_unit:
        return column
    if len(unit) > 60:
        raise UnitError(f"unknown unit '{unit[:57]}…'")
    convert(1.0, unit, column.wanted)
    return replace(column, given=unit)


def _nearest(wanted: Sequence[str], header: Sequence[str]) -> str:
    near = (did_you_mean(name, [text[:80] for text in header if text]) for name in wanted)
    return next((hint for hint in near if hint.startswith("did")), "")
