"""What a person brings back: a filled-in table, values for a trial, or word of what became of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matloop.campaign.cells import decimal_mark
from matloop.campaign.headers import Column, Headers
from matloop.campaign.journal import Journal
from matloop.campaign.person import is_person
from matloop.campaign.reading import Pairs, Reading, numeric_texts, read_row
from matloop.campaign.sheet import read_sheet
from matloop.campaign.taking import Recorded, Taker, find_trial
from matloop.core.errors import InputError, StoreLocked
from matloop.core.event import AnyEvent, Resolved
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState, TrialState
from matloop.core.trial import Status

__all__ = ["Recorded", "record_table", "record_values", "resolve"]


def record_table(spec: CampaignSpec, journal: Journal, path: Path, by: str = "person") -> Recorded:
    """Take the results in a table (CSV, TSV, Parquet, JSON Lines) row by row; each good row is committed at once.

    A row names its trial by id or number; one that names none, but gives every variable, enters a new trial. Raises
    TableError where the table as a whole is of no use.
    """
    sheet = read_sheet(path)
    columns = Headers(spec).match(sheet.header, path.name)
    rows = [(row, _pairs(columns, row.cells)) for row in sheet.rows]
    decimal = decimal_mark((text for _, pairs in rows for text in numeric_texts(pairs)), sheet.decimal)
    taker = Taker(spec, journal, by)
    taker.recorded.ignored = [name for name, column in zip(sheet.header, columns, strict=True) if name and not column]
    taker.recorded.remarks = _remarks(columns, decimal)
    for row, pairs in rows:
        with taker.row(f"{path.name}:{row.line}"):
            if row.problem:
                raise InputError(row.problem)
            taker.take_row(read_row(pairs, decimal, path.parent))
    return taker.recorded


def record_values(
    spec: CampaignSpec, journal: Journal, results: Mapping[str, Mapping[str, Any]], by: str = "person"
) -> Recorded:
    """Take results given as trial -> {name: value}; a value is a number, or text such as "31.2 kJ".

    Beside objectives the names may be variables (achieved settings), "toughness std", "failed" and "note".
    """
    headers, taker = Headers(spec), Taker(spec, journal, by)
    for trial, values in results.items():
        with taker.row(f"trial {trial}"):
            found = find_trial(journal.state, trial)
            reading = _reading(headers, values)
            if reading.is_empty and not reading.note:
                reading.outcome(spec)  # raises: it says what is missing
            taker.take_result(found, reading)
    return taker.recorded


def resolve(
    spec: CampaignSpec,
    journal: Journal,
    trial: str | int,
    happened: Mapping[str, Any] | None = None,
    discard: bool = False,
    why: str = "",
) -> TrialState:
    """Write down what became of a trial: it happened with these values, it is discarded, or it did not happen.

    What is settled already is corrected only with a reason (`why`); the journal keeps what was recorded before.
    Raises InputError where there is nothing to resolve, and for a trial that an engine has in hand.
    """
    journal.refresh()
    found = find_trial(journal.state, trial)
    event, status = _resolution(spec, found, happened, discard, why), found.status

    def decide(state: CampaignState) -> list[AnyEvent]:
        if state.trials[found.id].status is not status:
            raise InputError(f"{found.id} has become {found.status} meanwhile", "look at it again")
        _require_resolvable(state.trials[found.id], event)
        return [event]

    with _not_in_hand(spec, journal, found):
        journal.commit(decide)
    return journal.state.trials[found.id]


# -- tables and values ----------------------------------------------------------------------------------------


def _pairs(columns: Sequence[Column | None], cells: Sequence[str]) -> Pairs:
    return [(column, cell) for column, cell in zip(columns, cells, strict=False) if column is not None]


def _remarks(columns: Sequence[Column | None], decimal: str) -> list[str]:
    converted = [c for c in columns if c is not None and c.given and c.given != c.wanted]
    remarks = [f"{column.name}: converted from {column.given} to {column.wanted}" for column in converted]
    if decimal == ",":
        remarks.append("numbers are read with a decimal comma: 1,234 is a little more than one")
    if not decimal:
        remarks.append("numbers come with decimal commas and with decimal points: each is read by itself")
    return remarks


def _reading(headers: Headers, values: Mapping[str, Any]) -> Reading:
    """Raises InputError for a name that nobody knows, or that stands there twice."""
    pairs = [(headers.key(str(name)), value) for name, value in values.items()]
    counts = Counter((column.role, column.name) for column, _ in pairs)
    twice = [name for (_, name), count in counts.items() if count > 1]
    if twice:
        raise InputError(f"{twice[0]} is given twice")
    return read_row(pairs)


# -- resolving ------------------------------------------------------------------------------------------------


def _resolution(
    spec: CampaignSpec, trial: TrialState, happened: Mapping[str, Any] | None, discard: bool, why: str
) -> Resolved:
    if happened is not None and discard:
        raise InputError("a trial cannot have happened and be discarded too", "give its values, or discard it")
    if happened is not None:
        reading = _reading(Headers(spec), happened)
        if trial.outcome is not None:
            reading.complete_with(trial.outcome)
        outcome = reading.outcome(spec, trial.point)
        if trial.outcome is not None:
            outcome = outcome.model_copy(update={"files": trial.outcome.files})
        return Resolved(trial=trial.id, verdict="happened", outcome=outcome, why=why or reading.note, by="person")
    return Resolved(trial=trial.id, verdict="discarded" if discard else "did_not_happen", why=why, by="person")


def _require_resolvable(trial: TrialState, event: Resolved) -> None:
    """Raise InputError where the verdict says nothing new, or changes what is settled without a reason."""
    if trial.status is Status.PLANNED and event.verdict == "did_not_happen":
        raise InputError(f"{trial.id} has not been begun: there is nothing to resolve", "to drop it, discard it")
    if trial.status is Status.DONE and event.verdict == "did_not_happen":
        raise InputError(f"{trial.id} has a result, so it happened", "if the result is worthless, discard it")
    if trial.status is Status.DISCARDED and event.verdict == "discarded" and not trial.conflicts:
        raise InputError(f"{trial.id} is discarded already")
    if not trial.is_open and not trial.conflicts and not event.why.strip():
        raise InputError(f"{trial.id} is {trial.status} already", "to correct that, say why")


@contextmanager
def _not_in_hand(spec: CampaignSpec, journal: Journal, trial: TrialState) -> Iterator[None]:
    """Keep engines away from a trial under way; raise InputError where one has it in hand."""
    if trial.status is not Status.RUNNING or trial.conflicts or is_person(spec):
        yield
        return
    try:
        with journal.store.engine_lock(spec.campaign.name):
            yield
    except StoreLocked as locked:
        raise InputError(f"{trial.id} is under way: {locked.message}", "wait for it, or stop the engine") from locked
