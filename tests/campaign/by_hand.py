"""A small campaign that a person carries out, in memory, for the tests of this folder."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from matloop.campaign.journal import Journal
from matloop.campaign.person import propose
from matloop.core.choice import Choice
from matloop.core.event import Created, Proposal
from matloop.core.objective import Maximize, Minimize
from matloop.core.parameter import Integer, Real
from matloop.core.space import Space
from matloop.core.spec import CampaignSpec, Settings
from matloop.store.sql import SqlStore

SPACE = Space(
    n=Integer(6, 12, step=2),
    theta=Real(0, 200, unit="degree"),
    solvent=Choice(["water", "ethanol", "none"]),
    constraints=["theta <= 190"],
)
TOUGHNESS = (Maximize("toughness", unit="J"),)
BOTH = (Maximize("toughness", unit="J"), Minimize("cost"))


class TinyPlanner(BaseModel):
    """Draws points at random; `most` is how many the space holds."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["tiny"] = "tiny"
    batch: int = 1
    most: int = 10_000

    def propose(
        self, space: Space, objectives: Any, observations: Any, pending: Any, n: int, rng: np.random.Generator
    ) -> list[Proposal]:
        left = self.most - len(observations) - len(pending)
        columns = space.from_unit(rng.uniform(0, 0.9, (max(0, min(n, left)), space.width)))
        return [Proposal(point=point) for point in space.points(columns)]


def definition(objectives: Any = TOUGHNESS, lab: Any = None, space: Space = SPACE, **settings: Any) -> CampaignSpec:
    planner = TinyPlanner(most=settings.pop("most", 10_000))
    return CampaignSpec(
        campaign=Settings(name="bench", **settings), space=space, objective=objectives, planner=planner, lab=lab
    )


def begun(spec: CampaignSpec, store: SqlStore | None = None) -> Journal:
    journal = Journal(store or SqlStore(":memory:"), spec.campaign.name)
    journal.add(Created(spec=spec.to_dict(), key="ab12"))
    return journal


def bench(n: int, objectives: Any = TOUGHNESS, space: Space = SPACE) -> tuple[CampaignSpec, Journal]:
    """A campaign with n trials that wait for results: bench-ab12-0001, …"""
    spec = definition(objectives, space=space)
    journal = begun(spec)
    propose(spec, journal, n)
    return spec, journal
