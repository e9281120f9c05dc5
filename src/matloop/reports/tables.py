"""The tables of a report: the best designs, all trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matloop.core.state import TrialState
from matloop.core.trial import Status
from matloop.reports.columns import Column
from matloop.reports.wording import labelled, measured, number, setting


@dataclass(frozen=True)
class Cell:
    """One cell: its text, what stands small beside it, and whether it is aligned as a number."""

    text: str
    small: str = ""
    is_number: bool = True


@dataclass(frozen=True)
class Row:
    """One trial in a table."""

    number: int
    id: str
    cells: list[Cell]
    status: str
    note: str
    log: str
    planner: str


def trial_row(trial: TrialState, parameters: Sequence[Column], measurements: Sequence[Column]) -> Row:
    """The trial as one row: parameters, then measurements, in the order of the columns."""
    cells = [parameter_cell(trial, column) for column in parameters]
    cells += [measured_cell(trial, column) for column in measurements]
    log = trial.outcome.log[-600:] if trial.outcome is not None and trial.outcome.failed is not None else ""
    return Row(trial.number, trial.id, cells, status_of(trial), note_of(trial, parameters), log, trial.planner)


def parameter_cell(trial: TrialState, column: Column) -> Cell:
    """The planned value, and the achieved one where it differs."""
    planned = trial.point.get(column.name)
    achieved = trial.outcome.achieved.get(column.name, planned) if trial.outcome is not None else planned
    small = f"achieved {setting(achieved)}" if achieved != planned else ""
    return Cell("–" if planned is None else setting(planned), small, column.options is None)


def measured_cell(trial: TrialState, column: Column) -> Cell:
    """The accepted value with its standard deviation; a dash where there is none."""
    outcome = trial.outcome
    if outcome is None or column.name not in outcome.values:
        return Cell("–")
    return Cell(measured(outcome.values[column.name], outcome.std.get(column.name)))


def status_of(trial: TrialState) -> str:
    """The status in a word; a fault of the lab is told from a failure of the material."""
    is_fault = trial.status is Status.FAILED and trial.outcome is not None and trial.outcome.is_fault
    return "lab fault" if is_fault else str(trial.status)


def note_of(trial: TrialState, parameters: Sequence[Column]) -> str:
    """Why it failed, what was noted, what else was achieved, what contradicts it."""
    parts = [trial.note]
    if trial.outcome is not None:
        known = {column.name for column in parameters}
        parts.append(trial.outcome.failed or "")
        parts += [f"{k} = {number(v)}" for k, v in trial.outcome.achieved.items() if k not in known]
        parts += [f"file {name}" for name in trial.outcome.files]
    parts += [f"contradicted by {_values(other.values) or other.failed}" for _, other in trial.conflicts]
    if trial.attempts > 1:
        parts.append(f"{trial.attempts} attempts")
    return "; ".join(dict.fromkeys(part for part in parts if part))


def _values(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} = {number(value)}" for name, value in values.items())


def headings(columns: Sequence[Column]) -> list[tuple[str, bool]]:
    """(title with unit, whether it is a number) for each column."""
    return [(labelled(column.name, column.unit), column.options is None) for column in columns]
