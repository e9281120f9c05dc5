"""The engine against labs of every temper: nothing sent unwritten, nothing lost, nothing guessed, nothing twice."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from engine_bench import QuickLab, SlowLab, Steps, campaign_of, engine_of, events_of, kinds_of, measured
from hypothesis import given, settings
from hypothesis import strategies as st

from matloop.campaign import engine as module
from matloop.campaign.campaign import Campaign
from matloop.campaign.engine import MOST_ATTEMPTS
from matloop.campaign.journal import Journal
from matloop.campaign.record import record_values, resolve
from matloop.core.contracts import Lab
from matloop.core.errors import LabError, StoreError
from matloop.core.event import AnyEvent, Failed, Noted, Observed, Submitted
from matloop.core.objective import Maximize
from matloop.core.parameter import Integer, Real
from matloop.core.space import Space
from matloop.core.trial import Answer, NotStarted, Outcome, Running, Status, Trial, Unknown
from matloop.store.sql import SqlStore


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for a cancelled trial and asking again take no time here."""
    monkeypatch.setattr(module, "CANCEL_PATIENCE", 0.0)
    monkeypatch.setattr(module, "ASK_AGAIN", 0.0)


def statuses(engine: Any) -> list[str]:
    return [trial.status.value for trial in engine.state.trials.values()]


def test_any_object_with_the_methods_is_a_lab() -> None:
    """The contract is structural: the lab of these tests shares no class with those of the package."""
    assert isinstance(QuickLab(), Lab)


# -- how many, and in which order ---------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(budget=st.integers(1, 9), batch=st.integers(1, 5), capacity=st.integers(1, 5), quick=st.booleans())
def test_budget_and_capacity_are_exact(budget: int, batch: int, capacity: int, quick: bool) -> None:
    """Whatever batch and capacity: as many trials as the budget says, never more at once than the lab takes."""
    lab = QuickLab(capacity) if quick else SlowLab(capacity)
    engine = engine_of(lab, budget=budget, batch=batch)
    in_flight: list[int] = []
    engine.journal.listeners.append(lambda _: in_flight.append(len(engine.state.of_status(Status.RUNNING))))
    assert engine.run({}) == f"the budget of {budget} trials is used"
    assert len(engine.state.trials) == len(lab.sent) == len(engine.state.observations) == budget
    assert 1 <= max(in_flight) <= capacity
    assert engine.state.status == "finished"
    events_of(engine.journal)


def test_several_at_once_and_results_out_of_order() -> None:
    """The lab is kept full, and each result is attached to its own trial in whatever order it comes."""
    lab = SlowLab(capacity=3)
    engine = engine_of(lab, budget=7)
    engine.run({})
    assert lab.most_in_flight == 3
    assert list(engine.state.accepted) != list(engine.state.trials)
    assert [o.trial for o in engine.state.observations] == list(engine.state.accepted)
    for trial in engine.state.trials.values():
        assert trial.outcome == measured(trial.point)


def test_the_intent_is_on_the_disk_before_the_lab_hears_of_it(tmp_path: Path) -> None:
    """When the lab is told, another reader of the store already finds the intent, with its attempt and deadline."""
    seen: list[bool] = []

    class Suspicious(QuickLab):
        def submit(self, trial: Trial) -> None:
            events = SqlStore(tmp_path / "m.db").read("bench")
            mine = [e for e in events if isinstance(e, Submitted) and e.trial == trial.id]
            seen.append([(e.attempt, e.deadline) for e in mine] == [(trial.attempt, self.deadline)])
            super().submit(trial)

    engine_of(Suspicious(2), store=tmp_path / "m.db", budget=4, batch=3).run({})
    assert seen == [True] * 4


def test_a_lab_that_takes_fewer_than_before() -> None:
    """Where more are in flight than the lab now takes, nothing is sent until there is room."""
    campaign = campaign_of(budget=10, batch=10)
    first = engine_of(SlowLab(4, patience=10**9), campaign, Steps(lambda: 1 / 0))
    with pytest.raises(ZeroDivisionError):
        first.run({})
    in_flight: list[int] = []

    class Smaller(QuickLab):
        def answer(self, trial: Trial) -> Answer:
            in_flight.append(len(engine.state.of_status(Status.RUNNING)))
            return super().answer(trial)

    lab = Smaller(1)
    lab.answers = {trial.id: Running() for trial in first.lab.sent}  # type: ignore[attr-defined]

    def one_is_ready() -> None:
        running = next(trial for trial in lab.answers if isinstance(lab.answers[trial], Running))
        lab.answers[running] = measured(engine.state.trials[running].point)

    engine = engine_of(lab, campaign, Steps(one_is_ready))
    engine.run({})
    assert in_flight == [1] * 6


def test_a_space_without_more_points_ends_the_campaign() -> None:
    """A finite space that is tried in full ends the campaign before its budget."""
    campaign = Campaign(
        Space(n=Integer(1, 3)), [Maximize("y")], planner={"kind": "random"}, store=":memory:", budget=50
    )
    campaign.begin()

    class Counting(QuickLab):
        def answer(self, trial: Trial) -> Answer:
            return Outcome(values={"y": float(trial.point["n"])})

    engine = engine_of(Counting(2), campaign)
    assert engine.run({}) == "the space holds no untried point"
    assert sorted(o.values["y"] for o in engine.state.observations) == [1, 2, 3]


# -- faults of the lab --------------------------------------------------------------------------------------------


def test_one_bad_trial_stops_no_other() -> None:
    """A trial that fails, by the material or by the lab, costs itself only; the planner learns of the first kind."""

    class Moody(QuickLab):
        def answer(self, trial: Trial) -> Answer:
            return {
                2: Outcome(failed="cracked"),
                4: Outcome(failed="dropped", is_fault=True),
                5: Outcome(values={"y": 1.0}, files={"curve": "/no/such/file", "odd": "\0", "folder": "/"}),
            }.get(trial.number, measured(trial.point))

    engine = engine_of(Moody(2), budget=6)
    assert engine.run({}) == "the budget of 6 trials is used"
    assert statuses(engine) == ["done", "failed", "done", "failed", "done", "done"]
    assert len(engine.state.observations) == 5
    outcome = engine.state.trials[list(engine.state.trials)[4]].outcome
    assert outcome is not None
    assert outcome.files == {}
    assert [name for name in ("curve", "odd", "folder") if f"file {name} could not be kept" in outcome.log] == [
        "curve",
        "odd",
        "folder",
    ]


def test_files_of_a_result_are_kept_by_content(tmp_path: Path) -> None:
    """A file that a lab names is in the store before the result is, whatever becomes of the file later."""
    curve = tmp_path / "curve.csv"

    class Writing(QuickLab):
        def answer(self, trial: Trial) -> Answer:
            curve.write_text(f"curve {trial.number}")
            return Outcome(values={"y": 1.0}, files={"curve": str(curve)})

    engine = engine_of(Writing(), store=tmp_path / "m.db", budget=2)
    engine.run({})
    kept = [trial.outcome.files["curve"] for trial in engine.state.trials.values() if trial.outcome]
    assert [engine.journal.store.get(name) for name in kept] == [b"curve 1", b"curve 2"]


class Broken(QuickLab):
    """Fails by its own fault until it is mended."""

    is_mended = False

    def answer(self, trial: Trial) -> Answer:
        return measured(trial.point) if self.is_mended else Outcome(failed="no gas", is_fault=True)


def test_many_faults_pause_and_whoever_resumes_tries_again() -> None:
    """After k faults in n the campaign pauses and says why; a resumed one gives the lab as many chances again."""
    campaign, lab = campaign_of(budget=20, pause_after=(3, 5)), Broken()
    for n in (3, 6):
        reason = engine_of(lab, campaign).run({})
        assert reason == "3 of the last 3 trials failed in the lab, the latest with: no gas"
        assert (len(campaign.state.trials), campaign.state.status) == (n, "paused")
    lab.is_mended = True
    assert engine_of(lab, campaign).run({}) == "the budget of 20 trials is used"
    assert [trial.status for trial in campaign.state.trials.values()] == [Status.FAILED] * 6 + [Status.DONE] * 14


def test_rare_faults_do_not_pause() -> None:
    """Fewer than k faults in any n are the life of a lab."""

    class Rarely(QuickLab):
        def answer(self, trial: Trial) -> Answer:
            return Outcome(failed="dropped", is_fault=True) if trial.number % 3 == 0 else measured(trial.point)

    assert engine_of(Rarely(), budget=12, pause_after=(2, 3)).run({}) == "the budget of 12 trials is used"


def test_a_lab_error_on_sending_is_a_fault_of_the_lab() -> None:
    """LabError says that nothing was begun: the trial fails with that, and is not sent again by itself."""

    class Closed(QuickLab):
        def submit(self, trial: Trial) -> None:
            if trial.number == 1:
                raise LabError("the door is open")
            super().submit(trial)

    engine = engine_of(Closed(), budget=2)
    engine.run({})
    first = next(iter(engine.state.trials.values()))
    assert first.outcome is not None
    assert (first.outcome.failed, first.outcome.is_fault) == ("it could not be sent: the door is open", True)
    assert statuses(engine) == ["failed", "done"]


def test_a_lab_that_takes_nothing_is_no_spendthrift() -> None:
    """A lab that refuses every trial pauses the campaign after k faults, whatever budget and capacity are left."""

    class Shut(QuickLab):
        def submit(self, trial: Trial) -> None:
            raise LabError("the door is open")

    engine = engine_of(Shut(4), budget=50, batch=3, pause_after=(3, 5))
    assert engine.run({}).startswith("3 of the last 3 trials failed in the lab")
    assert len(engine.state.accepted) <= 6


def test_a_stop_is_heard_between_two_sends() -> None:
    """Of free places none is filled any more once the switch is set."""

    class Slow(QuickLab):
        def submit(self, trial: Trial) -> None:
            engine.stop.set()
            super().submit(trial)

    engine = engine_of(lab := Slow(8), budget=8)
    engine.run({})
    assert len(lab.sent) == 1


@pytest.mark.parametrize("effect", ["irreversible", "repeatable", "none"])
def test_any_other_error_on_sending_leaves_it_unknown(effect: str) -> None:
    """Nobody knows how far a send came that ended in an exception: repeated if that does no harm, else asked."""

    class Torn(QuickLab):
        def submit(self, trial: Trial) -> None:
            self.sent.append(trial)
            if trial.number == 1:
                raise ConnectionResetError("the line broke")
            self.answers[trial.id] = measured(trial.point)

    engine = engine_of(lab := Torn(effect=effect), budget=2)
    reason = engine.run({})
    assert reason == "the budget of 2 trials is used; the outcome of trial 1 is unknown"
    assert statuses(engine) == ["unknown", "done"]
    attempts = [trial.attempt for trial in lab.sent if trial.number == 1]
    assert attempts == ([1] if effect == "irreversible" else [1, 2, 3])


def test_a_lab_that_cannot_be_asked_is_asked_again() -> None:
    """An exception of poll is no outcome: the next answer counts."""

    class Flickering(QuickLab):
        n_polls = 0

        def poll(self, trial_id: str) -> Answer:
            self.n_polls += 1
            if self.n_polls % 3:
                raise OSError("no route to the lab")
            return super().poll(trial_id)

    engine = engine_of(Flickering(), budget=3)
    engine.run({})
    assert kinds_of(engine.journal) == ["planned", "submitted", "observed"] * 3 + ["finished"]


# -- silence ------------------------------------------------------------------------------------------------------


class Silent(QuickLab):
    """Never answers the first trial."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **{"deadline": 0.02, **settings})

    def answer(self, trial: Trial) -> Answer:
        return Running() if trial.number == 1 else measured(trial.point)


def test_silence_beyond_the_deadline_is_unknown() -> None:
    """An overdue trial is cancelled; without an answer it is unknown, the others go on, and a person is asked."""
    engine = engine_of(lab := Silent(), budget=3)
    assert engine.run({}) == "the budget of 3 trials is used; the outcome of trial 1 is unknown"
    assert statuses(engine) == ["unknown", "done", "done"]
    assert (len(lab.cancelled), len(lab.sent)) == (1, 3)
    assert engine.state.status == "paused"
    assert engine.state.of_status(Status.UNKNOWN)[0].note == "no answer within 0.02 s"


@pytest.mark.parametrize("effect", ["repeatable", "none"])
def test_silence_is_repeated_where_that_does_no_harm(effect: str) -> None:
    """A repeatable trial is sent again after silence, at most MOST_ATTEMPTS times; then a person is asked."""
    engine = engine_of(lab := Silent(effect=effect), budget=2)
    assert engine.run({}) == "the budget of 2 trials is used; the outcome of trial 1 is unknown"
    assert [trial.attempt for trial in lab.sent if trial.number == 1] == list(range(1, MOST_ATTEMPTS + 1))
    assert len(lab.cancelled) == MOST_ATTEMPTS


def test_a_cancelled_trial_is_listened_to_before_it_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the lab still ends a cancelled trial no second attempt begins; what it answers then is taken."""
    monkeypatch.setattr(module, "CANCEL_PATIENCE", 30.0)

    class Ending(Silent):
        n_polls = 0

        def poll(self, trial_id: str) -> Answer:
            self.n_polls += bool(self.cancelled)
            if self.n_polls == 5:
                self.answers[trial_id] = Outcome(failed="it was cancelled", is_fault=True)
            return super().poll(trial_id)

    engine = engine_of(lab := Ending(effect="repeatable"), budget=2)
    engine.run({})
    assert statuses(engine) == ["failed", "done"]
    assert (len(lab.sent), len(lab.cancelled)) == (2, 1)


def test_a_lab_that_cannot_cancel() -> None:
    """A cancel that raises is told in the note of the unknown trial."""

    class Deaf(Silent):
        def cancel(self, trial_id: str) -> None:
            raise OSError("no route to the lab")

    engine = engine_of(Deaf(), budget=1)
    engine.run({})
    (trial,) = engine.state.trials.values()
    assert trial.note == "no answer within 0.02 s; it could not be cancelled: no route to the lab"


def test_the_late_result_of_an_unknown_trial_is_taken() -> None:
    """Unknown is not failed: the lab is asked again, and its late answer counts like one in time."""

    class Waking(Silent):
        def submit(self, trial: Trial) -> None:
            super().submit(trial)
            if trial.number == 3:
                self.answers[self.sent[0].id] = measured(self.sent[0].point)

    engine = engine_of(lab := Waking(), budget=4)
    assert engine.run({}) == "the budget of 4 trials is used"
    assert statuses(engine) == ["done"] * 4
    assert kinds_of(engine.journal).count("unknown") == 1
    assert list(engine.state.accepted).index(lab.sent[0].id) == 1


def test_unknown_trials_are_asked_about_once_more_before_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a campaign pauses for an unknown trial, its lab is asked, however recently it was."""
    monkeypatch.setattr(module, "ASK_AGAIN", 1e9)

    class Remembering(QuickLab):
        def poll(self, trial_id: str) -> Answer:
            found = super().poll(trial_id)
            self.answers.setdefault(trial_id, measured({"x": 0.0, "z": 0.0}))
            return found

    campaign = campaign_of(budget=1)
    stopped = engine_of(SlowLab(1, patience=10**9), campaign, Steps(lambda: 1 / 0))
    with pytest.raises(ZeroDivisionError):
        stopped.run({})
    assert engine_of(Remembering(), campaign).run({}) == "the budget of 1 trials is used"


# -- trials that never began --------------------------------------------------------------------------------------


def test_a_trial_that_never_began_is_sent_again_with_the_next_attempt() -> None:
    """NotStarted is certain: also an irreversible trial is sent again, as another attempt."""

    class Dropping(QuickLab):
        def answer(self, trial: Trial) -> Answer:
            return NotStarted("the tray was full") if trial.attempt == 1 else measured(trial.point)

    engine = engine_of(lab := Dropping(), budget=2)
    engine.run({})
    assert [(trial.number, trial.attempt) for trial in lab.sent] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert kinds_of(engine.journal)[:5] == ["planned", "submitted", "not_begun", "submitted", "observed"]


def test_a_lab_that_never_begins_anything_is_a_fault() -> None:
    """A lab that refuses every attempt ends in faults and a pause, not in an endless journal."""

    class Refusing(QuickLab):
        def answer(self, trial: Trial) -> Answer:
            return NotStarted("the tray is full")

    engine = engine_of(lab := Refusing(), budget=9, pause_after=(2, 3))
    told = "3 attempts never began, the latest because: the tray is full"
    assert engine.run({}) == f"2 of the last 2 trials failed in the lab, the latest with: {told}"
    assert [trial.attempt for trial in lab.sent] == [1, 2, 3] * 2


# -- stopping, clocks, limits -------------------------------------------------------------------------------------


def test_stopping_finishes_what_is_in_flight_and_plans_nothing_more() -> None:
    """A stop is a pause after the last answer; resumed, the campaign is completed with what was planned."""
    campaign, lab = campaign_of(budget=8, batch=4), SlowLab(2)
    engine = engine_of(lab, campaign)
    engine.journal.listeners.append(lambda event: engine.stop.set() if isinstance(event, Observed) else None)
    assert engine.run({}) == "stopped on request"
    assert statuses(engine) == ["done", "done", "planned", "planned"]
    assert engine.state.status == "paused"
    assert engine_of(lab, campaign).run({}) == "the budget of 8 trials is used"
    assert len(lab.sent) == 8


def test_a_stop_before_the_first_turn_sends_nothing() -> None:
    """Stopped at once is stopped."""
    engine = engine_of(lab := QuickLab(), budget=3)
    engine.stop.set()
    assert engine.run({}) == "stopped on request"
    assert lab.sent == []


def test_clock_jumps_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wall clock that jumps years to and fro gives the same journal but for the times written for people."""

    def story(jumps: bool) -> list[dict[str, Any]]:
        with monkeypatch.context() as patch:
            if jumps:
                years = iter(range(10**6))
                now = module.time.time

                class Jumping:
                    @staticmethod
                    def now(tz: Any = None) -> Any:
                        from datetime import datetime

                        return datetime(1970 + 37 * next(years) % 150, 1, 1, tzinfo=tz)

                patch.setattr("matloop.campaign.journal.datetime", Jumping)
                patch.setattr(time, "time", lambda: now() + 1e9 * (-1) ** next(years))
            engine = engine_of(SlowLab(2, deadline=5.0), budget=6, budget_hours=1.0, batch=2)
            engine.run({})
            events = [event.model_dump(exclude={"time", "elapsed"}) for event in events_of(engine.journal)]
        key = events[0].pop("key")
        return [{k: str(v).replace(key, "") for k, v in event.items() if k != "provenance"} for event in events]

    assert story(jumps=True) == story(jumps=False)


def test_time_that_nobody_worked_does_not_count() -> None:
    """Durations are those of engines at work: a night between two runs makes no trial overdue and uses no budget."""
    campaign = campaign_of(budget=2)
    with pytest.raises(ZeroDivisionError):
        engine_of(SlowLab(1, patience=10**9), campaign, Steps(lambda: 1 / 0)).run({})
    before = campaign.journal.elapsed
    time.sleep(0.05)
    assert campaign.journal.elapsed == before
    lab = SlowLab(1, patience=3, deadline=0.5)
    (running,) = campaign.state.of_status(Status.RUNNING)
    lab.answers[running.id] = Running()
    lab.in_flight.append(Trial(running.id, "bench", 1, 1, running.point))
    engine_of(lab, campaign).run({})
    assert kinds_of(campaign.journal, "planned", "submitted") == ["observed", "observed", "finished"]


def test_hours_of_work_are_a_budget() -> None:
    """With budget_hours no trial is planned after that time, and what is in flight is finished."""
    engine = engine_of(SlowLab(2), budget_hours=0.05 / 3600)
    assert engine.run({}) == "the budget of 1.38889e-05 hours is used"
    assert set(statuses(engine)) == {"done"}


def test_limits_are_checked_again_before_sending() -> None:
    """A planned trial that the definition has come to forbid is discarded, with the reason, and never sent."""
    campaign = campaign_of(budget=4, batch=4)
    stopped = engine_of(QuickLab(), campaign)
    stopped.journal.listeners.append(lambda event: stopped.stop.set() if isinstance(event, Observed) else None)
    stopped.run({})
    waiting = campaign.state.of_status(Status.PLANNED)
    limit = sorted(float(trial.point["x"]) for trial in waiting)[1]
    narrow = Space(x=Real(0, limit), z=Real(0, 1))
    campaign.spec = campaign.spec.model_copy(update={"space": narrow})
    campaign.begin(accept_changes=True)
    lab = QuickLab()
    assert engine_of(lab, campaign).run({}) == "the budget of 4 trials is used"
    assert len(campaign.state.of_status(Status.DISCARDED)) == 1
    assert all(float(trial.point["x"]) <= limit for trial in lab.sent)
    (dropped,) = campaign.state.of_status(Status.DISCARDED)
    assert dropped.note.startswith("not sent: ")


# -- others at the same journal -----------------------------------------------------------------------------------


def test_others_may_write_while_the_engine_works(tmp_path: Path) -> None:
    """Notes and results that other processes append at any moment are taken in; no event is lost or doubled."""
    campaign = campaign_of(tmp_path / "m.db", budget=6, batch=3)
    other = Journal(SqlStore(tmp_path / "m.db"), "bench")
    noted: list[str] = []

    def interfere() -> None:
        if len(noted) < 10:
            noted.append(f"note {len(noted)}")
            other.add(Noted(text=noted[-1]))

    class Crowded(SlowLab):
        def submit(self, trial: Trial) -> None:
            interfere()
            super().submit(trial)

    engine = engine_of(Crowded(2), campaign, Steps(interfere))
    assert engine.run({}) == "the budget of 6 trials is used"
    assert [note.text for note in engine.state.notes] == noted
    assert statuses(engine) == ["done"] * 6
    assert campaign.repeats() == []
    events_of(engine.journal)


def test_a_result_recorded_by_a_person_meanwhile(tmp_path: Path) -> None:
    """A person's result for a trial in flight counts; what the lab says later is a conflict that is kept, and the
    lab is not overfilled in between.
    """
    campaign = campaign_of(tmp_path / "m.db", budget=3)
    other = Journal(SqlStore(tmp_path / "m.db"), "bench")

    def type_it_in() -> None:
        if not other.refresh() or len(lab.sent) != 1 or other.state.accepted:
            return
        (trial,) = other.state.of_status(Status.RUNNING)
        assert record_values(campaign.spec, other, {trial.id: {"y": 7.5}}).accepted == [trial.id]
        campaign.journal.refresh()

    lab = SlowLab(1, patience=20)
    engine = engine_of(lab, campaign, Steps(type_it_in))
    assert engine.run({}) == "the budget of 3 trials is used"
    assert lab.most_in_flight == 1
    first = engine.state.trials[lab.sent[0].id]
    assert first.outcome is not None
    assert first.outcome.values == {"y": 7.5}
    assert [outcome for _, outcome in first.conflicts] == [measured(first.point)]


def test_a_person_resolves_an_unknown_trial_while_the_engine_works(tmp_path: Path) -> None:
    """What a person says of an unknown trial is heard by the running engine: it is sent again, once."""
    campaign = campaign_of(tmp_path / "m.db", budget=3)
    other = Journal(SqlStore(tmp_path / "m.db"), "bench")

    def say() -> None:
        other.refresh()
        for trial in other.state.of_status(Status.UNKNOWN):
            resolve(campaign.spec, other, trial.id)
            campaign.journal.refresh()

    class Forgetting(SlowLab):
        def answer(self, trial: Trial) -> Answer:
            return Unknown("power cut") if (trial.number, trial.attempt) == (1, 1) else super().answer(trial)

    lab = Forgetting(1, patience=5)
    engine = engine_of(lab, campaign, Steps(say))
    assert engine.run({}) == "the budget of 3 trials is used"
    assert sorted((trial.number, trial.attempt) for trial in lab.sent) == [(1, 1), (1, 2), (2, 1), (3, 1)]
    assert campaign.repeats() == []


def test_a_listener_that_raises_stops_nothing() -> None:
    """Whoever only watches cannot cost a trial: the error is a warning, the engine goes on."""
    engine = engine_of(QuickLab(), budget=3)
    engine.journal.listeners.append(lambda event: 1 / 0)
    with pytest.warns(RuntimeWarning, match="a listener of bench failed: ZeroDivisionError"):
        assert engine.run({}) == "the budget of 3 trials is used"


def test_a_planner_that_raises_costs_no_trial_in_flight() -> None:
    """What the lab has in hand is finished and written down; then the journal says why it paused, and it is raised."""
    campaign = campaign_of(budget=6)

    class Failing:
        kind = "failing"

        def propose(self, space: Any, objectives: Any, observations: Any, pending: Any, n: int, rng: Any) -> Any:
            if len(pending) + len(observations) == 3:
                raise FloatingPointError("a singular matrix")
            return campaign.spec.planner.propose(space, objectives, observations, pending, n, rng)  # type: ignore[attr-defined]

    spec = SimpleNamespace(planner=Failing(), campaign=campaign.spec.campaign, space=campaign.spec.space)
    spec.objectives, spec.stop = campaign.spec.objectives, ()
    engine = engine_of(SlowLab(4), campaign)
    engine.spec = spec  # type: ignore[assignment]
    with pytest.raises(FloatingPointError):
        engine.run({})
    assert statuses(engine) == ["done"] * 3
    assert (engine.state.status, engine.state.status_reason) == ("paused", "the planner failed: a singular matrix")


def test_a_store_that_went_back_in_time_is_noticed(tmp_path: Path) -> None:
    """Where the journal on the disk is shorter than what was read from it, the engine stops instead of spinning."""
    import sqlite3

    def restore_an_old_copy() -> None:
        with sqlite3.connect(tmp_path / "m.db") as connection:
            connection.execute("DELETE FROM events WHERE sequence > 2")

    engine = engine_of(SlowLab(1), stop=Steps(restore_an_old_copy), store=tmp_path / "m.db", budget=3)
    with pytest.raises(StoreError):
        engine.run({})


# -- replay -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("planner", ["random", "sobol", "latin_hypercube", "grid", "bayesian"])
def test_the_same_journal_gives_the_same_suggestions(tmp_path: Path, planner: str) -> None:
    """Replaying a journal with batches, faults, pauses and results out of order repeats every point bit for bit."""

    class Uneven(SlowLab):
        def answer(self, trial: Trial) -> Answer:
            if trial.number == 5:
                return Outcome(failed="cracked")
            if trial.number == 6:
                return Outcome(failed="dropped", is_fault=True)
            return super().answer(trial)

    campaign = campaign_of(tmp_path / "m.db", planner=planner, batch=3, budget=13, seed=7)
    engine = engine_of(Uneven(4), campaign)
    stop_at = 8
    engine.journal.listeners.append(
        lambda event: engine.stop.set() if isinstance(event, Observed | Failed) and event.sequence > stop_at else None
    )
    engine.run({})
    reopened = Campaign.open("bench", tmp_path / "m.db")
    engine_of(Uneven(2), reopened).run({})
    assert len(reopened.state.trials) == 13
    assert list(reopened.state.accepted) != list(reopened.state.trials)
    assert Campaign.open("bench", tmp_path / "m.db").repeats() == []


def test_a_replay_that_differs_is_told(tmp_path: Path) -> None:
    """A journal whose points come from elsewhere is not taken for a repetition."""
    campaign = campaign_of(tmp_path / "m.db", budget=3)
    engine_of(QuickLab(), campaign).run({})

    def moved(event: AnyEvent) -> AnyEvent:
        if event.kind != "planned" or event.number != 2:
            return event
        proposal = event.proposal.model_copy(update={"point": {"x": 0.5, "z": 0.5}})
        return event.model_copy(update={"proposal": proposal})

    forged = SqlStore(tmp_path / "forged.db")
    forged.append("bench", [moved(event) for event in events_of(campaign.journal)], 0)
    told = Campaign.open("bench", tmp_path / "forged.db").repeats()
    assert "trial 2" in told[0]


@pytest.mark.parametrize("broken", [Outcome(values={"z": 1.0}), Outcome(failed="half a \ud800 letter"), Outcome()])
def test_an_answer_against_the_contract_is_a_fault_of_that_trial(broken: Outcome) -> None:
    """A result without the objective, or one that cannot be written down, costs its trial and no other."""

    class Broken(QuickLab):
        def answer(self, trial: Trial) -> Answer:
            return broken if trial.number == 2 else measured(trial.point)

    engine = engine_of(Broken(), budget=4)
    engine.run({})
    assert statuses(engine) == ["done", "failed", "done", "done"]
