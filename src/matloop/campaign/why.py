"""Why a trial was planned, worked out anew from what the journal knew by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from matloop.campaign import loading
from matloop.core.event import AnyEvent, Planned
from matloop.core.merit import usable
from matloop.core.spec import CampaignSpec, parse_spec
from matloop.core.state import CampaignState

if TYPE_CHECKING:
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


def why(events: Sequence[AnyEvent], trial: str, folder: Path) -> Why:
    """Of the trial with this id, which the events plan; the files of pools are found from `folder`."""
    planned = next(event for event in events if isinstance(event, Planned) and event.trial == trial)
    state = _as_known(events, planned)
    spec = loading.with_pools(parse_spec(state.spec, is_trusted=True), folder, is_trusted=True)
    known = usable(spec.objectives, state.observations)
    if len(known) < 2:
        return Why(spec, len(known))
    from matloop.models.threads import one_thread
    from matloop.planners.explanation import explain
    from matloop.planners.learned import learned
    from matloop.planners.surrogates import fit_objectives

    models = fit_objectives(spec.space, spec.objectives, known)
    with one_thread():
        replicates = getattr(spec.planner, "replicates", 1)
        told = explain(spec.space, spec.objectives, known, models, planned.proposal.point, NEAREST, replicates)
        relevance = learned(spec.space, spec.objectives, known, models).relevance
    return Why(spec, len(known), told, relevance)


def _as_known(events: Sequence[AnyEvent], planned: Planned) -> CampaignState:
    """The state when the first trial of its batch was planned."""
    state = CampaignState()
    for event in events:
        if isinstance(event, Planned) and event.number >= (planned.batch_first or planned.number):
            break
        state.apply(event)
    return state
