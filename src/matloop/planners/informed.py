"""A space as models see it that were told what to expect: beside each point stands what its priors say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import PrivateAttr

from matloop.core.block import Block
from matloop.core.event import Proposal
from matloop.core.merit import values
from matloop.core.objective import Match, Objective
from matloop.core.parameter import Columns
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.models.informed import InformedGaussianProcess
from matloop.planners.candidates import spread
from matloop.planners.inputs import inputs_of
from matloop.planners.prior import Expected, Prior
from matloop.planners.representative import representative
from matloop.planners.search import Search
from matloop.planners.success import Success

#: So many starts are planned before it is asked whether the priors are trusted.
FIRST = 3
#: Points of the space over which a prior has zero mean and unit spread.
REFERENCES = 1024


@dataclass(frozen=True)
class Standardized:
    """What a prior says, with zero mean and (at most) unit spread over the space; zero where it says nothing."""

    expected: Expected
    centre: float
    spread: float
    trust: float

    def __call__(self, columns: Columns) -> np.ndarray:
        found = self.expected(columns)
        return np.where(np.isfinite(found), (found - self.centre) / self.spread, 0.0)


class InformedSpace(Space):
    """`encode` gives what a model sees, then a column for each prior that distinguishes points."""

    _plain: Space = PrivateAttr()
    _priors: dict[str, Standardized] = PrivateAttr()
    #: Columns of the plain encoding: all but those that are a prior.
    _kept: np.ndarray = PrivateAttr()
    _blocks: tuple[Block, ...] = PrivateAttr()

    @classmethod
    def of(cls, space: Space, priors: Mapping[str, Prior]) -> InformedSpace | None:
        """None where no prior distinguishes points."""
        found = {name: _standardized(space, name, prior) for name, prior in priors.items()}
        telling = {name: prior for name, prior in found.items() if prior is not None}
        if not telling or not space.features:
            return None
        new = cls.model_construct(parameters=space.parameters, constraints=space.constraints)
        new._plain, new._priors = space, telling
        new._kept, new._blocks = _without(space, {prior.column for prior in priors.values()} - {None})
        return new

    def encode(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        beside = [prior(dict(columns)) for prior in self._priors.values()]
        return np.column_stack([self._plain.encode(columns)[:, self._kept], *beside])

    def model(self, objective: str) -> InformedGaussianProcess:
        """The model of an objective, not fitted yet."""
        place = {name: len(self._kept) + i for i, name in enumerate(self._priors)}
        trust = self._priors[objective].trust if objective in place else 0.5
        return InformedGaussianProcess(len(self._kept), place.get(objective), self._blocks, trust)

    def is_trusted(self, objectives: Sequence[Objective], observations: Sequence[Observation]) -> bool:
        """Whether, after the first starts, a prior is rather right than wrong: then no more of them are needed."""
        if len(observations) < FIRST:
            return False
        x = inputs_of(self, observations)
        told = [wish for wish in objectives if wish.name in self._priors]
        return any(self.model(wish.name).fit(x, values(wish, observations)).weight_ >= 0.5 for wish in told)

    def promise(self, objectives: Sequence[Objective], columns: Columns) -> np.ndarray:
        """How good the priors say that points are, (n,): the sum of the goals' utilities, or of all thresholds'."""
        told = [wish for wish in objectives if wish.name in self._priors]
        told = [wish for wish in told if not wish.is_threshold] or told
        total = np.zeros(len(next(iter(columns.values()))))
        for wish in told:
            prior = self._priors[wish.name]
            total += np.nan_to_num(wish.utility(prior.expected(columns)) / prior.spread)
        return total

    def most_promising(
        self, objectives: Sequence[Objective], tried: set[Any], rng: np.random.Generator
    ) -> Point | None:
        """The untried point that the priors say is best."""
        return Search(self._plain, rng).highest(lambda columns: self.promise(objectives, columns), tried)


def informed_by(priors: Mapping[str, Prior], space: Space, objectives: Sequence[Objective]) -> InformedSpace | None:
    """What the priors tell; None where they tell nothing, and beside a curve, whose models know nothing of them.

    Raises InputError where a prior is not at hand.
    """
    if not priors or any(isinstance(wish, Match) for wish in objectives):
        return None
    return InformedSpace.of(space, priors)


def starts(
    informed: InformedSpace,
    space: Space,
    objectives: Sequence[Objective],
    known: Sequence[Point],
    tried: set[Any],
    n: int,
    rng: np.random.Generator,
    success: Success | None,
) -> list[Proposal]:
    """The next n starts: in turn where the priors expect most, and where a result tells most about all the others.

    After the first few, which will do if the priors are trusted by then, they are of the second kind.
    """
    whole = [point for point in known if all(variable in point for variable in space.variables)]
    proposals: list[Proposal] = []
    for number in range(len(known), len(known) + n):
        reason = "where the prior expects most"
        point = informed.most_promising(objectives, tried, rng) if number % 2 == 0 and number < FIRST else None
        if point is None:
            reason = "where a result tells most about all the others"
            point = next(representative(space, whole, tried, rng, success), None)
        if point is None:
            break
        whole, tried = [*whole, point], tried | {space.key(point)}
        proposals.append(Proposal(point=point, reason=f"start {reason}"))
    return proposals


def _standardized(space: Space, name: str, prior: Prior) -> Standardized | None:
    if (told := prior.expected(space, name)) is None:
        return None
    expected, least = told
    sample = expected(spread(space, set(), REFERENCES, np.random.Generator(np.random.PCG64(0))))
    sample = sample[np.isfinite(sample)]
    if len(sample) < 2 or np.std(sample) <= 1e-9 * (np.abs(sample).max() + 1e-300):
        return None
    return Standardized(expected, float(sample.mean()), max(float(sample.std()), least), prior.trust)


def _without(space: Space, columns: set[Any]) -> tuple[np.ndarray, tuple[Block, ...]]:
    """The columns of the encoding that are none of these variables, and their blocks; all where none would be left."""
    left = [block for block in space.blocks if space.features[block.start] not in columns]
    if not left:
        return np.arange(len(space.features)), space.blocks
    blocks, start = [], 0
    for block in left:
        blocks.append(replace(block, start=start, stop=start + block.stop - block.start))
        start = blocks[-1].stop
    return np.concatenate([np.arange(block.start, block.stop) for block in left]), tuple(blocks)
