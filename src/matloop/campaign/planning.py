"""Planning: from the state of a campaign to the next trials, and the proof that a journal repeats itself."""

from __future__ import annotations

from collections.abc import Sequence

from matloop.core.contracts import Planner
from matloop.core.cost import price_of
from matloop.core.errors import PlannerError
from matloop.core.event import AnyEvent, Planned, Proposal, Resolved, Submitted
from matloop.core.merit import comparable, counting
from matloop.core.seeds import generator
from matloop.core.space import Point
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState, TrialState
from matloop.core.trial import Observation

#: The planner's name of trials that a person entered.
ENTERED = "person"


def trial_id(campaign: str, key: str, number: int) -> str:
    """Unique also across campaigns of the same name, so that a robot's memory cannot mix them up."""
    return f"{campaign}-{key}-{number:04d}"


def plan(spec: CampaignSpec, state: CampaignState, n: int) -> list[Planned]:
    """The next n trials. Raises PlannerError where the planner breaks the contract."""
    planner = spec.planner
    if not isinstance(planner, Planner):
        raise PlannerError(f"the planner '{planner.kind}' is not installed here", "run the script that defined it")
    first = state.next_number
    told = proposals(spec, planner, state.observations, state.pending, first, n)
    kind = str(getattr(planner, "kind", type(planner).__name__))
    return [
        Planned(
            trial=trial_id(spec.campaign.name, state.key, number),
            number=number,
            proposal=proposal,
            planner=kind,
            batch_first=first,
            batch_size=n,
        )
        for number, proposal in enumerate(told, start=first)
    ]


def proposals(
    spec: CampaignSpec,
    planner: Planner,
    observations: Sequence[Observation],
    pending: Sequence[Point],
    first: int,
    n: int,
) -> list[Proposal]:
    """What the planner proposes for the n trials from number `first` on. Raises PlannerError for a forbidden point."""
    rng = generator(spec.campaign.seed, first)
    observations = comparable(spec.space, observations)
    pending = [point for point in pending if spec.space.is_whole(point)]
    if hasattr(planner, "priced"):
        planner = planner.priced(price_of(spec.space, spec.campaign.cost))
    else:  # it would take results of a rough fidelity for what counts
        observations = counting(spec.space, observations)
    told = planner.propose(spec.space, spec.objectives, observations, pending, n, rng)
    for proposal in told:
        if problems := spec.space.problems(proposal.point):
            raise PlannerError("the planner proposed what may not be tried: " + "; ".join(problems))
    return list(told[:n])


def intent(spec: CampaignSpec, trial: TrialState, deadline: float, verb: str) -> Submitted | Resolved:
    """What is written before a trial is sent. Limits are checked again: the definition may have changed meanwhile."""
    if problems := spec.space.problems(trial.point):
        return Resolved(trial=trial.id, verdict="discarded", why=f"not {verb}: " + "; ".join(problems))
    return Submitted(trial=trial.id, attempt=trial.attempts + 1, deadline=deadline)


def repeats(events: Sequence[AnyEvent], spec_of: dict[int, CampaignSpec]) -> list[str]:
    """Replay a journal through its planners: what they propose now but did not then; empty where all agrees.

    `spec_of` holds the definition that each `created` or `spec_changed` event brought, by its sequence.
    """
    state, spec, differing = CampaignState(), None, []
    batch: dict[int, list[Proposal]] = {}
    for event in events:
        spec = spec_of.get(event.sequence, spec)
        if isinstance(event, Planned) and event.planner != ENTERED and spec is not None:
            assert isinstance(spec.planner, Planner)
            if event.number == event.batch_first:
                seen = state.observations, state.pending
                batch[event.number] = proposals(spec, spec.planner, *seen, event.number, event.batch_size)
            place = event.number - event.batch_first
            told = batch.get(event.batch_first, [])
            if place >= len(told) or told[place].point != event.proposal.point:
                differing.append(f"trial {event.number}: the journal has {event.proposal.point}")
        state.apply(event)
    return differing
