"""Why a campaign is at its end: a budget is used, or a rule says that no further trial is worth it."""

from __future__ import annotations

from collections.abc import Iterator

from matloop.campaign.planning import ENTERED
from matloop.campaign.spending import cost_of_points, spent
from matloop.core.contracts import StopRule
from matloop.core.errors import PlannerError
from matloop.core.merit import comparable, counting
from matloop.core.spec import CampaignSpec, Elsewhere
from matloop.core.standing import Standing
from matloop.core.state import CampaignState


def n_planned(state: CampaignState) -> int:
    """How many trials count against the budget: all but those that a person entered."""
    return sum(trial.planner != ENTERED for trial in state.trials.values())


def used_budget(spec: CampaignSpec, state: CampaignState, elapsed: float) -> str | None:
    """Which budget is used, in words; `elapsed` are the seconds that engines have worked."""
    settings = spec.campaign
    if settings.budget is not None and n_planned(state) >= settings.budget:
        return f"the budget of {settings.budget} trials is used"
    if settings.budget_hours is not None and elapsed >= settings.budget_hours * 3600:
        return f"the budget of {settings.budget_hours:g} hours is used"
    if settings.budget_cost is not None and (spent(spec, state) or 0.0) >= settings.budget_cost * (1 - 1e-9):
        return f"the budget of {settings.budget_cost:g} for all costs is used"
    return None


def too_dear(spec: CampaignSpec, state: CampaignState) -> str:
    """That the next trial costs more than is left, in words."""
    left = (spec.campaign.budget_cost or 0.0) - (spent(spec, state) or 0.0)
    return f"the next trial costs more than the {left:.4g} left of the budget of {spec.campaign.budget_cost:g}"


def standing(spec: CampaignSpec, state: CampaignState) -> Standing:
    """What the rules judge by."""
    observations = tuple(comparable(spec.space, counting(spec.space, state.observations)))
    cost = cost_of_points(spec, state)
    return Standing(spec.space, spec.objectives, observations, spec.campaign.seed, cost, spec.planner)


def reasons_to_stop(spec: CampaignSpec, state: CampaignState) -> Iterator[tuple[str, str]]:
    """Each rule that holds, by its kind, with its reason; those set aside are not asked.

    Raises PlannerError for a rule that is not installed here.
    """
    seen = standing(spec, state)
    for rule in spec.stop:
        kind = kind_of(rule)
        if kind in state.set_aside:
            continue
        if not isinstance(rule, StopRule) or isinstance(rule, Elsewhere):
            raise PlannerError(f"the stop rule '{kind}' is not installed here", "run the script that defined it")
        if reason := rule.reason(seen):
            yield kind, reason


def reason_to_stop(spec: CampaignSpec, state: CampaignState) -> str | None:
    """The first rule's reason to end the campaign; None while there is none, or no rule."""
    return next((reason for _, reason in reasons_to_stop(spec, state)), None) if spec.stop else None


def kind_of(rule: object) -> str:
    """What a rule is called in files, or its class where that has no name there."""
    return str(getattr(rule, "kind", f"{type(rule).__module__}:{type(rule).__qualname__}"))
