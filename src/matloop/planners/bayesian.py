"""The Bayesian planner: Gaussian processes of what was measured, and the point where a trial is worth most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PrivateAttr

from matloop.core.cost import Price, price_of
from matloop.core.errors import Mistake
from matloop.core.event import Prediction, Proposal
from matloop.core.merit import usable
from matloop.core.objective import Match, Near, Objective
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.planners.compromise import Compromise, Way
from matloop.planners.designs import Design, LatinHypercube, Random, Sobol
from matloop.planners.prior import Prior, prior_mistakes
from matloop.planners.sampling import keys_of

if TYPE_CHECKING:
    from matloop.planners.again import Again
    from matloop.planners.beliefs import Beliefs
    from matloop.planners.informed import InformedSpace
    from matloop.planners.levels import Levels
    from matloop.planners.success import Success

#: Without another wish so many trials are planned before the model takes over, or one for each option of a choice.
STARTS = 5
#: What is said of a pool whose columns no model can use.
NOTHING_TO_SEE = "the candidates have no properties from which a model could learn"
#: A chance of success below this one is told.
SURE = 0.95


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

        task = space, objectives, observations, pending, n, rng
        with one_thread():
            try:
                return self._planned(*task)
            except NUMERICAL as error:
                return instead(error, *task)

    def _planned(
        self,
        space: Space,
        objectives: Sequence[Objective],
        observations: Sequence[Observation],
        pending: Sequence[Point],
        n: int,
        rng: np.random.Generator,
    ) -> list[Proposal]:
        known = [*(o.point for o in observations), *pending]
        tried = keys_of(space, known)
        if not space.features:
            points = islice(Random().points(space, rng, tried), n)
            return [Proposal(point=point, reason=f"drawn at random: {NOTHING_TO_SEE}") for point in points]
        learned = usable(objectives, observations)
        informed = self._informed(space, objectives)
        price = self._price or price_of(space, None)
        levels = self._levels(space, price)
        n_starts = levels.n_starts(self._n_starts(space)) if levels else self._n_starts(space)
        if informed and self.starts is None and informed.is_trusted(objectives, learned):
            n_starts = 0
        success = self._success(space, observations)
        enough = 2 if success is None else 1  # where most fails, the first that does not is a place to stay near
        n_first = n if len(learned) < enough else min(n, max(n_starts - len(known), 0))
        if informed:
            from matloop.planners.informed import starts

            proposals = starts(informed, space, objectives, known, tried, n_first, rng, success)
        else:
            proposals = self._first(space, known, tried, n_first, rng, success, levels)
        if len(proposals) < n and len(learned) >= enough:
            from matloop.planners.beliefs import Beliefs

            started = [proposal.point for proposal in proposals]
            price = price if self.per_cost else None
            beliefs = Beliefs(space, objectives, learned, rng, success, informed, self._compromise(), price)
            if self._keeps_apart(objectives):
                beliefs = beliefs.keeping_apart()
            beliefs = beliefs.with_pending([*pending, *started])
            again = self._again(space, objectives, observations, [*pending, *started], rng)
            tried |= keys_of(space, started)
            proposals += self._by_model(space, beliefs, tried, n - len(proposals), rng, again, levels)
        return proposals

    def mistakes(self, space: Space, objectives: Sequence[Objective]) -> list[Mistake]:
        """What is wrong with its settings, seen together with the space and the objectives."""
        found = prior_mistakes(self.prior, space, objectives) + self._compromise().mistakes(objectives)
        if self.batch_by == "penalization" and not self._keeps_apart(objectives):
            message = "penalization is for a single goal to be maximized or minimized, without a prior"
            found.append(Mistake("planner.batch_by", message, "leave it out"))
        if self.replicates > 1 and not _has_one_number(objectives):
            message = "replicates are weighed for a single goal that is a number"
            found.append(Mistake("planner.replicates", message, "leave it out"))
        return found

    def _keeps_apart(self, objectives: Sequence[Objective]) -> bool:
        """Whether pending points are kept clear of: where asked for, with a single plain goal and no prior."""
        is_plain = _has_one_number(objectives) and not any(isinstance(wish, Near) for wish in objectives)
        return self.batch_by == "penalization" and is_plain and not self.prior

    def _compromise(self) -> Compromise:
        return Compromise(self.several, self.reference, self.satisfied, self.weights)

    def _informed(self, space: Space, objectives: Sequence[Objective]) -> InformedSpace | None:
        """What the priors tell, if there are any."""
        if not self.prior:
            return None
        from matloop.planners.informed import informed_by

        return informed_by(self.prior, space, objectives)

    def _levels(self, space: Space, price: Price | None) -> Levels | None:
        """The fidelities among which is chosen; none where nothing says that a rough result is cheaper."""
        if space.fidelity is None or price is None:
            return None
        from matloop.planners.levels import Levels

        return Levels(space, *space.fidelity, price)

    def _n_starts(self, space: Space) -> int:
        """As asked for, or five, or one for each option of a choice; in a small space no more than a quarter of it."""
        widest = max((block.stop - block.start for block in space.blocks if block.kind == "choice"), default=0)
        return self.starts or int(max(2, min(max(STARTS, widest), 24, space.n_points // 4)))

    def _success(self, space: Space, observations: Sequence[Observation]) -> Success | None:
        """What failures have taught, if there are any."""
        if all(o.failed is None for o in observations):
            return None
        from matloop.planners.success import Success

        return Success.learned(space, observations)

    def _first(
        self,
        space: Space,
        known: Sequence[Point],
        tried: set[Any],
        n: int,
        rng: np.random.Generator,
        success: Success | None,
        levels: Levels | None,
    ) -> list[Proposal]:
        """The next n starts, after those that are known already."""
        if n <= 0:
            return []
        is_lost = success is not None and len(known) >= self._n_starts(space)
        if self.design == "representative" or is_lost:
            from matloop.planners.representative import representative

            known = [point for point in known if all(variable in point for variable in space.variables)]
            points = representative(space, known, tried, rng, success)
            reason = "where a result tells most about all the others"
        else:
            size = self._n_starts(space)
            designs: dict[str, Design] = {
                "random": Random(),
                "sobol": Sobol(),
                "latin_hypercube": LatinHypercube(size=size),
            }
            points, reason = designs[self.design].points(space, rng, tried), designs[self.design].reason
        if is_lost:
            reason += ", as hardly anything has succeeded yet"
        chosen = islice(levels.starts(known, points, tried) if levels else points, n)
        return [Proposal(point=p, reason=f"start {reason}{_doubt(success, p)}") for p in chosen]

    def _again(
        self,
        space: Space,
        objectives: Sequence[Objective],
        observations: Sequence[Observation],
        pending: Sequence[Point],
        rng: np.random.Generator,
    ) -> Again | None:
        """What may be measured again, if replicates are allowed."""
        if self.replicates == 1 or not _has_one_number(objectives):
            return None
        from matloop.planners.again import Again

        times = Counter(map(space.key, (o.point for o in observations)))
        measured = [o.point for o in usable(objectives, observations)]
        return Again(space, measured, times, self.replicates, keys_of(space, pending), rng)

    def _by_model(
        self,
        space: Space,
        beliefs: Beliefs,
        tried: set[Any],
        n: int,
        rng: np.random.Generator,
        again: Again | None = None,
        levels: Levels | None = None,
    ) -> list[Proposal]:
        from matloop.planners.search import Search

        search = Search(space, rng)
        proposals: list[Proposal] = []
        for _ in range(n):
            repeated = again.worth_more(beliefs, tried) if again else None
            point = repeated or search.highest(beliefs.score, tried, beliefs.rough)
            if point is None:
                break
            point, at_level = levels.best_for(beliefs, point, tried) if levels and not repeated else (point, "")
            told = beliefs.predictions(point)
            predicted = {k: Prediction(mean=m, std=s) for k, (m, s) in told.items()}
            reason = beliefs.reason(point, told, again.motive(point) if again and repeated else "", self.replicates)
            reason += _doubt(beliefs.success, point) + at_level
            proposals.append(Proposal(point=point, reason=reason, predicted=predicted))
            if len(proposals) < n:
                tried = tried | {space.key(point)}
                again = again and again.with_pending(point)
                beliefs = beliefs.with_pending([point])
        return proposals


def _has_one_number(objectives: Sequence[Objective]) -> bool:
    """Whether there is a single goal, beside thresholds, and it is no curve."""
    goals = [wish for wish in objectives if not wish.is_threshold]
    return len(goals) == 1 and not isinstance(goals[0], Match)


def _doubt(success: Success | None, point: Point) -> str:
    """The chance that the trial succeeds, in words, where that is not beyond doubt."""
    chance = success.probability(point) if success else 1.0
    return f"; {chance:.0%} likely to succeed" if chance < SURE else ""
