"""When to stop, by what a model still expects: too little to gain, or too small a chance of anything better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from matloop.core.errors import Mistake
from matloop.core.objective import Objective
from matloop.core.space import Space
from matloop.core.standing import Standing
from matloop.planners.stopping import Rule, name_of

if TYPE_CHECKING:
    from matloop.planners.gains import Gains

#: Functions drawn to estimate a chance: enough for ± 0.7 % at 5 %.
DRAWS = 1024


class _Prospect(Rule):
    """What rules that ask a model share: they know one goal, and wait until the model has seen something."""

    after: int = Field(10, ge=2, description="not before so many results with a value")

    def mistakes(self, space: Space, objectives: Sequence[Objective]) -> list[Mistake]:
        n_goals = sum(not wish.is_threshold for wish in objectives)
        if n_goals == 1:
            return []
        kind = type(self).model_fields["kind"].default
        return [Mistake(f"stop.{kind}", f"needs one goal, not {n_goals}", "take 'reached' or 'stalled'")]

    def _gains(self, standing: Standing) -> Gains | None:
        """None while there are too few results, or none that meets the thresholds."""
        if len(standing.usable) < self.after:
            return None
        from matloop.planners.gains import gains  # scipy: only who judges needs to load it

        seen = gains(standing)
        return seen if seen.meets.any() else None


class GainBelow(_Prospect):
    """Ends when the best next trial is expected to improve the goal by less than `limit`.

    `of` says what the limit counts in: the goal's unit ("trial"), the noise of one measurement ("noise"), or the goal's
    unit for each unit of cost ("cost").
    """

    main: ClassVar[str] = "limit"

    kind: Literal["gain_below"] = "gain_below"
    limit: float = Field(gt=0, description="the least expected improvement that is worth a trial")
    of: Literal["trial", "noise", "cost"] = Field("trial", description="what the limit counts in")

    def __str__(self) -> str:
        counted = {"trial": "", "noise": " of the noise of one measurement", "cost": " per unit of cost"}[self.of]
        return f"an expected gain below {self.limit:g}{counted}"

    def reason(self, standing: Standing) -> str | None:
        if self.of == "cost" and standing.cost is None:
            return None
        if (seen := self._gains(standing)) is None:
            return None
        gains, limits = seen.expected, self._limits(standing, seen)
        if not len(gains):
            return "every point was tried: nothing is to be gained"
        worth = gains / np.maximum(limits, 1e-300)
        best = int(worth.argmax())
        if worth[best] >= 1.0:
            return None
        unit = f" {seen.goal.unit}" if seen.goal.unit else ""
        of = {
            "trial": "",
            "noise": f", {self.limit:g} of the noise of one measurement",
            "cost": ", what its cost asks for",
        }
        return (
            f"the next trial is expected to gain {gains[best]:.2g}{unit}, below {limits[best]:.2g}{unit}{of[self.of]}"
        )

    def _limits(self, standing: Standing, seen: Gains) -> np.ndarray:
        """What each of the points must bring, (n,), in the goal's unit."""
        n = len(seen.expected)
        if self.of == "noise":
            return np.full(n, self.limit * seen.noise)
        if self.of == "cost" and standing.cost is not None and seen.points is not None:
            return self.limit * standing.cost(seen.points)
        return np.full(n, self.limit)


class ChanceBelow(_Prospect):
    """Ends when a point that is better than the best one by more than `margin` exists with a chance below `limit`."""

    main: ClassVar[str] = "limit"

    kind: Literal["chance_below"] = "chance_below"
    limit: float = Field(gt=0, lt=1, description="the chance, between 0 and 1")
    margin: float = Field(0.0, ge=0, description="better by more than this, in the goal's unit")

    def __str__(self) -> str:
        better = f"something better by more than {self.margin:g}" if self.margin else "anything better"
        return f"a chance of {better} below {self.limit:.3g}"

    def reason(self, standing: Standing) -> str | None:
        if (seen := self._gains(standing)) is None:
            return None
        if seen.least_chance(self.margin) >= self.limit:
            return None
        chance = seen.chance(self.margin, DRAWS)
        if chance >= self.limit:
            return None
        unit = f" {seen.goal.unit}" if seen.goal.unit else ""
        leader, expected = seen.best
        best = f"{seen.goal.name} {expected:.4g}{unit} (trial {name_of(seen.observations[leader].trial)})"
        better = f"better by more than {self.margin:g}{unit}" if self.margin else "better"
        return f"by the model, a point {better} than the best, {best}, exists with a chance of {chance:.1%}"
