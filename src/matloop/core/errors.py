"""Every error that matloop raises on purpose.

MatloopError                 message, and a hint that tells what to do next
├── InputError               what the user wrote is wrong (exit code 2)
│   ├── SpecError            a campaign file: all its mistakes, each with its path
│   ├── ExpressionError      a constraint that cannot be read
│   ├── UnitError            an unknown unit, or one of another dimension
│   ├── TableError           a CSV, Parquet or JSON file that cannot be used
│   └── QueryRefused         a source of data does not take the query
├── LabError                 a lab that cannot be reached or set up
├── PlannerError             no point can be proposed
├── SourceError              a source of data gives nothing more
│   ├── HostUnreachable      its host does not answer
│   └── BadAnswer            its answer cannot be read: cut off, not JSON, a fault of the server
├── MissingExtra             an optional package is not installed
└── StoreError               the journal cannot be used
    ├── SequenceConflict     someone else has appended meanwhile
    ├── StoreLocked          another engine works on this store
    └── NewerStore           written by a newer version of matloop
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple


class MatloopError(Exception):
    """Something went wrong that the user can understand; `hint` says what to do next."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message.encode("utf-8", "replace").decode("utf-8")  # half a character cannot be printed
        self.hint = hint
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}\nHint: {self.hint}" if self.hint else self.message

    def __reduce__(self) -> Any:
        """So that it comes whole out of another process, whatever its `__init__` takes."""
        return _rebuilt, (type(self), self.args, self.__dict__)


def _rebuilt(kind: type[MatloopError], args: tuple[Any, ...], facts: dict[str, Any]) -> MatloopError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(facts)
    return error


class InputError(MatloopError):
    """What the user wrote is wrong."""

    exit_code = 2


class Mistake(NamedTuple):
    """One thing wrong in a file: where it stands, what it is, and what was probably meant."""

    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class SpecError(InputError):
    """All the mistakes of one campaign definition."""

    def __init__(self, mistakes: Sequence[Mistake], source: str = "the campaign") -> None:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        super().__init__(f"{source} has {count}:\n{lines}")
        self.mistakes = list(mistakes)
        self.source = source


class ExpressionError(InputError):
    """A constraint that cannot be read."""


class UnitError(InputError):
    """An unknown unit, or one of another dimension."""


class TableError(InputError):
    """A table that cannot be used."""


class LabError(MatloopError):
    """A lab that cannot be reached or set up."""


class PlannerError(MatloopError):
    """No point can be proposed."""


class QueryRefused(InputError):
    """A source of data does not take the query; the message is what it says, `status` its HTTP status."""

    status = 400


class SourceError(MatloopError):
    """A source of data gives nothing more; what came before is kept."""


class HostUnreachable(SourceError):
    """A host does not answer."""


class BadAnswer(SourceError):
    """An answer that cannot be read, however often it was asked for.

    `body` is what came of it, `records` what is whole in that.
    """

    body: bytes = b""
    records: Sequence[Any] = ()


class MissingExtra(MatloopError):
    """An optional package is not installed; the hint is the line that installs it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed", f'pip install "matloop[{extra}]"')


class StoreError(MatloopError):
    """The journal cannot be used."""


class SequenceConflict(StoreError):
    """Someone else has appended since the journal was read: read again, then decide again."""


class StoreLocked(StoreError):
    """Another engine works on this store."""


class NewerStore(StoreError):
    """The store was written by a newer version of matloop."""


#: A part of a name tells which one is meant if it has so many letters.
_TELLING = 3


def did_you_mean(word: object, choices: Iterable[object]) -> str:
    """The nearest of the choices as a hint, or a longer one, or the list of them; nothing where there is none."""
    names = list(dict.fromkeys(str(choice) for choice in choices))
    by_fold = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(str(word).casefold(), list(by_fold), n=1, cutoff=0.6)
    if near:
        return f"did you mean '{by_fold[near[0]]}'?"
    longer = [name for name in names if len(str(word)) >= _TELLING and str(word).casefold() in name.casefold()]
    if longer:
        return f"did you mean '{min(longer, key=len)}'?"
    return "one of: " + ", ".join(names) if 0 < len(names) <= 20 else ""
