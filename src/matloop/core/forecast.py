"""How many more trials a goal will need, as models imagine it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Forecast:
    """The goal, and what became of it in imagined campaigns.

    `reachable` is the share of those in which some point that is left meets it at all; `trials` are how many more each
    of these needed, infinite where it took more than `most`. Where there is no forecast, `why_not` says why.
    """

    condition: str
    reachable: float = 0.0
    trials: tuple[float, ...] = ()
    most: int = 0
    n_imagined: int = 0
    why_not: str = ""
    is_reached: bool = False

    def quantile(self, share: float) -> float:
        """So many trials are enough in this share of the campaigns that can reach it; infinite where none is."""
        ranked = sorted(self.trials)
        return ranked[max(math.ceil(share * len(ranked)) - 1, 0)] if ranked else math.inf

    def chance(self, n: float) -> float:
        """The share of all imagined campaigns that needed at most n more trials."""
        return sum(trials <= n for trials in self.trials) / max(self.n_imagined, 1)

    def facts(self) -> dict[str, Any]:
        """For other programs: quartiles of the trials needed, infinite where it takes more than `most`."""
        quartiles = [self.quantile(share) for share in (0.25, 0.5, 0.75)] if self.trials else None
        return {
            "condition": self.condition,
            "is_reached": self.is_reached,
            "why_not": self.why_not or None,
            "reachable": None if self.why_not else self.reachable,
            "quartiles": quartiles,
            "followed_for": self.most,
            "campaigns": self.n_imagined,
        }

    def sentence(self, left: int | None = None) -> str:
        """The forecast in words; `left` is how many trials the budget still has."""
        if self.is_reached:
            return self.why_not
        if self.why_not:
            return f"{self.condition}: no forecast, {self.why_not}"
        if not self.trials:
            return f"{self.condition}: out of reach in all {self.n_imagined} imagined campaigns"
        can = f"within reach in {self.reachable:.0%} of {self.n_imagined} imagined campaigns, there after "
        within = f"; within the {left} left of the budget in {self.chance(left):.0%} of all" if left else ""
        return f"{self.condition}: {can}{self._in_trials()}{within}"

    def _in_trials(self) -> str:
        low, median, high = (self.quantile(share) for share in (0.25, 0.5, 0.75))
        if math.isinf(median):
            quick = "" if math.isinf(low) else f" (a quarter of them after {low:.0f})"
            return f"more than {self.most} trials{quick}"
        upper = f"more than {self.most}" if math.isinf(high) else f"{high:.0f}"
        return f"about {median:.0f} more {'trial' if median == 1 else 'trials'} (middle half: {low:.0f} to {upper})"
