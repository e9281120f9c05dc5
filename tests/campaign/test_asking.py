"""A lab whose `poll` fails: seen at once, asked again ever more seldom, and never answered for by a guess."""

from __future__ import annotations

import io
from typing import Any

import pytest
from engine_bench import QuickLab, Steps, campaign_of, engine_of, kinds_of
from rich.console import Console

from matloop.campaign import asking
from matloop.campaign import engine as module
from matloop.campaign.asking import ENOUGH, Asking
from matloop.campaign.display import live_display
from matloop.campaign.stop import StopSwitch
from matloop.core.event import Lost, Noted
from matloop.core.trial import Answer, Outcome, Running, Status, Trial


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CANCEL_PATIENCE", 0.01)
    monkeypatch.setattr(asking, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(asking, "LONGEST_PAUSE", 0.01)


class Mistaken(QuickLab):
    """A plugin whose `poll` has a mistake, as long as `is_wrong` holds of a trial's number."""

    def __init__(self, *args: Any, wrong: int = 10**9, **settings: Any) -> None:
        super().__init__(*args, **{"deadline": 0.1, **settings})
        self.n_polls, self.wrong = 0, wrong

    def poll(self, trial_id: str) -> Answer:
        self.n_polls += 1
        if self.n_polls <= self.wrong:
            raise KeyError("temperature")
        return super().poll(trial_id)


def notes(engine: Any) -> list[str]:
    return [note.text for note in engine.state.notes]


@pytest.mark.parametrize("effect", ["irreversible", "repeatable", "none"])
def test_the_outcome_stays_unknown_and_nothing_is_sent_again(effect: str) -> None:
    """Whatever the effect: who cannot be asked may still be at work on it. The journal tells why, once a trial."""
    engine = engine_of(lab := Mistaken(effect=effect), budget=2)
    reason = engine.run({})
    assert reason == "the budget of 2 trials is used; the outcome of trial 1, 2 is unknown"
    assert [trial.attempt for trial in lab.sent] == [1, 1]
    assert len(lab.cancelled) == 2
    assert (
        notes(engine) == ["the lab cannot be asked: KeyError: 'temperature'; it is asked again, ever more seldom"] * 2
    )
    lost = [event for event in engine.journal.store.read(engine.journal.campaign) if isinstance(event, Lost)]
    assert all("no answer within 0.1 s; the lab cannot be asked: KeyError" in event.reason for event in lost)
    assert all(trial.outcome is None for trial in engine.state.trials.values())


def test_it_is_told_long_before_the_deadline() -> None:
    """The note stands in the journal while the trial is still in flight."""
    engine = engine_of(Mistaken(deadline=3600.0, wrong=30), budget=1)
    seen: list[Status] = []

    def heard(event: Any) -> None:
        if isinstance(event, Noted):
            seen.extend(trial.status for trial in engine.state.trials.values())

    with engine.journal.heard_by(heard):
        engine.run({})
    assert seen == [Status.RUNNING]


def test_the_answer_counts_when_it_comes() -> None:
    """After a while of faults the true result is taken, once, and nothing was sent twice."""
    engine = engine_of(lab := Mistaken(deadline=60.0, wrong=8), budget=2)
    assert engine.run({}) == "the budget of 2 trials is used"
    assert kinds_of(engine.journal, "noted") == ["planned", "submitted", "observed"] * 2 + ["finished"]
    assert len(lab.sent) == 2


def test_faults_of_asking_pause_the_campaign() -> None:
    """They count as faults of the lab: after k in n no more is sent, and the campaign says why."""
    engine = engine_of(lab := Mistaken(capacity=2), budget=20, pause_after=(2, 4))
    reason = engine.run({})
    assert reason.startswith("2 of the last 2 trials failed in the lab, the latest with: the lab cannot be asked")
    assert engine.state.status == "paused"
    assert len(lab.sent) == 2


def test_whoever_resumes_tries_again_and_hears_of_it() -> None:
    """A mended plugin tells what became of the lost trials: no fault of before holds it up."""
    campaign = campaign_of(budget=4, pause_after=(2, 4))
    engine_of(broken := Mistaken(capacity=2), campaign).run({})
    mended = QuickLab(capacity=2)
    mended.answers = dict(broken.answers)
    assert engine_of(mended, campaign).run({}) == "the budget of 4 trials is used"
    assert len(broken.sent) + len(mended.sent) == 4
    assert all(trial.status is Status.DONE for trial in campaign.state.trials.values())


def test_an_answer_of_no_kind_is_a_fault_of_asking() -> None:
    """A plugin that returns nothing is told of, and its trial stays open."""

    class Dumb(QuickLab):
        def poll(self, trial_id: str) -> Any:
            return None

    engine = engine_of(Dumb(deadline=0.1), budget=1)
    assert "unknown" in engine.run({})
    assert "TypeError: it answers with NoneType" in notes(engine)[0]


def test_pauses_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The n-th pause is twice the one before, up to the longest; in between the lab is left alone."""
    monkeypatch.setattr(asking, "FIRST_PAUSE", 1.0)
    monkeypatch.setattr(asking, "LONGEST_PAUSE", 5.0)
    now = [0.0]
    monkeypatch.setattr(asking.time, "monotonic", lambda: now[0])
    lab, asked = Mistaken(), []
    one = Asking(lab)
    for step in range(200):
        now[0] = 0.1 * step
        before = lab.n_polls
        assert isinstance(one.ask("t"), Running)
        asked += [round(now[0], 1)] * (lab.n_polls - before)
    assert asked == [0.0, 1.0, 3.0, 7.0, 12.0, 17.0]
    assert one.troubled == ["t"]


def test_a_flicker_is_no_fault() -> None:
    """Fewer failures in a row than ENOUGH leave no trace once there is an answer."""
    lab = Mistaken(wrong=ENOUGH - 1)
    lab.submit(Trial("t", "c", 1, 1, {"x": 0.5, "z": 0.5}, {}))
    one = Asking(lab)
    for _ in range(1000):
        if isinstance(one.ask("t"), Outcome):
            break
        asking.time.sleep(0.001)
    assert isinstance(one.ask("t"), Outcome)
    assert one.trouble("t") == ""


def test_stopping_does_not_wait_for_the_lab() -> None:
    """A stop on request while the lab cannot be asked ends with the deadline, as for any silent lab."""
    stop = Steps(lambda: stop.set())
    engine = engine_of(Mistaken(), budget=5, stop=stop)
    assert engine.run({}) == "stopped on request"


def test_who_watches_sees_it() -> None:
    """A line in the log names the trial and what is wrong."""
    campaign = campaign_of(budget=1)
    engine = engine_of(Mistaken(deadline=60.0, wrong=6), campaign)
    console = Console(file=(out := io.StringIO()), width=200)
    with live_display(campaign.spec, campaign.journal, StopSwitch(), console):
        engine.run({})
    assert "the lab cannot be asked: KeyError: 'temperature'" in out.getvalue()
