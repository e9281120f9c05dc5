"""How many more trials the goal of a campaign will need, by what is known now."""

from __future__ import annotations

import time

from matloop.campaign.ending import n_planned, standing
from matloop.core.errors import InputError
from matloop.core.forecast import Forecast
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState
from matloop.core.trial import Status
from matloop.planners.stopping import Reached

#: Fewer results than this teach a model too little to imagine the rest.
FEWEST = 5
#: How far an imagined campaign is followed.
MOST = 100
#: A run that is watched spends at most this share of its time on forecasts, and this many seconds lie between two.
SHARE, LEAST_PAUSE = 0.02, 5.0


def forecast(spec: CampaignSpec, state: CampaignState) -> Forecast | None:
    """The forecast; None where no goal is given that a result could reach. It costs some 0.3 s."""
    goal = next((rule for rule in spec.stop if isinstance(rule, Reached)), None)
    if goal is None:
        return None
    seen = standing(spec, state)
    if met := goal.reason(seen):
        return Forecast(goal.condition, why_not=met, is_reached=True)
    if goal.replicates > 1:
        return Forecast(str(goal), why_not="since it asks for replicates, which no imagined campaign measures")
    if (n := len(seen.usable)) < FEWEST:
        return Forecast(goal.condition, why_not=f"a model needs at least {FEWEST} results, so far there are {n}")
    from matloop.planners.experience import chance_of_reach, expected_trials
    from matloop.planners.imagined import trials_until  # scipy: only who looks ahead needs to load it

    try:
        trials, can = trials_until(seen, goal.expression, MOST)
    except InputError as error:  # a prior that only its script has
        return Forecast(goal.condition, why_not=f"since {error.message}")
    needed = expected_trials(trials, can, len(seen.observations), seen.space.n_points - len(seen.observations), MOST)
    return Forecast(goal.condition, chance_of_reach(can), tuple(needed.tolist()), MOST, len(can))


def trials_left(spec: CampaignSpec, state: CampaignState) -> int | None:
    """How many results the budget of trials still allows; None without one."""
    if spec.campaign.budget is None:
        return None
    open_trials = len(state.of_status(Status.RUNNING, Status.PLANNED, Status.UNKNOWN))
    return max(spec.campaign.budget - n_planned(state) + open_trials, 0)


class Outlook:
    """The forecast in a sentence for who watches a run: looked at anew so seldom that it slows nothing down."""

    def __init__(self, spec: CampaignSpec) -> None:
        self.sentence = ""
        self._spec = spec
        self._has_goal = any(isinstance(rule, Reached) for rule in spec.stop)
        self._next_at = 0.0

    def look(self, state: CampaignState) -> None:
        """Make the forecast anew, if there is a goal and it is time for it again."""
        began = time.monotonic()
        if not self._has_goal or began < self._next_at:
            return
        told = forecast(self._spec, state)
        if told is None or told.why_not:  # nothing to show, and nothing was spent on it
            self.sentence = ""
            return
        self.sentence = told.sentence(trials_left(self._spec, state))
        now = time.monotonic()
        self._next_at = now + max(LEAST_PAUSE, (now - began) / SHARE)
