"""One call of the Bayesian planner: from what is known to the next trials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.core.cost import Price, price_of
from matloop.core.event import Prediction, Proposal
from matloop.core.merit import usable
from matloop.core.objective import Objective
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.planners import informed as by_priors
from matloop.planners.again import Again
from matloop.planners.bayesian import has_one_number
from matloop.planners.beliefs import Beliefs
from matloop.planners.designs import Design, LatinHypercube, Random, Sobol
from matloop.planners.levels import Levels
from matloop.planners.representative import representative
from matloop.planners.sampling import keys_of
from matloop.planners.search import Search
from matloop.planners.success import Success

if TYPE_CHECKING:
    from matloop.planners.bayesian import Bayesian

#: Without another wish so many trials are planned before the model takes over, or one for each option of a choice, and
#: never more than this.
STARTS, MOST_STARTS = 5, 24
#: What is said of a pool whose columns no model can use.
NOTHING_TO_SEE = "the candidates have no properties from which a model could learn"
#: A chance of success below this one is told.
SURE = 0.95


class Round:
    """What the planner knows in this call; its parts are worked out when they are first needed."""

    def __init__(
        self,
        planner: Bayesian,
        space: Space,
        objectives: Sequence[Objective],
        observations: Sequence[Observation],
        pending: Sequence[Point],
        rng: np.random.Generator,
    ) -> None:
        self.planner, self.space, self.objectives, self.rng = planner, space, objectives, rng
        self.observations, self.pending = observations, pending
        self.known = [*(o.point for o in observations), *pending]
        self.tried = keys_of(space, self.known)

    def proposals(self, n: int) -> list[Proposal]:
        """The next n trials: starts first, and where enough is known the points that are worth most."""
        if not self.space.features:
            points = islice(Random().points(self.space, self.rng, self.tried), n)
            return [Proposal(point=point, reason=f"drawn at random: {NOTHING_TO_SEE}") for point in points]
        proposals = self._starts(min(n, self._n_starts_left) if self._is_enough else n)
        if len(proposals) < n and self._is_enough:
            proposals += self._by_model(n - len(proposals), [proposal.point for proposal in proposals])
        return proposals

    # -- what is known ------------------------------------------------------------------------------------------

    @cached_property
    def learned(self) -> list[Observation]:
        """The observations from which models learn."""
        return usable(self.objectives, self.observations)

    @cached_property
    def informed(self) -> by_priors.InformedSpace | None:
        """What the priors tell, if there are any."""
        return by_priors.informed_by(self.planner.prior, self.space, self.objectives)

    @cached_property
    def success(self) -> Success | None:
        """What failures have taught, if there are any."""
        return Success.learned(self.space, self.observations)

    @cached_property
    def price(self) -> Price | None:
        """What trials cost, if that is known."""
        return self.planner.price or price_of(self.space, None)

    @cached_property
    def levels(self) -> Levels | None:
        """The fidelities among which is chosen; none where nothing says that a rough result is cheaper."""
        if self.space.fidelity is None or self.price is None:
            return None
        levels = Levels(self.space, *self.space.fidelity, self.price)
        return levels if levels.are_cheaper else None

    @property
    def _is_enough(self) -> bool:
        """Whether a model can be asked. Where most fails, the first that does not is a place to stay near."""
        return len(self.learned) >= (2 if self.success is None else 1)

    # -- starts -------------------------------------------------------------------------------------------------

    @cached_property
    def n_starts(self) -> int:
        """As asked for, or five, or one for each option of a choice; in a small space no more than a quarter of it."""
        widest = max((block.stop - block.start for block in self.space.blocks if block.kind == "choice"), default=0)
        usual = int(max(2, min(max(STARTS, widest), MOST_STARTS, self.space.n_points // 4)))
        return self.planner.starts or usual

    @property
    def _n_starts_left(self) -> int:
        if self.informed and self.planner.starts is None and self.informed.is_trusted(self.objectives, self.learned):
            return 0
        n = self.levels.n_starts(self.n_starts) if self.levels else self.n_starts
        return max(n - len(self.known), 0)

    def _starts(self, n: int) -> list[Proposal]:
        """The next n starts, after what is known already."""
        if n <= 0:
            return []
        if self.informed:
            task = self.space, self.objectives, self.known, self.tried, n, self.rng, self.success
            return by_priors.starts(self.informed, *task)
        is_lost = self.success is not None and len(self.known) >= self.n_starts
        if self.planner.design == "representative" or is_lost:
            whole = [point for point in self.known if all(variable in point for variable in self.space.variables)]
            points = representative(self.space, whole, self.tried, self.rng, self.success)
            reason = "where a result tells most about all the others"
        else:
            design = self._design
            points, reason = design.points(self.space, self.rng, self.tried), design.reason
        if is_lost:
            reason += ", as hardly anything has succeeded yet"
        chosen = islice(self.levels.starts(self.known, points, self.tried) if self.levels else points, n)
        return [Proposal(point=point, reason=f"start {reason}{self._doubt(point)}") for point in chosen]

    @property
    def _design(self) -> Design:
        designs: dict[str, Design] = {
            "random": Random(),
            "sobol": Sobol(),
            "latin_hypercube": LatinHypercube(size=self.n_starts),
        }
        return designs[self.planner.design]

    # -- what is worth most -------------------------------------------------------------------------------------

    def _by_model(self, n: int, started: Sequence[Point]) -> list[Proposal]:
        """Up to n points that are worth most, one after the other; `started` are those planned in this call."""
        beliefs, search = self._beliefs(started), Search(self.space, self.rng)
        again, tried = self._again(started), self.tried | keys_of(self.space, started)
        proposals: list[Proposal] = []
        for _ in range(n):
            repeated = again.worth_more(beliefs, tried) if again else None
            point = repeated or search.highest(beliefs.score, tried, beliefs.rough)
            if point is None:
                break
            at_level = ""
            if self.levels and not repeated:
                point, at_level = self.levels.best_for(beliefs, point, tried)
            motive = again.motive(point) if again and repeated else ""
            proposals.append(self._proposal(beliefs, point, motive, at_level))
            if len(proposals) < n:
                tried = tried | {self.space.key(point)}
                again = again and again.with_pending(point)
                beliefs = beliefs.with_pending([point])
        return proposals

    def _beliefs(self, started: Sequence[Point]) -> Beliefs:
        """With what is under way imagined, or kept clear of."""
        beliefs = Beliefs(
            self.space,
            self.objectives,
            self.learned,
            self.rng,
            self.success,
            self.informed,
            self.planner.compromise,
            price=self.price if self.planner.per_cost else None,
            is_robust=self.planner.robust,
        )
        if self.planner.keeps_apart(self.objectives) and self.space.fidelity is None:
            beliefs = beliefs.keeping_apart()
        return beliefs.with_pending([*self.pending, *started])

    def _again(self, started: Sequence[Point]) -> Again | None:
        """What may be measured again, if replicates are allowed."""
        if self.planner.replicates == 1 or not has_one_number(self.objectives):
            return None
        times: Counter[Any] = Counter(map(self.space.key, (o.point for o in self.observations)))
        under_way = keys_of(self.space, [*self.pending, *started])
        measured = [o.point for o in self.learned if self.space.is_true(o.location)]
        return Again(self.space, measured, times, self.planner.replicates, under_way, self.rng)

    def _proposal(self, beliefs: Beliefs, point: Point, motive: str, at_level: str) -> Proposal:
        told = beliefs.predictions(point)
        reason = beliefs.reason(point, told, motive, self.planner.replicates) + self._doubt(point) + at_level
        predicted = {name: Prediction(mean=mean, std=std) for name, (mean, std) in told.items()}
        return Proposal(point=point, reason=reason, predicted=predicted)

    def _doubt(self, point: Point) -> str:
        """The chance that the trial succeeds, in words, where that is not beyond doubt."""
        chance = self.success.probability(point) if self.success else 1.0
        return f"; {chance:.0%} likely to succeed" if chance < SURE else ""
