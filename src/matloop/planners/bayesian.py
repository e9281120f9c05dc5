"""The Bayesian planner: Gaussian processes of what was measured, and the point where a trial is worth most."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from matloop.core.event import Prediction, Proposal
from matloop.core.merit import usable
from matloop.core.objective import Objective
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.planners.designs import Design, LatinHypercube, Random, Sobol
from matloop.planners.sampling import keys_of

if TYPE_CHECKING:
    from matloop.planners.beliefs import Beliefs
    from matloop.planners.success import Success

#: Without another wish so many trials are planned before the model takes over, or one for each option of a choice.
STARTS = 5


class Bayesian(BaseModel):
    """Learns from every result: after a few starts, each trial is where it is expected to be worth most.

    The model is an exact Gaussian process (Matérn 5/2, a length scale for each parameter) for each objective. What a
    trial is worth follows from the objectives (`planners/beliefs.py`); pending trials count as measured at their
    expected value. The starts are the points that tell most about all the others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["bayesian"] = "bayesian"
    batch: int = Field(1, ge=1, description="how many trials are planned in the same breath")
    starts: int | None = Field(None, ge=1, description="trials planned before the model takes over")
    design: Literal["representative", "random", "sobol", "latin_hypercube"] = Field(
        "representative", description="where these lie"
    )

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

        known = [*(o.point for o in observations), *pending]
        tried = keys_of(space, known)
        learned = usable(objectives, observations)
        n_first = n if len(learned) < 2 else min(n, max(self._n_starts(space) - len(known), 0))
        with one_thread():
            success = self._success(space, observations)
            proposals = self._first(space, known, tried, n_first, rng, success)
            if len(proposals) < n and len(learned) >= 2:
                from matloop.planners.beliefs import Beliefs

                started = [proposal.point for proposal in proposals]
                beliefs = Beliefs(space, objectives, learned, rng, success).with_pending([*pending, *started])
                proposals += self._by_model(space, beliefs, tried | keys_of(space, started), n - len(proposals), rng)
        return proposals

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
    ) -> list[Proposal]:
        """The next n starts, after those that are known already."""
        if n <= 0:
            return []
        if self.design == "representative":
            from matloop.planners.representative import representative

            known = [point for point in known if all(variable in point for variable in space.variables)]
            points, reason = representative(space, known, tried, rng, success), "where a result tells most about all the others"
        else:
            size = self._n_starts(space)
            designs: dict[str, Design] = {
                "random": Random(),
                "sobol": Sobol(),
                "latin_hypercube": LatinHypercube(size=size),
            }
            points, reason = designs[self.design].points(space, rng, tried), designs[self.design].reason
        return [Proposal(point=point, reason=f"start {reason}") for point in islice(points, n)]

    def _by_model(
        self, space: Space, beliefs: Beliefs, tried: set[Any], n: int, rng: np.random.Generator
    ) -> list[Proposal]:
        from matloop.planners.search import Search

        search = Search(space, rng)
        proposals: list[Proposal] = []
        for _ in range(n):
            point = search.highest(beliefs.score, tried, beliefs.rough)
            if point is None:
                break
            told = beliefs.predictions(point)
            predicted = {k: Prediction(mean=m, std=s) for k, (m, s) in told.items()}
            proposals.append(Proposal(point=point, reason=beliefs.reason(point, told), predicted=predicted))
            if len(proposals) < n:
                tried = tried | {space.key(point)}
                beliefs = beliefs.with_pending([point])
        return proposals
