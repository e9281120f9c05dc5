"""The state of a campaign: a fold over its journal, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from matloop.core import event as e
from matloop.core.curve_scores import matches_in, rescored
from matloop.core.space import Point
from matloop.core.trial import Observation, Outcome, Status, same_content

CampaignStatus = Literal["new", "running", "paused", "finished"]


@dataclass
class TrialState:
    """One trial as the journal tells it."""

    id: str
    number: int
    point: Point
    planner: str
    reason: str = ""
    predicted: dict[str, e.Prediction] = field(default_factory=dict)
    status: Status = Status.PLANNED
    attempts: int = 0
    outcome: Outcome | None = None
    note: str = ""
    deadline: float = 0.0
    submitted_at: float = 0.0
    submitted_time: str = ""
    finished_at: float = 0.0
    #: Results with other content than the accepted one, as (sequence, outcome).
    conflicts: list[tuple[int, Outcome]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether an outcome may still come: its point is pending for the planner."""
        return self.status in (Status.PLANNED, Status.RUNNING, Status.UNKNOWN)

    def knows(self, outcome: Outcome) -> bool:
        """Whether this very result was already taken, accepted or as a conflict."""
        kept = [] if self.outcome is None or self.is_open else [self.outcome]
        return any(same_content(known, outcome) for known in [*kept, *(conflict for _, conflict in self.conflicts)])

    @property
    def observation(self) -> Observation | None:
        """What can be learned from it: a result, or a failure of the material (not of the lab)."""
        if self.outcome is None or self.status not in (Status.DONE, Status.FAILED) or self.outcome.is_fault:
            return None
        outcome = self.outcome
        return Observation(
            self.id, self.point, outcome.values, outcome.std, outcome.achieved, outcome.failed, outcome.curves
        )


@dataclass(repr=False)
class CampaignState:
    """Everything that is known about a campaign."""

    spec: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    status: CampaignStatus = "new"
    status_reason: str = ""
    sequence: int = 0
    elapsed: float = 0.0
    trials: dict[str, TrialState] = field(default_factory=dict)
    #: Trials in the order in which their results were accepted: the order in which a planner sees them.
    accepted: dict[str, None] = field(default_factory=dict)
    provenance: list[dict[str, str]] = field(default_factory=list)
    notes: list[e.Noted] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    #: The stop rules in spite of which it goes on, by their kinds, until they are changed.
    set_aside: set[str] = field(default_factory=set)
    #: The sequence of the latest event that brought or changed a result.
    results_at: int = 0
    created_time: str = ""
    latest_time: str = ""

    def __repr__(self) -> str:
        return f"<CampaignState {self.status}: {len(self.trials)} trials, {len(self.observations)} results>"

    @property
    def observations(self) -> list[Observation]:
        """What planners learn from, in the order in which it was accepted."""
        found = (self.trials[trial].observation for trial in self.accepted)
        return [observation for observation in found if observation is not None]

    @property
    def pending(self) -> list[Point]:
        """The points whose outcome may still come, in the order of their numbers."""
        return [trial.point for trial in self.trials.values() if trial.is_open]

    def of_status(self, *statuses: Status) -> list[TrialState]:
        return [trial for trial in self.trials.values() if trial.status in statuses]

    @property
    def conflicted(self) -> list[TrialState]:
        return [trial for trial in self.trials.values() if trial.conflicts]

    @property
    def next_number(self) -> int:
        return len(self.trials) + 1

    def is_known(self, trial: str, outcome: Outcome) -> bool:
        """Whether this very result was already taken, accepted or as a conflict."""
        return self.trials[trial].knows(outcome)

    def apply(self, event: e.Event) -> None:
        """Take one event in. Events of unknown trials would be a broken journal: KeyError."""
        self.sequence = max(self.sequence, event.sequence)
        self.elapsed = max(self.elapsed, event.elapsed)
        self.latest_time = event.time or self.latest_time
        match event:
            case e.Created():
                self.spec, self.key, self.created_time = event.spec, event.key, event.time
                self.provenance.append(event.provenance)
            case e.SpecChanged():
                if event.spec.get("stop") != self.spec.get("stop"):
                    self.set_aside.clear()
                self.spec, self.status = event.spec, "running"
                self._score_again()
                self.results_at = self.sequence
            case e.Started():
                self.status, self.status_reason = "running", ""
                self.set_aside.update(event.set_aside)
                self.provenance.append(event.provenance)
            case e.Planned():
                proposal = event.proposal
                self.trials[event.trial] = TrialState(
                    event.trial,
                    event.number,
                    proposal.point,
                    event.planner,
                    proposal.reason,
                    dict(proposal.predicted),
                )
            case e.Paused() | e.Finished():
                self.status = "paused" if isinstance(event, e.Paused) else "finished"
                self.status_reason = event.reason
            case e.Noted():
                self.notes.append(event)
            case e.Submitted() | e.Observed() | e.Failed() | e.NotBegun() | e.Lost() | e.Resolved():
                self._apply_to_trial(self.trials[event.trial], event)
                if isinstance(event, e.Observed | e.Failed | e.Resolved):
                    self.results_at = self.sequence

    def _score_again(self) -> None:
        """A changed target gives every curve another distance."""
        matches = matches_in(self.spec)
        for trial in self.trials.values():
            if trial.outcome is not None:
                trial.outcome = rescored(trial.outcome, matches)
            trial.conflicts = [(sequence, rescored(outcome, matches)) for sequence, outcome in trial.conflicts]

    def _apply_to_trial(self, trial: TrialState, event: e.Event) -> None:
        match event:
            case e.Submitted():
                trial.status, trial.attempts, trial.deadline = Status.RUNNING, event.attempt, event.deadline
                trial.submitted_at, trial.submitted_time, trial.note = event.elapsed, event.time, ""
            case e.NotBegun() if trial.is_open:
                trial.status, trial.note = Status.PLANNED, event.reason
            case e.Lost() if trial.is_open:
                trial.status, trial.note = Status.UNKNOWN, event.reason
            case e.Observed() | e.Failed():
                self._take(trial, event.outcome, event)
            case e.Resolved():
                self._resolve(trial, event)

    def _take(self, trial: TrialState, outcome: Outcome, event: e.Event) -> None:
        if outcome.source:
            self.sources.add(outcome.source)
        if trial.is_open or _is_fault(trial):
            self._accept(trial, outcome, event)
        elif not trial.knows(outcome):
            trial.conflicts.append((event.sequence, outcome))

    def _accept(self, trial: TrialState, outcome: Outcome, event: e.Event) -> None:
        trial.outcome, trial.finished_at = outcome, event.elapsed
        trial.status = Status.FAILED if outcome.failed is not None else Status.DONE
        self.accepted.pop(trial.id, None)
        self.accepted[trial.id] = None

    def _resolve(self, trial: TrialState, event: e.Resolved) -> None:
        trial.conflicts.clear()
        trial.note = event.why
        if event.verdict == "discarded":
            trial.status = Status.DISCARDED
        elif event.verdict == "did_not_happen":
            trial.status, trial.outcome = Status.PLANNED, None
            self.accepted.pop(trial.id, None)
        elif event.outcome is not None:
            self._accept(trial, event.outcome, event)


def _is_fault(trial: TrialState) -> bool:
    """A trial that the lab failed to carry out: a late result is welcome."""
    return trial.status is Status.FAILED and trial.outcome is not None and trial.outcome.is_fault


def fold(events: Iterable[e.Event]) -> CampaignState:
    """The state that a journal tells."""
    state = CampaignState()
    for event in events:
        state.apply(event)
    return state
