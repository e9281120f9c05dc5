"""Trials for a person: planned, and handed over in the same breath."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from matloop.campaign.ending import n_planned, reason_to_stop, reasons_to_stop, too_dear, used_budget
from matloop.campaign.journal import Journal
from matloop.campaign.planning import intent, plan
from matloop.campaign.spending import affordable
from matloop.core.errors import InputError, PlannerError
from matloop.core.event import AnyEvent, Finished, Planned, Started, Submitted
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState, TrialState
from matloop.core.trial import Status
from matloop.labs.person import PersonLab


def is_person(spec: CampaignSpec) -> bool:
    """Whether the trials are carried out by hand: so it is where no lab is named."""
    return spec.lab is None or isinstance(spec.lab, PersonLab)


def propose(
    spec: CampaignSpec,
    journal: Journal,
    n: int,
    provenance: dict[str, str] | None = None,
    set_aside: Sequence[str] = (),
) -> list[TrialState]:
    """Plan n more trials (0 is allowed; fewer where the budget ends); returns all that wait for a result.

    Trials that were planned before and not handed over yet are handed over too. `set_aside` are the stop rules in spite
    of which it goes on. Raises InputError where the lab is no person, the budget is used or a stop rule holds,
    PlannerError where there is nothing left to propose.
    """
    _require_person(spec)
    if n < 0:
        raise InputError(f"cannot propose {n} trials", "ask for 0 to see those that wait for a result")

    lab = spec.lab if isinstance(spec.lab, PersonLab) else PersonLab()
    deadline = lab.deadline

    def decide(state: CampaignState) -> list[AnyEvent]:
        waiting = [intent(spec, trial, deadline, "handed over") for trial in state.of_status(Status.PLANNED)]
        planned = _planned(spec, state, n, journal.elapsed, set_aside) if n else []
        is_new = (state.status != "running" or bool(set_aside)) and bool(waiting or planned)
        started = [Started(provenance=provenance or {}, set_aside=list(set_aside))] if is_new else []
        return [
            *started,
            *planned,
            *waiting,
            *(Submitted(trial=p.trial, attempt=1, deadline=deadline) for p in planned),
        ]

    journal.commit(decide)
    return [trial for trial in journal.state.trials.values() if trial.is_open]


def finish_by_hand(spec: CampaignSpec, journal: Journal) -> None:
    """Where people carry the trials out no engine sees the end: it is reached with a result, if a rule or budget says.

    By a budget only once no trial is open; by a rule at once, since what waits need not be carried out any more.
    """

    def decide(state: CampaignState) -> list[AnyEvent]:
        if state.status == "finished":
            return []
        reason = reason_to_stop(spec, state)
        if not reason and not any(trial.is_open for trial in state.trials.values()):
            reason = used_budget(spec, state, journal.elapsed)
        return [Finished(reason=reason)] if reason else []

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


def _planned(
    spec: CampaignSpec, state: CampaignState, n: int, elapsed: float, set_aside: Sequence[str]
) -> list[Planned]:
    """Up to n new trials. Raises InputError or PlannerError where there is none to be had."""
    held = [reason for kind, reason in reasons_to_stop(spec, state) if kind not in set_aside]
    if held:
        raise InputError(f"there is no need for more: {held[0]}", "to go on in spite of it: --go-on")
    if used := used_budget(spec, state, elapsed):
        raise InputError(
            used, "raise it in the campaign's file, then give that file with --accept-changes; -n 0 shows what waits"
        )
    budget = spec.campaign.budget
    proposed = plan(spec, state, n if budget is None else min(n, budget - n_planned(state)))
    if not proposed:
        raise PlannerError("there is nothing left to propose: the space holds no untried point")
    if not (paid := affordable(spec, state, proposed)):
        raise InputError(too_dear(spec, state), "raise budget_cost in the campaign's file")
    return paid
