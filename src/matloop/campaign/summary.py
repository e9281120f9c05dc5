"""A campaign in few words: what people read on a screen."""

from __future__ import annotations

from matloop.campaign.ending import n_planned
from matloop.core.merit import best, counting
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState, TrialState
from matloop.core.trial import Status


def counts(state: CampaignState) -> dict[Status, int]:
    """How many trials have each status."""
    found = dict.fromkeys(Status, 0)
    for trial in state.trials.values():
        found[trial.status] += 1
    return found


def n_over(state: CampaignState) -> int:
    """How many trials of the budget have come to an end."""
    return n_planned(state) - len(state.of_status(Status.RUNNING, Status.PLANNED, Status.UNKNOWN))


def leader(spec: CampaignSpec, state: CampaignState) -> TrialState | None:
    """The best trial; of a Pareto front the first."""
    observations = counting(spec.space, state.observations)
    found = best(spec.objectives, observations)
    return state.trials[observations[found[0]].trial] if found else None


def describe(spec: CampaignSpec, trial: TrialState) -> str:
    """A trial in one line: its results and its point, with units."""
    units = spec.space.units
    outcome = trial.outcome
    measured = outcome.values if outcome else {}
    results = [
        _quantity(wish.name, measured[wish.name], wish.unit) for wish in spec.objectives if wish.name in measured
    ]
    point = [_quantity(variable, value, units.get(variable)) for variable, value in trial.point.items()]
    return f"{', '.join(results)} at {', '.join(point)} (trial {trial.number})"


def _quantity(name: str, value: object, unit: str | None) -> str:
    number = f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"{name} {number} {unit}" if unit else f"{name} {number}"
