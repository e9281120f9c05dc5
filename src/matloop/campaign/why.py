"""Why a trial was planned, worked out anew from what the journal knew by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from matloop.campaign import loading
from matloop.campaign.ending import standing
from matloop.core.errors import InputError
from matloop.core.event import AnyEvent, Planned
from matloop.core.merit import comparable, usable
from matloop.core.spec import CampaignSpec, parse_spec
from matloop.core.standing import Standing
from matloop.core.state import CampaignState

if TYPE_CHECKING:
    from matloop.planners.believed import Believed
    from matloop.planners.explanation import Explanation

#: Nearest known trials that are told.
NEAREST = 3


@dataclass(frozen=True)
class Why:
    """What was known when a trial was planned, and what spoke for it."""

    spec: CampaignSpec
    n_results: int
    #: None where fewer than two results were known: nothing had been learned yet.
    explanation: Explanation | None = None
    #: objective -> variable -> share of what moves it, by the results known then.
    relevance: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    #: What the planner was told and is not at hand here, in words.
    missing: str = ""


def why(events: Sequence[AnyEvent], trial: str, folder: Path, at_hand: CampaignSpec | None = None) -> Why:
    """Of the trial with this id, which the events plan; the files of pools are found from `folder`.

    A planner that is `at_hand` and the one that the journal tells of also has what no journal holds: a prior model.
    """
    planned = next(event for event in events if isinstance(event, Planned) and event.trial == trial)
    state = _as_known(events, planned)
    spec = loading.with_pools(parse_spec(state.spec, is_trusted=True), folder, is_trusted=True)
    if at_hand is not None and at_hand.to_dict()["planner"] == state.spec["planner"]:
        spec = spec.model_copy(update={"planner": at_hand.planner})
    seen = comparable(spec.space, state.observations)
    known = usable(spec.objectives, seen)
    if len(known) < 2:
        return Why(spec, len(known))
    from matloop.models.threads import one_thread
    from matloop.planners.explanation import explain
    from matloop.planners.learned import learned

    with one_thread():
        # rough results are no results to a stop rule, but the planner learned from them, too
        believed, missing = _believed(replace(standing(spec, state), observations=tuple(seen)))
        replicates = getattr(spec.planner, "replicates", 1)
        told = explain(spec.space, spec.objectives, known, believed.models, planned.proposal.point, NEAREST, replicates)
        if believed.success is not None:
            told = replace(told, success=believed.success.probability(planned.proposal.point))
        relevance = learned(spec.space, spec.objectives, known, believed.models).relevance
    return Why(spec, len(known), told, relevance, missing)


def _believed(known: Standing) -> tuple[Believed, str]:
    """What the planner believed; where its prior is not at hand, what it would have without, and that in words."""
    from matloop.planners.believed import Believed

    try:
        return Believed.of(known), ""
    except InputError as error:
        return Believed.of(replace(known, planner=None)), error.message


def _as_known(events: Sequence[AnyEvent], planned: Planned) -> CampaignState:
    """The state when the first trial of its batch was planned."""
    state = CampaignState()
    for event in events:
        if isinstance(event, Planned) and event.number >= (planned.batch_first or planned.number):
            break
        state.apply(event)
    return state
