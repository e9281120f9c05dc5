"""Thompson sampling: imagine how everything may be, and go where that is best."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from matloop.core.event import Proposal
from matloop.core.parameter import Columns
from matloop.planners.learner import Learner, Task

#: The points on which a function is drawn jointly; the work grows with the cube of it.
POINTS = 1000
#: Points are looked for where the outcome may be so many standard deviations better than expected.
BRIGHT = 2.0


class Thompson(Learner):
    """Each trial is the best point of one function drawn from the posterior of a Gaussian process.

    Thompson 1933 (doi:10.1093/biomet/25.3-4.285). A batch is several draws, and trials under way change nothing but
    that they are not repeated (Kandasamy et al. 2018, Parallelised Bayesian Optimisation via Thompson Sampling,
    arXiv:1705.09236). With thresholds, the best among the points where the drawn functions meet them counts, or else
    the one that misses them least (Eriksson & Poloczek 2021, arXiv:2002.08526). A draw is exact on up to 1,000
    points: all of a small space; of a larger one 500 of the most promising points and 500 others.
    """

    kind: Literal["thompson"] = "thompson"

    def choose(self, task: Task, n: int) -> list[Proposal]:
        from matloop.planners.candidates import promising, rows, size
        from matloop.planners.draws import draws
        from matloop.planners.outlook import GaussianOutlook, proposal
        from matloop.planners.wishes import Wishes

        outlook = GaussianOutlook.of(replace(task, pending=[]))
        wishes = [Wishes(task.objectives, task.observations, task.rng) for _ in range(n)]

        def sober(scores: np.ndarray, columns: Columns) -> np.ndarray:
            return task.success.sober(scores, columns) if task.success else scores

        def bright(columns: Columns) -> np.ndarray:
            return sober(wishes[0].bright(outlook.expect(columns), BRIGHT), columns)

        columns = promising(task.space, bright, task.tried, POINTS, task.rng)
        if not size(columns):
            return []
        drawn = {name: draws(model, columns, n, task.rng) for name, model in outlook.models.items()}
        left, proposals = np.ones(size(columns), bool), []
        for i in range(min(n, size(columns))):
            scores = wishes[i].score({wish.name: wish.utility(drawn[wish.name][i]) for wish in task.objectives})
            best = int(np.where(left, sober(scores, columns), -np.inf).argmax())
            left[best] = False
            point = task.space.points(rows(columns, np.array([best])))[0]
            imagined = ", ".join(f"{wish.name} {drawn[wish.name][i, best]:.4g}" for wish in task.objectives)
            proposals.append(proposal(task, outlook, point, f"the best of one imagined course ({imagined})"))
        return proposals
