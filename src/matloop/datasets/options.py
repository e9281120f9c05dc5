"""What may be said about a file when it is read: each answers a question that is guessed otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from matloop.core.errors import InputError, UnitError, did_you_mean
from matloop.core.units import check_unit
from matloop.datasets.column import KINDS, ROLES, Kind, Role

Value = TypeVar("Value")


@dataclass(frozen=True)
class Options:
    """`targets`, `units`, `roles`, `kinds` and `drop` go by the names of columns, with or without their unit."""

    targets: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    sheet: str | None = None
    format: str | None = None
    name: str | None = None
    licence: str | None = None
    citation: str | None = None
    proprietary: str | None = None
    #: False where the targets stand in another file.
    guesses_targets: bool = True

    @staticmethod
    def of(said: Mapping[str, Value], name: str, header: str) -> Value | None:
        """What was said for a column, by its name or by its whole header."""
        return said.get(name, said.get(header))

    @staticmethod
    def given(**given: Any) -> Options:
        """Options as a person gives them: one target may be a plain text. Raises InputError."""
        known = [f.name for f in fields(Options)]
        for key in given:
            if key not in known:
                raise InputError(f"there is no option '{key}'", did_you_mean(key, known))
        for key in ("targets", "drop", "names"):
            if isinstance(given.get(key), str):
                given[key] = (given[key],)
            elif given.get(key) is not None:
                given[key] = tuple(given[key])
        options = Options(**{key: value for key, value in given.items() if value is not None})
        _require("role", options.roles, ROLES)
        _require("kind", options.kinds, KINDS)
        for name, unit in options.units.items():
            try:
                check_unit(unit)
            except UnitError as error:
                raise UnitError(f"--unit {name}={unit}: {error.message}", error.hint) from error
        return options

    @property
    def says_targets(self) -> bool:
        """Whether a person said what is to be predicted, so that nothing else is taken for a target."""
        return bool(self.targets) or "target" in self.roles.values()

    def only(self, names: Collection[str]) -> Options:
        """What is said of these columns, and of the file as a whole."""
        return replace(
            self,
            targets=tuple(name for name in self.targets if name in names),
            drop=tuple(name for name in self.drop if name in names),
            units={name: unit for name, unit in self.units.items() if name in names},
            roles={name: role for name, role in self.roles.items() if name in names},
            kinds={name: kind for name, kind in self.kinds.items() if name in names},
            guesses_targets=self.guesses_targets and not self.says_targets,
        )

    @property
    def named(self) -> list[str]:
        """Every column that an option speaks of."""
        return [*self.targets, *self.units, *self.roles, *self.kinds, *self.drop]


def _require(what: str, given: Mapping[str, str], known: Iterable[str]) -> None:
    for name, value in given.items():
        if value not in known:
            raise InputError(
                f"there is no {what} '{value[:40]}', which '{name}' should have", did_you_mean(value, known)
            )
