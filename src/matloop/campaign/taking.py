"""Takes the results that a person brings into the journal, one after the other, and keeps account of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from matloop.campaign.intake import result_events
from matloop.campaign.journal import Journal
from matloop.campaign.planning import ENTERED, trial_id
from matloop.campaign.reading import Reading
from matloop.core.errors import InputError, Mistake
from matloop.core.event import AnyEvent, Failed, Noted, Observed, Planned, Proposal
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState, TrialState
from matloop.core.trial import Outcome

_NUMBER = re.compile(r"([0-9]{1,9})(?:[.,]0+)?")


@dataclass
class Recorded:
    """What became of the results: the trials that took one, had it already or contradict it, and what was wrong."""

    accepted: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    problems: list[Mistake] = field(default_factory=list)
    #: Columns that mean nothing to the campaign.
    ignored: list[str] = field(default_factory=list)
    #: Rows without a result: still to be filled in.
    n_empty: int = 0
    #: How the table was understood, where it might have been otherwise.
    remarks: list[str] = field(default_factory=list)


class Taker:
    """Commits one reading after the other; what went wrong with one is noted and costs no other."""

    def __init__(self, spec: CampaignSpec, journal: Journal, by: str) -> None:
        self.spec, self.journal, self.by = spec, journal, by
        self.recorded = Recorded()
        self._entered: Counter[str] = Counter()
        journal.refresh()

    @contextmanager
    def row(self, place: str) -> Iterator[None]:
        """A mistake in here costs this row and no other one."""
        try:
            yield
        except InputError as error:
            self.recorded.problems.append(Mistake(place, error.message, error.hint))

    def take_row(self, reading: Reading) -> None:
        """Take what a row of a table says. Raises InputError for what is wrong with it."""
        self.recorded.n_empty += reading.is_empty
        if reading.trial or reading.number:
            if not reading.is_empty or reading.note:
                self.take_result(self._trial_of(reading), reading)
        elif not reading.is_empty:
            self._enter(reading)

    def take_result(self, trial: TrialState, reading: Reading) -> None:
        """Take the result of this trial, or only its note. Raises InputError for what is wrong with it."""
        outcome = None if reading.is_empty else reading.outcome(self.spec, trial.point)

        def decide(state: CampaignState) -> list[AnyEvent]:
            result = [] if outcome is None else result_events(state, trial.id, outcome, self.by)
            return [*result, *_new_note(state, trial.id, reading.note, self.by)]

        events = self.journal.commit(decide)
        if outcome is not None:
            self._count(trial.id, events)

    def _trial_of(self, reading: Reading) -> TrialState:
        trials = [find_trial(self.journal.state, name) for name in (reading.trial, reading.number) if name]
        if len({trial.id for trial in trials}) > 1:
            raise InputError(f"the number of {trials[0].id} is {trials[0].number}, not {reading.number[:20]}")
        return trials[0]

    def _enter(self, reading: Reading) -> None:
        """A trial that nobody planned: known again by what its row says and how often the table says it."""
        missing = [name for name in self.spec.space.variables if name not in reading.settings]
        if missing and not reading.problems:
            raise InputError("names no trial", f"to enter a new one, give {', '.join(missing)} too")
        outcome = reading.outcome(self.spec)
        point = self.spec.space.point(reading.settings)
        told: list[Any] = [point, outcome.values, outcome.std, outcome.failed]
        if curves := {name: [curve.x, curve.y] for name, curve in outcome.curves.items()}:
            told[1] = {name: value for name, value in outcome.values.items() if name not in curves}
            told.append(curves)
        said = json.dumps(told, sort_keys=True)
        self._entered[said] += 1
        source = f"{hashlib.sha256(said.encode()).hexdigest()[:32]}#{self._entered[said]}"
        outcome = outcome.model_copy(update={"source": source})

        def decide(state: CampaignState) -> list[AnyEvent]:
            if source in state.sources:
                return []
            number = state.next_number
            trial = trial_id(self.spec.campaign.name, state.key, number)
            proposal = Proposal(point=point, reason="entered by hand")
            planned = Planned(
                trial=trial, number=number, proposal=proposal, planner=ENTERED, batch_first=number, by=self.by
            )
            result = _result(trial, outcome, self.by)
            return [planned, result, *_new_note(state, trial, reading.note, self.by)]

        events = self.journal.commit(decide)
        self._count(_entered_as(self.journal.state, source), events)

    def _count(self, trial: str, events: Sequence[AnyEvent]) -> None:
        results = {event.sequence for event in events if isinstance(event, Observed | Failed)}
        if not results:
            self.recorded.duplicates.append(trial)
        elif results & {sequence for sequence, _ in self.journal.state.trials[trial].conflicts}:
            self.recorded.conflicts.append(trial)
        else:
            self.recorded.accepted.append(trial)


def find_trial(state: CampaignState, name: str | int) -> TrialState:
    """The trial with this id or number. Raises InputError with the nearest id."""
    text = str(name).strip()
    if text in state.trials:
        return state.trials[text]
    match = _NUMBER.fullmatch(text)
    number, folded = int(match[1]) if match else None, text.casefold()
    found = [trial for trial in state.trials.values() if trial.number == number or trial.id.casefold() == folded]
    if len(found) == 1:
        return found[0]
    # no nearest spelling: ids differ in a digit, and a result under a neighbour's name is worse than none
    hint = f"they are numbered 1 to {len(state.trials)}" if state.trials else "plan some with: matloop propose"
    raise InputError(f"there is no trial '{text[:60]}'", hint)


def _result(trial: str, outcome: Outcome, by: str) -> Observed | Failed:
    kind = Observed if outcome.failed is None else Failed
    return kind(trial=trial, outcome=outcome, by=by)


def _new_note(state: CampaignState, trial: str, text: str, by: str) -> list[Noted]:
    """A remark is written down once, however often its row comes."""
    if not text or any(note.trial == trial and note.text == text for note in state.notes):
        return []
    return [Noted(trial=trial, text=text, by=by)]


def _entered_as(state: CampaignState, source: str) -> str:
    """The trial that a row became; the row's own mark where a person has corrected it since."""
    found = (trial.id for trial in state.trials.values() if trial.outcome and trial.outcome.source == source)
    return next(found, source)
