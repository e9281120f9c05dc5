"""One row of a person's table, understood: which trial, what was measured, where, or why there is nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matloop.campaign import cells
from matloop.campaign.headers import Column
from matloop.core.curve import Curve
from matloop.core.errors import InputError
from matloop.core.parameter import Value
from matloop.core.spec import CampaignSpec
from matloop.core.trial import Outcome
from matloop.labs.quantity import clean

#: A setting in a table that differs from the plan by no more than this share of it was only rounded.
ROUNDED = 1e-6

Pairs = Sequence[tuple[Column, Any]]


@dataclass
class Reading:
    """What a row says, in the units of the definition; `problems` has a text for each cell that is not clear."""

    trial: str = ""
    number: str = ""
    values: dict[str, float] = field(default_factory=dict)
    std: dict[str, float] = field(default_factory=dict)
    #: Those measured; the value of each is its distance to the target.
    curves: dict[str, Curve] = field(default_factory=dict)
    #: The variables for which the row gives a value.
    settings: dict[str, Value] = field(default_factory=dict)
    failed: str | None = None
    note: str = ""
    is_empty: bool = True
    problems: list[str] = field(default_factory=list)

    def complete_with(self, before: Outcome) -> None:
        """A correction changes what it names; all else stays as it was recorded before."""
        if self.failed is not None or before.failed is not None:
            return
        self.std = {name: std for name, std in before.std.items() if name not in self.values} | self.std
        self.values = dict(before.values) | self.values
        self.curves = dict(before.curves) | self.curves
        self.settings = dict(before.achieved) | self.settings

    def outcome(self, spec: CampaignSpec, planned: Mapping[str, Value] | None = None, source: str = "") -> Outcome:
        """What came back of a trial at the planned point; settings that differ from it are those achieved.

        Raises InputError that names every problem: unclear cells, missing values, values beside a failure.
        """
        missing = [wish.name for wish in spec.objectives if wish.name not in self.values]
        problems = list(self.problems)
        if not problems and missing and self.failed is None:
            problems = [f"no value for {', '.join(missing)}; if the trial failed, write 'failed: why' instead"]
        if not problems and not missing and self.failed is not None:
            problems = [f"has every value and yet failed ('{self.failed[:60]}'): leave one of them away"]
        problems += [f"a standard deviation of {name}, but no value" for name in self.std if name not in self.values]
        if problems:
            raise InputError("; ".join(problems))
        achieved = {k: v for k, v in self.settings.items() if planned is not None and not _is_same(v, planned[k])}
        failed = None if self.failed is None else clean(self.failed)
        measured = {"values": self.values, "std": self.std, "curves": self.curves}
        return Outcome(**measured, achieved=achieved, failed=failed, source=source)


def read_row(pairs: Pairs, decimal: str = ".", folder: Path | None = None) -> Reading:
    """What the cells of a row say, each given with the meaning of its column; files of curves count from `folder`."""
    reading = Reading()
    given: dict[str, str | None] = {}
    for column, cell in pairs:
        if _says_nothing(column, cell):
            continue
        reading.is_empty &= column.role not in ("objective", "std")
        try:
            if column.match is not None and cells.failure(cell) is None:
                reading.curves[column.name], distance = cells.curve(cell, column.match, column.given, folder)
                reading.values[column.name] = distance
            else:
                _take(reading, given, column, cell, decimal)
        except InputError as error:
            hint = f" ({error.hint})" if error.hint else ""
            reading.problems.append(f"{column.name}: {error.message}{hint}")
    _take_spreads(reading, given, pairs, decimal)
    return reading


def numeric_texts(pairs: Iterable[tuple[Column, Any]]) -> list[str]:
    """The cells that hold numbers, to learn how decimals are written."""
    return [cell for column, cell in pairs if column.is_number and isinstance(cell, str) and not cells.is_missing(cell)]


def _says_nothing(column: Column, cell: Any) -> bool:
    if column.options is not None and str(cell).strip() in column.options:
        return False
    return cells.is_missing(cell)


def _take(reading: Reading, given: dict[str, str | None], column: Column, cell: Any, decimal: str) -> None:
    match column.role:
        case "trial":
            reading.trial = str(cell).strip()
        case "number":
            reading.number = str(cell).strip()
        case "note":
            reading.note = clean(str(cell).strip())
        case "failed":
            reading.failed = cells.said_failure(cell) or reading.failed
            reading.is_empty &= reading.failed is None
        case "variable":
            reading.settings[column.name] = _setting(column, cell, decimal)
        case "objective":
            reading.failed = reading.failed or cells.failure(cell)
            if cells.failure(cell) is None:
                value, given[column.name] = cells.quantity(cell, column.given, column.wanted, decimal)
                reading.values[column.name] = value


def _take_spreads(reading: Reading, given: Mapping[str, str | None], pairs: Pairs, decimal: str) -> None:
    """A standard deviation that names no unit is in the one of the value beside it."""
    for column, cell in pairs:
        if column.role == "std" and not cells.is_missing(cell):
            unit = column.given or given.get(column.name)
            try:
                reading.std[column.name] = cells.spread(cell, unit, column.wanted, decimal)
            except InputError as error:
                reading.problems.append(f"{column.name} std: {error.message}")


def _setting(column: Column, cell: Any, decimal: str) -> Value:
    if column.options is not None:
        return cells.option(cell, column.options, decimal)
    value = cells.quantity(cell, column.given, column.wanted, decimal).value
    return int(value) if column.is_whole and value.is_integer() else value


def _is_same(a: Value, b: Value) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= ROUNDED * max(abs(a), abs(b))
    return a == b
