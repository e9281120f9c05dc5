"""What needs a person, each with the command to type."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState, TrialState
from matloop.core.trial import Outcome, Status
from matloop.reports.wording import counted, duration, given_on_command_line, listed, measured

#: More than so many of one kind are counted instead of listed.
MOST_LISTED = 20


@dataclass(frozen=True)
class Matter:
    """One thing that waits for a person: what it is, and the commands among which to choose."""

    text: str
    commands: tuple[str, ...] = ()


def matters(spec: CampaignSpec, state: CampaignState) -> list[Matter]:
    """Everything that waits for a person, the most urgent first."""
    name = shlex.quote(spec.campaign.name)
    unknown, overdue = state.of_status(Status.UNKNOWN), _overdue(state)
    return [
        *_capped((_unknown(spec, name, t) for t in unknown[:MOST_LISTED]), len(unknown), "unknown trial", name),
        *_capped((_late(spec, name, state, t) for t in overdue[:MOST_LISTED]), len(overdue), "overdue trial", name),
        *_capped((_conflict(name, t) for t in state.conflicted[:MOST_LISTED]), len(state.conflicted), "conflict", name),
        *_waiting(spec, name, state),
        *_paused(name, state),
    ]


def _capped(found: Iterator[Matter], n: int, noun: str, name: str) -> Iterator[Matter]:
    yield from found
    if n > MOST_LISTED:
        yield Matter(
            f"{counted(n - MOST_LISTED, 'more ' + noun)}: all of them are listed by", (f"matloop status {name}",)
        )


def _overdue(state: CampaignState) -> list[TrialState]:
    return [t for t in state.of_status(Status.RUNNING) if state.elapsed > t.submitted_at + t.deadline]


def _unknown(spec: CampaignSpec, name: str, trial: TrialState) -> Matter:
    reason = f" ({trial.note})" if trial.note else ""
    return Matter(f"Nobody knows what became of trial {trial.number}{reason}. Say so:", _answers(spec, name, trial))


def _late(spec: CampaignSpec, name: str, state: CampaignState, trial: TrialState) -> Matter:
    silence = duration(state.elapsed - trial.submitted_at)
    text = f"Trial {trial.number} has been silent for {silence}; its deadline was {duration(trial.deadline)}."
    return Matter(f"{text} If you know what became of it:", _answers(spec, name, trial))


def _answers(spec: CampaignSpec, name: str, trial: TrialState) -> tuple[str, ...]:
    command = f"matloop resolve {name} {shlex.quote(trial.id)}"
    values = " ".join(f"--happened {shlex.quote(wish.name + '=VALUE')}" for wish in spec.objectives)
    return (f"{command} {values}", f"{command} --did-not-happen", f"{command} --discard")


def _conflict(name: str, trial: TrialState) -> Matter:
    outcomes = [o for o in (trial.outcome, *(o for _, o in trial.conflicts)) if o is not None]
    command = f"matloop resolve {name} {shlex.quote(trial.id)}"
    choices = [f"{command} {_happened(o)}" for o in outcomes if o.values]
    said = listed(_said(outcome) for outcome in outcomes)
    text = f"Trial {trial.number} has results that contradict each other: {said}. The first one counts until you say:"
    return Matter(text, (*dict.fromkeys(choices), f"{command} --discard"))


def _happened(outcome: Outcome) -> str:
    told = {name: "FILE.csv" if name in outcome.curves else value for name, value in outcome.values.items()}
    return " ".join(f"--happened {given_on_command_line({k: v})}" for k, v in told.items())


def _said(outcome: Outcome) -> str:
    if outcome.failed is not None:
        return f"failed ({outcome.failed})"
    return ", ".join(f"{name} = {measured(value, outcome.std.get(name))}" for name, value in outcome.values.items())


def _waiting(spec: CampaignSpec, name: str, state: CampaignState) -> Sequence[Matter]:
    """In a person's lab, a trial in flight is a trial to be done by hand."""
    n = len(state.of_status(Status.RUNNING))
    if n == 0 or getattr(spec.lab, "kind", "") != "person":
        return []
    return [
        Matter(
            f"{counted(n, 'trial')} waiting to be carried out and recorded:", (f"matloop record {name} results.csv",)
        )
    ]


def _paused(name: str, state: CampaignState) -> Sequence[Matter]:
    if state.status != "paused":
        return []
    reason = f": {state.status_reason}" if state.status_reason else ""
    return [Matter(f"The campaign is paused{reason}. Go on with:", (f"matloop run {name}",))]
