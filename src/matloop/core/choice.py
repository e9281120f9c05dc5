"""A choice: one of several options, of which a model may know the chemistry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from matloop.core.block import Block, in_a_row
from matloop.core.encoding import Encoding, Molecules, OneHot, codes_of, side_by_side, spread_of
from matloop.core.errors import InputError, Mistake, did_you_mean
from matloop.core.molecule import canonical, mistakes_in
from matloop.core.parameter import Columns, Parameter, Value, given, plain


def _is_text(given: Any) -> str:
    return "file" if isinstance(given, str) else "table"


def _is_table(given: Any) -> str:
    return "table" if isinstance(given, Mapping) else "flag"


_Table, _File, _Flag = Tag("table"), Tag("file"), Tag("flag")
#: Of two possible forms the one that is meant is checked, so that its mistakes are told alone.
Descriptors = Annotated[
    Annotated[dict[str, tuple[float, ...]], _Table] | Annotated[str, _File], Discriminator(_is_text)
]
Smiles = Annotated[Annotated[dict[str, str], _Table] | Annotated[bool, _Flag], Discriminator(_is_table)]


class Choice(Parameter):
    """One of several options: names, numbers or yes/no, without an order.

    A model sees them as equally different, unless `descriptors` (a number for each option, by the descriptor's name,
    or a table file) or `smiles` (true where the options are SMILES, or the SMILES of each option) tell it more.
    """

    kind: Literal["choice"] = "choice"
    options: tuple[str | bool | int | float, ...] = Field(min_length=1)
    descriptors: Descriptors | None = None
    smiles: Smiles = False
    description: str = ""

    def __init__(self, options: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(options=options), **settings)

    @model_validator(mode="after")
    def _distinct(self) -> Choice:
        repeated = [option for i, option in enumerate(self.options) if option in self.options[:i]]
        if repeated:
            raise ValueError(f"the option {repeated[0]!r} is listed twice")
        return self

    @model_validator(mode="after")
    def _described(self) -> Choice:
        """Every option is described, and no two of them alike."""
        if isinstance(self.descriptors, dict):
            for name, values in self.descriptors.items():
                if len(values) != len(self.options):
                    raise ValueError(f"descriptor '{name}' has {len(values)} values for {len(self.options)} options")
            self._require_distinguished()
        if isinstance(self.smiles, dict):
            _require_same_names(self.smiles, list(map(str, self.options)))
        elif self.smiles and not all(isinstance(option, str) for option in self.options):
            raise ValueError("options that are SMILES must be text")
        return self

    def _require_distinguished(self) -> None:
        """Two options with the same descriptors would be one and the same to a model, and nobody would notice."""
        assert isinstance(self.descriptors, dict)
        if self.smiles or len(self.options) < 2:
            return
        seen: dict[tuple[float, ...], Value] = {}
        for option, row in zip(self.options, zip(*self.descriptors.values(), strict=True), strict=False):
            if row in seen:
                both = f"'{seen[row]}' and '{option}'"
                raise ValueError(f"the options {both} have the same descriptors: add one that tells them apart")
            seen[row] = option
        if not self.descriptors:
            raise ValueError("descriptors has no column")

    @property
    def is_read(self) -> bool:
        """Whether its descriptors are at hand, and not only named by a file."""
        return not isinstance(self.descriptors, str)

    def described_by(self, table: Mapping[str, np.ndarray]) -> Choice:
        """The same choice with the descriptors of a table: a column names the options, those of numbers describe them.

        Raises ValueError where an option has no row, or a number is missing.
        """
        naming, rows = self._rows_in(table)
        numeric = {k: v[rows] for k, v in table.items() if v.dtype.kind in "fiu" and k != naming}
        for name, column in numeric.items():
            if not np.isfinite(column).all():
                option = self.options[int(np.flatnonzero(~np.isfinite(column))[0])]
                raise ValueError(f"descriptor '{name}' has no number for '{option}'")
        described = {name: tuple(column.tolist()) for name, column in numeric.items()}
        return Choice.model_validate(self.model_dump() | {"descriptors": described})

    def _rows_in(self, table: Mapping[str, np.ndarray]) -> tuple[str, list[int]]:
        """The column that names the most options, and the row of each option in it."""
        rows = {name: {str(cell): i for i, cell in enumerate(column.tolist())} for name, column in table.items()}
        options = list(map(str, self.options))
        naming = max(rows, key=lambda name: sum(option in rows[name] for option in options))
        for option in options:
            if option not in rows[naming]:
                hint = did_you_mean(option, rows[naming])
                raise ValueError(f"'{option}' has no row in {self.descriptors}; {hint}".rstrip("; "))
        return naming, [rows[naming][option] for option in options]

    def mistakes(self, name: str) -> list[Mistake]:
        if not self.smiles:
            return []
        path = f"space.{name}.smiles" if isinstance(self.smiles, dict) else f"space.{name}.options"
        try:
            return mistakes_in(path, self._smiles, "the SMILES") or self._same_molecule(path)
        except InputError as error:
            return [Mistake(path, error.message, error.hint)]

    def _same_molecule(self, path: str) -> list[Mistake]:
        seen: dict[str, Value] = {}
        for option, smiles in zip(self.options, self._smiles, strict=True):
            first = seen.setdefault(canonical(smiles), option)
            if first != option:
                return [Mistake(path, f"'{first}' and '{option}' are the same molecule")]
        return []

    @property
    def n_points(self) -> float:
        return len(self.options)

    @property
    def _smiles(self) -> list[str]:
        """The SMILES of each option."""
        return [self.smiles[str(o)] if isinstance(self.smiles, dict) else str(o) for o in self.options]

    def from_unit(self, name: str, u: np.ndarray) -> Columns:
        return self.at(name, np.minimum((u[:, 0] * len(self.options)).astype(int), len(self.options) - 1))

    def at(self, name: str, index: np.ndarray) -> Columns:
        column = np.empty(len(self.options), dtype=object)
        column[:] = self.options
        return {name: column[index]}

    @cached_property
    def _encodings(self) -> list[tuple[str, Encoding, np.ndarray]]:
        """What a model sees of an option: label, encoding, and the cell of each option that is encoded."""
        if not self.is_read:
            raise ValueError(f"the descriptors '{self.descriptors}' have not been read")
        given = self.descriptors if isinstance(self.descriptors, dict) else {}
        columns = {name: np.array(values, float) for name, values in given.items()}
        scaled = [(name, spread_of(column), column) for name, column in columns.items()]
        found: list[tuple[str, Encoding, np.ndarray]] = [(n, scale, c) for n, scale, c in scaled if scale is not None]
        if self.smiles:
            cells = _objects(self._smiles)
            found.append(("", Molecules(tuple(dict.fromkeys(self._smiles))), cells))
        return found or [("", OneHot(self.options), _objects(self.options))]

    @cached_property
    def _rows(self) -> np.ndarray:
        """What a model sees of each option, and zeros for whatever is none of them: shape (n + 1, k)."""
        rows = side_by_side([encoding.encode(cells) for _, encoding, cells in self._encodings], len(self.options))
        return np.vstack([rows, np.zeros(rows.shape[1])])

    @cached_property
    def _codes(self) -> dict[Any, int]:
        return {option: i for i, option in enumerate(self.options)}

    def encode(self, name: str, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        return self._rows[codes_of(np.asarray(columns[name], object), self._codes)]

    def features(self, name: str) -> tuple[str, ...]:
        parts = [encoding.features(f"{name} {label}".rstrip()) for label, encoding, _ in self._encodings]
        return tuple(feature for part in parts for feature in part)

    def blocks(self, name: str) -> tuple[Block, ...]:
        return in_a_row(*(encoding.blocks() for _, encoding, _ in self._encodings))

    def problem(self, name: str, values: Mapping[str, Any]) -> str | None:
        if self._option(values[name]) is not None:
            return None
        return f"{name} = {values[name]!r:.60} is none of " + ", ".join(map(str, self.options))

    def _option(self, value: Any) -> Value | None:
        value = plain(value)
        for option in self.options:
            if option == value and isinstance(option, bool) == isinstance(value, bool):
                return option
        return next((option for option in self.options if str(option) == str(value)), None)

    def coerce(self, name: str, values: Mapping[str, Any]) -> dict[str, Value]:
        option = self._option(values[name])
        if option is None:
            raise ValueError(self.problem(name, values))
        return {name: option}


def _objects(cells: Iterable[Any]) -> np.ndarray:
    listed = list(cells)
    column = np.empty(len(listed), dtype=object)
    column[:] = listed
    return column


def _require_same_names(given: Mapping[str, str], options: Sequence[str]) -> None:
    for name in given:
        if name not in options:
            raise ValueError(f"smiles names '{name}', which is no option; {did_you_mean(name, options)}".rstrip("; "))
    for option in options:
        if option not in given:
            raise ValueError(f"smiles has no entry for '{option}'")
