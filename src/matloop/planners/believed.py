"""What a planner believes of the results so far: the one place where its settings become models.

Whoever judges a campaign (the rules that end it, the forecast, `matloop why`) asks here, and so judges by what the
planner chooses by: its priors, and what failures have taught.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from matloop.core.objective import Objective
from matloop.core.parameter import Columns
from matloop.core.space import Space
from matloop.core.standing import Standing
from matloop.planners.informed import informed_by
from matloop.planners.success import Success
from matloop.planners.surrogates import Surrogate, fit_objectives


def seen(planner: Any, space: Space, objectives: Sequence[Objective]) -> Space:
    """The space as the models of this planner see it. Raises InputError where its prior is not at hand."""
    return informed_by(getattr(planner, "prior", None) or {}, space, objectives) or space


@dataclass(frozen=True)
class Believed:
    """A model of each objective, and how likely trials succeed; `space` is what the models see.

    The standing has one usable observation at least.
    """

    space: Space
    standing: Standing

    @classmethod
    def of(cls, standing: Standing) -> Believed:
        """Raises InputError where the planner's prior is not at hand."""
        return cls(seen(standing.planner, standing.space, standing.objectives), standing)

    @cached_property
    def models(self) -> Mapping[str, Surrogate]:
        is_robust = getattr(self.standing.planner, "robust", False)
        return fit_objectives(self.space, self.standing.objectives, self.standing.usable, is_robust=is_robust)

    @cached_property
    def success(self) -> Success | None:
        """None where nothing has failed."""
        return Success.learned(self.standing.space, self.standing.observations)

    def probability(self, columns: Columns) -> np.ndarray:
        """That trials at n points succeed, (n,)."""
        n = len(next(iter(columns.values())))
        return np.ones(n) if self.success is None else self.success.probabilities(columns)
