"""What is rehearsed: one campaign, and the variations of it that are compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from matloop.campaign.rehearsal.noise import Noise
from matloop.campaign.rehearsal.truth import quiet, true_values
from matloop.core.contracts import Planner
from matloop.core.errors import InputError
from matloop.core.seeds import generator
from matloop.core.spec import CampaignSpec
from matloop.planners.designs import Random

#: Random search is carried on to so many times the budget, for how much later it reaches what a planner reached.
BEYOND = 10
#: Random points from which the spread of an objective is known.
PROBES = 1000


@dataclass(frozen=True)
class Configuration:
    """One planner with one batch size at one level of noise; `label` is the planner's name for people."""

    label: str
    planner: Planner
    definition: str
    batch: int
    noise: Noise

    @property
    def is_random(self) -> bool:
        """Whether it is the yardstick, random search: its batch size changes nothing."""
        return type(self.planner) is Random

    @property
    def name(self) -> str:
        """The planner and the batch size in words."""
        return self.label if self.is_random else f"{self.label}, batch {self.batch}"

    @property
    def key(self) -> str:
        """What its records are known by: the definition of the planner, the batch size, the noise."""
        return json.dumps([self.definition, self.batch, self.noise.text])


@dataclass(frozen=True)
class Scene:
    """One campaign on a simulated lab that has been prepared, and its variations.

    The first `starts` trials of each seed are the same for every planner, drawn at random; with 0, each planner
    begins as it would in earnest.
    """

    spec: CampaignSpec
    lab: Any
    configurations: tuple[Configuration, ...]
    budget: int
    starts: int = 0

    @cached_property
    def quiet_lab(self) -> Any:
        """The same lab without noise; None where that is not known, as of a function."""
        return quiet(self.lab, self.spec)

    @cached_property
    def spread(self) -> np.ndarray:
        """The standard deviation of each objective over random points, (m,): what a noise in percent counts from."""
        points = self.random_points(min(PROBES, self.budget) if self.quiet_lab is None else PROBES)
        return np.nanstd(true_values(self.spec, self.quiet_lab or self.lab, points), axis=0)

    def std_of(self, noise: Noise) -> np.ndarray:
        """The standard deviation that a level of noise adds to each objective, (m,)."""
        return noise.size / 100 * self.spread if noise.is_percent else np.full(len(self.spec.objectives), noise.size)

    def random_points(self, n: int) -> list[dict[str, Any]]:
        """So many random points of the space; fewer where it has no more."""
        rng = generator(self.spec.campaign.seed, 0)
        return [p.point for p in Random().propose(self.spec.space, self.spec.objectives, [], [], n, rng)]

    def horizon(self, configuration: Configuration) -> int:
        """How many trials it is followed for: random search further than the budget, where the truth is for free."""
        is_followed = configuration.is_random and self.quiet_lab is not None
        return int(min(self.budget * BEYOND if is_followed else self.budget, self.spec.space.n_points))

    def at_level(self, noise: Noise) -> list[Configuration]:
        """The configurations at one level of noise."""
        return [c for c in self.configurations if c.noise == noise]

    @property
    def levels(self) -> list[Noise]:
        """The levels of noise, as they were given."""
        return list(dict.fromkeys(c.noise for c in self.configurations))


def require_simulated(lab: Any) -> None:
    """Raise InputError for a lab that cannot be rehearsed on: hundreds of campaigns must touch nothing real."""
    kind = str(getattr(lab, "kind", "")) if lab is not None else "person"
    if getattr(lab, "is_simulated", False) or (kind == "function" and str(lab.effect) == "none"):
        return
    instead = "take --lab replay or --lab emulator with --data TABLE, or a campaign file with a twin"
    if kind == "function":
        instead = 'if a call is only a calculation, say so: effect = "none"'
    what = {"person": "a person carries", "function": "a function carries", "command": "a program carries"}
    who = what.get(kind, f"the lab '{kind}' carries")
    raise InputError(f"{who} these trials out for real: they cannot be rehearsed", instead)


def unique(configurations: Sequence[Configuration]) -> tuple[Configuration, ...]:
    """Each configuration once."""
    return tuple({c.key: c for c in configurations}.values())
