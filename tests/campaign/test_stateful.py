"""A campaign under everything that can befall it, in any order, beside a model of what must then be known."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from engine_bench import SPACE, QuickLab, as_told
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from matloop.campaign import engine as module
from matloop.campaign.campaign import Campaign
from matloop.campaign.engine import Engine
from matloop.campaign.intake import result_events
from matloop.campaign.journal import Journal
from matloop.campaign.record import record_values, resolve
from matloop.campaign.stop import StopSwitch
from matloop.core.errors import InputError
from matloop.core.event import AnyEvent, Failed, NotBegun, Observed, Planned, Resolved, Submitted
from matloop.core.objective import Maximize
from matloop.core.state import fold
from matloop.core.trial import Answer, NotStarted, Outcome, Running, Status, Trial, Unknown
from matloop.store.sql import SqlStore

BUDGET = 12
VALUES = st.sampled_from([1.0, 2.0, 3.0])


class Dead(BaseException):
    """The process dies here."""


class Quiet(StopSwitch):
    """Ends an engine as soon as it has nothing to do, as a kill would."""

    def wait(self, seconds: float) -> None:
        raise Dead


class MortalStore(SqlStore):
    """A store whose process may die just before or just after a commit."""

    dies_in: int | None = None
    after = False

    def append(self, campaign: str, events: Any, expected_sequence: int) -> list[AnyEvent]:
        if self.dies_in is not None:
            self.dies_in -= 1
        if self.dies_in == 0 and not self.after:
            raise Dead
        kept = super().append(campaign, events, expected_sequence)
        if self.dies_in == 0:
            raise Dead
        return kept


class Bench(QuickLab):
    """A lab that outlives every engine. What it really did is in `effects`."""

    def __init__(self, effect: str) -> None:
        super().__init__(capacity=2, effect=effect)
        self.effects: list[tuple[str, int]] = []
        self.dies: str | None = None

    def submit(self, trial: Trial) -> None:
        if self.dies == "before":
            raise Dead
        self.effects.append((trial.id, trial.attempt))
        super().submit(trial)
        if self.dies == "after":
            raise Dead

    def answer(self, trial: Trial) -> Answer:
        return Running()

    def poll(self, trial_id: str) -> Answer:
        return self.answers.get(trial_id, NotStarted("it never came here"))


@dataclass
class Known:
    """What must be known of a trial: the result that counts, and those that contradict it."""

    outcome: Outcome | None = None
    conflicts: list[Outcome] = field(default_factory=list)

    def take(self, outcome: Outcome) -> bool:
        """Take a result; returns whether it is a new one."""
        if self.outcome is None or (self.outcome.is_fault and outcome != self.outcome):
            if outcome in self.conflicts:
                return False
            self.outcome = outcome
        elif outcome == self.outcome or outcome in self.conflicts:
            return False
        else:
            self.conflicts.append(outcome)
        return True


class CampaignMachine(RuleBasedStateMachine):
    """Rules are what labs, people and power supplies do; invariants are the promises."""

    effect = "irreversible"

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.lab = Bench(self.effect)
        self.known: dict[str, Known] = {}
        self.order: list[str] = []
        self.read_before: list[AnyEvent] = []
        self._campaign().begin()
        self._open()

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def _campaign(self) -> Campaign:
        return Campaign(
            SPACE,
            [Maximize("y")],
            planner={"kind": "random", "batch": 2},
            store=self.folder / "m.db",
            budget=BUDGET,
            pause_after=(8, 8),
        )

    def _open(self) -> None:
        """All objects anew, from the disk."""
        if hasattr(self, "store"):
            self.store.close()
        self.spec = self._campaign().spec
        self.store = MortalStore(self.folder / "m.db")
        self.journal = Journal(self.store, "campaign")

    def _trials(self, *statuses: Status) -> list[str]:
        return [trial.id for trial in self.journal.state.of_status(*statuses)]

    # -- engines --------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """An engine works until it has nothing to do, or dies; what it was told is in the model afterwards."""
        answers = {trial: answer for trial, answer in self.lab.answers.items() if isinstance(answer, Outcome)}
        asked = [t for t in self._trials(Status.RUNNING, Status.UNKNOWN) if t in answers]
        before = self.journal.state.sequence
        with suppress(Dead):
            Engine(self.spec, self.lab, self.journal, Quiet()).run({})
        self._open()
        for event in self.store.read("campaign", after=before):
            if isinstance(event, Observed | Failed):
                assert event.trial in asked
                assert event.outcome == answers[event.trial]
                self._model_takes(event.trial, event.outcome)

    @rule()
    def run(self) -> None:
        """An engine runs until all it can do is wait, and is killed."""
        self._work()
        unread = [t for t in self._trials(Status.RUNNING) if isinstance(self.lab.answers.get(t), Outcome)]
        assert not unread

    @rule(dies_in=st.integers(1, 4), after=st.booleans())
    def run_and_die_at_a_commit(self, dies_in: int, after: bool) -> None:
        self.store.dies_in, self.store.after = dies_in, after
        self._work()

    @rule(when=st.sampled_from(["before", "after"]))
    def run_and_die_while_sending(self, when: str) -> None:
        self.lab.dies = when
        self._work()
        self.lab.dies = None

    @rule()
    def reopen(self) -> None:
        """Whatever was in memory is gone."""
        self._open()

    # -- the lab --------------------------------------------------------------------------------------------------

    @precondition(lambda self: self._at_work)
    @rule(data=st.data(), value=VALUES)
    def finishes(self, data: st.DataObject, value: float) -> None:
        """One of its trials comes to an end, in any order."""
        self.lab.answers[data.draw(st.sampled_from(self._at_work))] = Outcome(values={"y": value})

    @precondition(lambda self: self._at_work)
    @rule(data=st.data(), is_fault=st.booleans())
    def fails(self, data: st.DataObject, is_fault: bool) -> None:
        outcome = Outcome(failed="dropped" if is_fault else "cracked", is_fault=is_fault)
        self.lab.answers[data.draw(st.sampled_from(self._at_work))] = outcome

    @precondition(lambda self: self._at_work)
    @rule(data=st.data())
    def forgets(self, data: st.DataObject) -> None:
        """It cannot tell any more what became of one."""
        self.lab.answers[data.draw(st.sampled_from(self._at_work))] = Unknown("the memory card broke")

    @property
    def _at_work(self) -> list[str]:
        return [trial for trial, answer in self.lab.answers.items() if isinstance(answer, Running)]

    # -- results that come by other ways ------------------------------------------------------------------------

    @precondition(lambda self: self.journal.state.trials)
    @rule(data=st.data(), value=VALUES)
    def a_result_comes(self, data: st.DataObject, value: float) -> None:
        """Late, twice or with other content: for any trial whatever, by whatever way."""
        trial = data.draw(st.sampled_from(list(self.journal.state.trials)))
        outcome = Outcome(values={"y": value})
        events = self.journal.commit(lambda state: result_events(state, trial, outcome))
        assert len(events) == self._model_takes(trial, outcome)

    @precondition(lambda self: self.journal.state.trials)
    @rule(data=st.data(), value=VALUES)
    def a_person_records(self, data: st.DataObject, value: float) -> None:
        trial = data.draw(st.sampled_from(list(self.journal.state.trials)))
        told = record_values(self.spec, self.journal, {trial: {"y": value}})
        is_new = self._model_takes(trial, Outcome(values={"y": value}))
        assert bool(told.duplicates) == (not is_new)
        assert bool(told.conflicts) == (is_new and len(self.known[trial].conflicts) > 0 and not told.accepted)
        assert told.problems == []

    # -- people who say what became of it -----------------------------------------------------------------------

    @precondition(lambda self: self._trials(Status.UNKNOWN, Status.RUNNING, Status.DONE, Status.FAILED))
    @rule(data=st.data(), verdict=st.sampled_from(["happened", "did_not_happen", "discarded"]), value=VALUES)
    def a_person_resolves(self, data: st.DataObject, verdict: str, value: float) -> None:
        which = self._trials(Status.UNKNOWN, Status.RUNNING, Status.DONE, Status.FAILED)
        trial = data.draw(st.sampled_from(which))
        happened = {"y": value} if verdict == "happened" else None
        before = len(self.store.read("campaign"))
        try:
            resolve(self.spec, self.journal, trial, happened, verdict == "discarded", why="I looked")
        except InputError:  # it contradicts what is known: refused, and nothing is written
            assert len(self.store.read("campaign")) == before
            return
        known = self.known.setdefault(trial, Known())
        known.conflicts.clear()
        if verdict == "happened":
            known.outcome = Outcome(values={"y": value})
            self._accepted(trial)
        elif verdict == "did_not_happen":
            known.outcome = None
            self.order = [other for other in self.order if other != trial]
            self.lab.answers[trial] = NotStarted("a person made sure of it")

    # -- the model ------------------------------------------------------------------------------------------------

    def _model_takes(self, trial: str, outcome: Outcome) -> bool:
        known = self.known.setdefault(trial, Known())
        if self.journal.state.trials[trial].status is Status.DISCARDED:
            return self._contradicts(known, outcome)
        before = known.outcome
        is_new = known.take(outcome)
        if known.outcome is not before:
            self._accepted(trial)
        return is_new

    def _contradicts(self, known: Known, outcome: Outcome) -> bool:
        """A discarded trial takes nothing any more, but keeps what contradicts that."""
        if outcome in known.conflicts or outcome == known.outcome:
            return False
        known.conflicts.append(outcome)
        return True

    def _accepted(self, trial: str) -> None:
        self.order = [*(other for other in self.order if other != trial), trial]

    # -- the promises ---------------------------------------------------------------------------------------------

    @invariant()
    def the_state_is_what_the_journal_tells(self) -> None:
        events = self.store.read("campaign")
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert as_told(fold(events)) == as_told(self.journal.state)

    @invariant()
    def nothing_is_deleted(self) -> None:
        events = self.store.read("campaign")
        assert events[: len(self.read_before)] == self.read_before
        self.read_before = events

    @invariant()
    def results_are_those_of_the_model(self) -> None:
        """What was accepted stays, but for a person's word and a fault that turns out a result; conflicts are kept."""
        for trial in self.journal.state.trials.values():
            known = self.known.get(trial.id, Known())
            assert (None if trial.is_open else trial.outcome) == known.outcome
            assert [outcome for _, outcome in trial.conflicts] == known.conflicts

    @invariant()
    def observations_are_in_the_order_of_acceptance(self) -> None:
        trials = self.journal.state.trials
        learned = [t for t in self.order if trials[t].status is not Status.DISCARDED and not _fault(trials[t].outcome)]
        assert [observation.trial for observation in self.journal.state.observations] == learned

    @invariant()
    def nothing_is_sent_twice_by_itself(self) -> None:
        """Between two intents of a trial stands the certainty that the first never began, or a person's word."""
        may: dict[str, bool] = {}
        for event in self.store.read("campaign"):
            if isinstance(event, Planned):
                may[event.trial] = True
            elif isinstance(event, Submitted):
                assert may[event.trial]
                may[event.trial] = False
            elif isinstance(event, NotBegun) or (isinstance(event, Resolved) and event.verdict == "did_not_happen"):
                may[event.trial] = True

    @invariant()
    def no_effect_is_doubled(self) -> None:
        """An irreversible trial has one effect for each time that a person said it did not happen, and one more."""
        events = self.store.read("campaign")
        asked_for = Counter(e.trial for e in events if isinstance(e, Resolved) and e.verdict == "did_not_happen")
        intents = {(e.trial, e.attempt) for e in events if isinstance(e, Submitted)}
        assert set(self.lab.effects) <= intents
        assert len(set(self.lab.effects)) == len(self.lab.effects)
        if self.effect == "irreversible":
            for trial, n in Counter(trial for trial, _ in self.lab.effects).items():
                assert n <= 1 + asked_for[trial]

    @invariant()
    def the_budget_is_kept(self) -> None:
        assert len(self.journal.state.trials) <= BUDGET
        assert len(self.journal.state.of_status(Status.RUNNING)) <= self.lab.capacity


def _fault(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.is_fault


class RepeatableMachine(CampaignMachine):
    """The same with a lab whose trials may be repeated."""

    effect = "repeatable"


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ASK_AGAIN", 0.0)


_SETTINGS = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
TestIrreversible = CampaignMachine.TestCase
TestIrreversible.settings = _SETTINGS
TestRepeatable = RepeatableMachine.TestCase
TestRepeatable.settings = _SETTINGS
