"""How many more trials a goal will need, as models imagine it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

#: The interval that is told: in eight of ten campaigns the trials needed lie within.
INTERVAL = 0.1, 0.9


@dataclass(frozen=True)
class Forecast:
    """The goal, and what becomes of it by imagined campaigns and by what these have proved to be worth.

    `reachable` is the chance that some point that is left meets it at all; `trials` are evenly spaced quantiles of how
    many more it needs if so, infinite beyond `most`. Where there is no forecast, `why_not` says why.
    """

    condition: str
    reachable: float = 0.0
    trials: tuple[float, ...] = ()
    most: int = 0
    n_imagined: int = 0
    why_not: str = ""
    is_reached: bool = False

    def quantile(self, share: float) -> float:
        """So many trials are enough with this chance, if it can be reached; infinite beyond `most`."""
        ranked = sorted(self.trials)
        return ranked[max(math.ceil(share * len(ranked)) - 1, 0)] if ranked else math.inf

    def chance(self, n: float) -> float:
        """The chance that it is reached within n more trials."""
        return self.reachable * sum(trials <= n for trials in self.trials) / max(len(self.trials), 1)

    def facts(self) -> dict[str, Any]:
        """For other programs: quantiles of the trials needed, infinite where it takes more than `most`."""
        quartiles = [self.quantile(share) for share in (0.25, 0.5, 0.75)] if self.trials else None
        interval = [self.quantile(share) for share in INTERVAL] if self.trials else None
        return {
            "condition": self.condition,
            "is_reached": self.is_reached,
            "why_not": self.why_not or None,
            "reachable": None if self.why_not else self.reachable,
            "quartiles": quartiles,
            "interval_80": interval,
            "followed_for": self.most,
            "campaigns": self.n_imagined,
        }

    def sentence(self, left: int | None = None) -> str:
        """The forecast in words; `left` is how many trials the budget still has."""
        if self.is_reached:
            return self.why_not
        if self.why_not:
            return f"{self.condition}: no forecast, {self.why_not}"
        if self.reachable < 0.01:
            return f"{self.condition}: hardly within reach, with a chance below 1 %"
        can = f"within reach with a chance of {self.reachable:.0%}, then after {self._in_trials()}"
        within = f"; within the {left} left of the budget with a chance of {self.chance(left):.0%}" if left else ""
        return f"{self.condition}: {can}{within}"

    def _in_trials(self) -> str:
        low, high = (self.quantile(share) for share in INTERVAL)
        median = self.quantile(0.5)
        if math.isinf(median):
            quick = "" if math.isinf(low) else f" (hardly before {low:.0f})"
            return f"more than {self.most} trials{quick}"
        upper = f"more than {self.most}" if math.isinf(high) else f"{high:.0f}"
        return f"about {median:.0f} more {'trial' if median == 1 else 'trials'} (80 %: {low:.0f} to {upper})"
