"""The Bayesian planner: a Gaussian process of what was measured, and the point where most improvement is expected."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from matloop.core.event import Prediction, Proposal
from matloop.core.merit import usable
from matloop.core.objective import Objective
from matloop.core.pool import Pool
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.planners.designs import Design, LatinHypercube, Random, Sobol
from matloop.planners.sampling import keys_of

if TYPE_CHECKING:
    from matloop.planners.beliefs import Beliefs


class Bayesian(BaseModel):
    """Learns from every result: after a few space-filling starts, each trial is where improvement is expected most.

    The model is an exact Gaussian process (Matérn 5/2, a length scale for each parameter) for each objective; the
    choice maximizes the logarithm of expected improvement (Ament et al. 2023, arXiv:2310.20708). Pending trials count
    as measured at their expected value. Several goals are joined by a random Chebyshev scalarization for each trial
    (Knowles 2006, doi:10.1109/TEVC.2005.851274); thresholds weigh in with the probability that they are met.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["bayesian"] = "bayesian"
    batch: int = Field(1, ge=1, description="how many trials are planned in the same breath")
    starts: int | None = Field(None, ge=1, description="trials planned before the model takes over")
    design: Literal["random", "sobol", "latin_hypercube"] = Field("latin_hypercube", description="where these lie")

    def propose(
        self,
        space: Space,
        objectives: Sequence[Objective],
        observations: Sequence[Observation],
        pending: Sequence[Point],
        n: int,
        rng: np.random.Generator,
    ) -> list[Proposal]:
        tried = keys_of(space, [*(o.point for o in observations), *pending])
        learned = usable(objectives, observations)
        missing = self._n_starts(space) - len(observations) - len(pending)
        proposals = self._starts(space, tried, n if len(learned) < 2 else min(n, max(missing, 0)), rng)
        if len(proposals) < n and len(learned) >= 2:
            from matloop.models.threads import one_thread  # scipy: only who learns needs to load it
            from matloop.planners.beliefs import Beliefs

            started = [proposal.point for proposal in proposals]
            with one_thread():
                beliefs = Beliefs(space, objectives, learned, rng).with_pending([*pending, *started])
                tried = tried | keys_of(space, started)
                proposals += self._by_model(space, beliefs, tried, n - len(proposals), rng)
        return proposals

    def _n_starts(self, space: Space) -> int:
        """As asked for, or two for each dimension and two; in a small space no more than a quarter of it."""
        if self.starts:
            return self.starts
        parameters = space.parameters.items()
        dimensions = sum(len(p.features(name)) if isinstance(p, Pool) else p.width for name, p in parameters)
        return int(max(2, min(2 * dimensions + 2, 24, space.n_points // 4)))

    def _starts(self, space: Space, tried: set[Any], n: int, rng: np.random.Generator) -> list[Proposal]:
        if n <= 0:
            return []
        size = self._n_starts(space)
        designs: dict[str, Design] = {
            "random": Random(),
            "sobol": Sobol(),
            "latin_hypercube": LatinHypercube(size=size),
        }
        design = designs[self.design]
        reason = f"start {design.reason}"
        return [Proposal(point=point, reason=reason) for point in islice(design.points(space, rng, tried), n)]

    def _by_model(
        self, space: Space, beliefs: Beliefs, tried: set[Any], n: int, rng: np.random.Generator
    ) -> list[Proposal]:
        from matloop.planners.search import highest

        proposals: list[Proposal] = []
        for _ in range(n):
            point = highest(space, beliefs.score, tried, rng)
            if point is None:
                break
            told = beliefs.predictions(point)
            predicted = {k: Prediction(mean=m, std=s) for k, (m, s) in told.items()}
            proposals.append(Proposal(point=point, reason=beliefs.reason(point, told), predicted=predicted))
            tried = tried | {space.key(point)}
            beliefs = beliefs.with_pending([point])
        return proposals
