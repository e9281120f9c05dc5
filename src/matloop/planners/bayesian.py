"""The Bayesian planner: Gaussian processes of what was measured, and the point where a trial is worth most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PrivateAttr

from matloop.core.cost import Price
from matloop.core.errors import Mistake
from matloop.core.event import Proposal
from matloop.core.objective import Match, Near, Objective
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.planners.compromise import Compromise, Way
from matloop.planners.prior import Prior, prior_mistakes


class Bayesian(BaseModel):
    """Learns from every result: after a few starts, each trial is where it is expected to be worth most.

    The model is an exact Gaussian process (Matérn 5/2, a length scale for each parameter) for each objective. What a
    trial is worth follows from the objectives (`planners/beliefs.py`); pending trials count as measured at their
    expected value. The starts are the points that tell most about all the others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Literal["bayesian"] = "bayesian"
    batch: int = Field(1, ge=1, description="how many trials are planned in the same breath")
    starts: int | None = Field(None, ge=1, description="trials planned before the model takes over")
    design: Literal["representative", "random", "sobol", "latin_hypercube"] = Field(
        "representative", description="where these lie"
    )
    replicates: int = Field(
        1, ge=1, le=1000, description="how often a point is measured at most, where that is worth more than a new one"
    )
    robust: bool = Field(False, description="whether results that their neighbours contradict are set aside")
    per_cost: bool = Field(False, description="whether what a trial brings is weighed by what it costs")
    prior: dict[str, Prior] = Field({}, description="what is known of an objective: name = { column or file = … }")
    several: Way = Field("hypervolume", description="how several goals are joined")
    reference: dict[str, float] = Field({}, description="from where each of several goals counts, in its own unit")
    satisfied: dict[str, float] = Field({}, description="what is good enough of each goal, for desirability")
    weights: dict[str, PositiveFloat] = Field({}, description="how much each goal counts, for desirability")
    batch_by: Literal["fantasies", "penalization"] = Field(
        "fantasies", description="how the trials of a batch are kept apart"
    )

    _price: Price | None = PrivateAttr(None)

    def priced(self, price: Price | None) -> Bayesian:
        """The same planner, which knows what trials cost."""
        new = self.model_copy()
        new._price = price
        return new

    def propose(
        self,
        space: Space,
        objectives: Sequence[Objective],
        observations: Sequence[Observation],
        pending: Sequence[Point],
        n: int,
        rng: np.random.Generator,
    ) -> list[Proposal]:
        from matloop.models.threads import one_thread  # scipy: only who plans needs to load it
        from matloop.planners.ladder import NUMERICAL, instead
        from matloop.planners.round import Round

        with one_thread():
            try:
                return Round(self, space, objectives, observations, pending, rng).proposals(n)
            except NUMERICAL as error:
                return instead(error, space, objectives, observations, pending, n, rng)

    def mistakes(self, space: Space, objectives: Sequence[Objective]) -> list[Mistake]:
        """What is wrong with its settings, seen together with the space and the objectives."""
        found = prior_mistakes(self.prior, space, objectives) + self.compromise.mistakes(objectives)
        if self.batch_by == "penalization" and not self.keeps_apart(objectives):
            message = "penalization is for a single goal to be maximized or minimized, without a prior"
            found.append(Mistake("planner.batch_by", message, "leave it out"))
        if self.robust and (self.prior or any(isinstance(wish, Match) for wish in objectives)):
            message = "robust models are for numbers, without a prior"
            found.append(Mistake("planner.robust", message, "leave it out"))
        told = {"prior": self.prior, "robust": self.robust, "batch_by": self.batch_by == "penalization"}
        found += [
            Mistake(f"planner.{name}", "it does not go together with a fidelity yet", "leave one of them out")
            for name in (name for name, is_asked in told.items() if is_asked and space.fidelity)
        ]
        if self.replicates > 1 and not has_one_number(objectives):
            message = "replicates are weighed for a single goal that is a number"
            found.append(Mistake("planner.replicates", message, "leave it out"))
        return found

    def keeps_apart(self, objectives: Sequence[Objective]) -> bool:
        """Whether pending points are kept clear of: where asked for, with a single plain goal and no prior."""
        is_plain = has_one_number(objectives) and not any(isinstance(wish, Near) for wish in objectives)
        return self.batch_by == "penalization" and is_plain and not self.prior

    @property
    def compromise(self) -> Compromise:
        """What is said of several goals."""
        return Compromise(self.several, self.reference, self.satisfied, self.weights)

    @property
    def price(self) -> Price | None:
        """What trials cost, if a campaign has said it."""
        return self._price


def has_one_number(objectives: Sequence[Objective]) -> bool:
    """Whether there is a single goal, beside thresholds, and it is no curve."""
    goals = [wish for wish in objectives if not wish.is_threshold]
    return len(goals) == 1 and not isinstance(goals[0], Match)
