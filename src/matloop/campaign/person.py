"""Trials for a person: planned, and handed over in the same breath."""

from __future__ import annotations

from datetime import datetime

from matloop.campaign.engine import n_planned
from matloop.campaign.journal import Journal
from matloop.campaign.planning import intent, plan
from matloop.core.errors import InputError, PlannerError
from matloop.core.event import AnyEvent, Finished, Started, Submitted
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState, TrialState
from matloop.core.trial import Status
from matloop.labs.person import PersonLab


def is_person(spec: CampaignSpec) -> bool:
    """Whether the trials are carried out by hand: so it is where no lab is named."""
    return spec.lab is None or isinstance(spec.lab, PersonLab)


def propose(spec: CampaignSpec, journal: Journal, n: int, provenance: dict[str, str] | None = None) -> list[TrialState]:
    """Plan n more trials (0 is allowed; fewer where the budget ends); returns all that wait for a result.

    Trials that were planned before and not handed over yet are handed over too. Raises InputError where the lab is no
    person or the budget is used, PlannerError where there is nothing left to propose.
    """
    _require_person(spec)
    if n < 0:
        raise InputError(f"cannot propose {n} trials", "ask for 0 to see those that wait for a result")

    lab = spec.lab if isinstance(spec.lab, PersonLab) else PersonLab()
    deadline = lab.deadline

    def decide(state: CampaignState) -> list[AnyEvent]:
        waiting = [intent(spec, trial, deadline, "handed over") for trial in state.of_status(Status.PLANNED)]
        planned = plan(spec, state, _allowed(spec, state, n)) if n else []
        if n and not planned:
            raise PlannerError("there is nothing left to propose: the space holds no untried point")
        is_new = state.status != "running" and bool(waiting or planned)
        started = [Started(provenance=provenance or {})] if is_new else []
        return [
            *started,
            *planned,
            *waiting,
            *(Submitted(trial=p.trial, attempt=1, deadline=deadline) for p in planned),
        ]

    journal.commit(decide)
    return [trial for trial in journal.state.trials.values() if trial.is_open]


def finish_by_hand(spec: CampaignSpec, journal: Journal) -> None:
    """Where people carry the trials out no engine sees the end: it is reached with the budget's last result."""

    def decide(state: CampaignState) -> list[AnyEvent]:
        budget = spec.campaign.budget
        is_open = any(trial.is_open for trial in state.trials.values())
        if budget is None or is_open or n_planned(state) < budget or state.status == "finished":
            return []
        return [Finished(reason=f"the budget of {budget} trials is used")]

    if is_person(spec):
        journal.commit(decide)


def is_overdue(trial: TrialState, now: datetime) -> bool:
    """Whether a trial in a person's hands has been silent beyond its deadline; a reminder, and no decision."""
    if trial.status is not Status.RUNNING or not trial.submitted_time:
        return False
    return (now - datetime.fromisoformat(trial.submitted_time)).total_seconds() > trial.deadline


def _require_person(spec: CampaignSpec) -> None:
    if not is_person(spec):
        raise InputError(
            f"the trials of '{spec.campaign.name}' are carried out by a lab, not by a person",
            'use matloop run, or set [lab] kind = "person"',
        )


def _allowed(spec: CampaignSpec, state: CampaignState, n: int) -> int:
    budget = spec.campaign.budget
    if budget is None:
        return n
    left = budget - n_planned(state)
    if left <= 0:
        raise InputError(
            f"the budget of {budget} trials is used",
            "raise it in the campaign's file, then give that file with --accept-changes; -n 0 shows what waits",
        )
    return min(n, left)
