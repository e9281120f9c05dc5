"""What a campaign has cost so far, and what the rest of its budget still pays for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from statistics import fmean

import numpy as np

from matloop.campaign.planning import ENTERED
from matloop.core.cost import MEASURED, Price, planned_cost, price_of
from matloop.core.event import Planned
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState, TrialState
from matloop.core.trial import Status


def cost_of_points(spec: CampaignSpec, state: CampaignState) -> Price | None:
    """What trials cost, by the definition, or else as much as those measured so far on average; None if unknown."""
    if (price := price_of(spec.space, spec.campaign.cost)) is not None:
        return price
    measured = [m for m in map(_measured, state.trials.values()) if m is not None]
    return partial(planned_cost, fmean(measured)) if measured else None


def spent(spec: CampaignSpec, state: CampaignState) -> float | None:
    """What the trials of the budget cost, those in flight included; None while nothing is known of it.

    Trials from before a parameter was added do not count: a formula cannot tell what they cost.

    Where costs are measured, a trial without one counts as much as the others on average.
    """
    counted = [trial for trial in state.trials.values() if _counts(trial) and spec.space.is_whole(trial.point)]
    of_points = cost_of_points(spec, state)
    if of_points is None or not counted:
        return None if of_points is None else 0.0
    measured = [_measured(trial) if spec.campaign.cost is None else None for trial in counted]
    planned = of_points(spec.space.columns([trial.point for trial in counted]))
    return float(sum(p if m is None else m for m, p in zip(measured, planned, strict=True)))


def affordable(spec: CampaignSpec, state: CampaignState, planned: Sequence[Planned]) -> list[Planned]:
    """The first of these trials that the rest of the budget pays for; all where the cost has no limit."""
    limit, of_points = spec.campaign.budget_cost, cost_of_points(spec, state)
    if limit is None or of_points is None or not planned:
        return list(planned)
    costs = of_points(spec.space.columns([p.proposal.point for p in planned]))
    within = (spent(spec, state) or 0.0) + np.cumsum(costs) <= limit * (1 + 1e-9)
    return list(planned)[: len(planned) if within.all() else int(within.argmin())]


def _counts(trial: TrialState) -> bool:
    """As against the budget of trials: those of a person do not; what was discarded unbegun cost nothing."""
    return trial.planner != ENTERED and (trial.attempts > 0 or trial.status is not Status.DISCARDED)


def _measured(trial: TrialState) -> float | None:
    outcome = trial.outcome
    return None if outcome is None else outcome.values.get(MEASURED)
