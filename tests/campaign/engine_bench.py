"""What the tests of the engine share: labs that keep only the structural contract, and engines made for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from matloop.campaign.campaign import Campaign
from matloop.campaign.engine import Engine
from matloop.campaign.journal import Journal
from matloop.campaign.stop import StopSwitch
from matloop.core.event import AnyEvent
from matloop.core.objective import Maximize
from matloop.core.parameter import Real
from matloop.core.space import Point, Space
from matloop.core.state import CampaignState, fold
from matloop.core.trial import Answer, Effect, Outcome, Running, Trial, Unknown

SPACE = Space(x=Real(0, 1), z=Real(0, 1))


def measured(point: Point) -> Outcome:
    """What the labs here measure."""
    return Outcome(values={"y": float(point["x"]) - float(point["z"]) ** 2})


class QuickLab:
    """Has an answer at once; subclasses change what it does with a trial."""

    def __init__(self, capacity: int = 1, effect: str = "irreversible", deadline: float = 60.0) -> None:
        self.capacity, self.effect, self.deadline = capacity, Effect(effect), deadline
        self.sent: list[Trial] = []
        self.cancelled: list[str] = []
        self.answers: dict[str, Answer] = {}

    def submit(self, trial: Trial) -> None:
        self.sent.append(trial)
        self.answers[trial.id] = self.answer(trial)

    def answer(self, trial: Trial) -> Answer:
        return measured(trial.point)

    def poll(self, trial_id: str) -> Answer:
        return self.answers.get(trial_id, Unknown("never heard of it"))

    def cancel(self, trial_id: str) -> None:
        self.cancelled.append(trial_id)


class SlowLab(QuickLab):
    """Answers the latest trial first, when it is full or has been asked often enough: results come out of order."""

    def __init__(self, capacity: int = 3, patience: int = 2, **settings: Any) -> None:
        super().__init__(capacity, **settings)
        self.patience, self.n_polls, self.most_in_flight = patience, 0, 0
        self.in_flight: list[Trial] = []

    def answer(self, trial: Trial) -> Answer:
        self.in_flight.append(trial)
        self.most_in_flight = max(self.most_in_flight, len(self.in_flight))
        return Running()

    def poll(self, trial_id: str) -> Answer:
        self.n_polls += 1
        if self.in_flight and self.n_polls > self.patience:
            self.n_polls = 0
            last = self.in_flight.pop()
            self.answers[last.id] = measured(last.point)
        return super().poll(trial_id)


class Steps(StopSwitch):
    """A switch that calls `step` whenever the engine rests, so that a test can act in between."""

    def __init__(self, step: Callable[[], object]) -> None:
        super().__init__()
        self.step = step

    def wait(self, seconds: float) -> None:
        self.step()
        super().wait(min(seconds, 0.001))


def campaign_of(store: str | Path = ":memory:", planner: Any = "random", batch: int = 1, **settings: Any) -> Campaign:
    """A campaign in the square, begun."""
    chooser = {"kind": planner, "batch": batch} if isinstance(planner, str) else planner
    campaign = Campaign(SPACE, [Maximize("y")], planner=chooser, name="bench", store=store, **settings)
    campaign.begin()
    return campaign


def engine_of(lab: Any, campaign: Campaign | None = None, stop: StopSwitch | None = None, **settings: Any) -> Engine:
    """An engine as `Campaign.run` makes it, for any object that keeps the contract of a lab."""
    campaign = campaign or campaign_of(**settings)
    return Engine(campaign.spec, lab, campaign.journal, stop or StopSwitch())


def events_of(journal: Journal) -> list[AnyEvent]:
    """The journal as the store has it; it has no gaps and tells the state in memory."""
    events = journal.store.read(journal.campaign)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert as_told(fold(events)) == as_told(journal.state)
    return events


def as_told(state: CampaignState) -> str:
    """A state in full, to be compared."""
    return repr(state)


def kinds_of(journal: Journal, *without: str) -> list[str]:
    return [event.kind for event in events_of(journal) if event.kind not in ("created", "started", *without)]
