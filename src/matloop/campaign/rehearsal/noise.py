"""Noise that a rehearsal lays over what the lab answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matloop.core.errors import InputError
from matloop.core.objective import Objective


@dataclass(frozen=True)
class Noise:
    """A standard deviation added to every measured value: in the objective's unit, or in percent of its spread.

    The spread is the standard deviation of the true values of random points. It comes on top of the lab's own noise.
    """

    size: float = 0.0
    is_percent: bool = False

    @property
    def text(self) -> str:
        """As it is written on the command line: 0, 1.5, 20%."""
        return f"{self.size:g}%" if self.is_percent else f"{self.size:g}"

    def sentence(self, objectives: Sequence[Objective]) -> str:
        """What is added, in words."""
        if not self.size:
            return "no noise added"
        unit = objectives[0].unit
        amount = f"{self.size:g} % of the spread" if self.is_percent else f"{self.size:g}{f' {unit}' if unit else ''}"
        return f"noise of {amount} added"


def read_noise(text: str | float, objectives: Sequence[Objective]) -> Noise:
    """0, 1.5 or "20%". Raises InputError for what is no such level, or means nothing for these objectives."""
    words = str(text).strip()
    try:
        noise = Noise(float(words.removesuffix("%")), words.endswith("%"))
    except ValueError:
        raise InputError(f"'{words[:40]}' is no level of noise", "a standard deviation such as 0.5, or 20%") from None
    if not (math.isfinite(noise.size) and noise.size >= 0):
        raise InputError(f"'{words[:40]}' is no level of noise: it must be 0 or more")
    if noise.size and any(getattr(wish, "goal", "") == "match" for wish in objectives):
        raise InputError("noise cannot be added to the distance between curves", "let the lab itself be noisy")
    if noise.size and not noise.is_percent and len(objectives) > 1:
        raise InputError(
            f"a noise of {words} cannot be meant for {len(objectives)} objectives at once",
            "give it in percent of the spread of each: --noise 20%",
        )
    return noise
