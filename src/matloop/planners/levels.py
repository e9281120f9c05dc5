"""At which fidelity a point is tried: where a trial takes away most of what is uncertain there, for its cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np

from matloop.core.cost import Price
from matloop.core.fidelity import Fidelity
from matloop.core.space import Point, Space
from matloop.models.across_fidelities import AcrossFidelities
from matloop.planners.beliefs import CHEAPEST, Beliefs

#: So many starts are tried at every level: only side by side can levels be compared. The others are rough alone.
COMPARED = 3
#: What tells a smaller share than this is not tried, and no trial counts as cheaper than this share of a true one.
LEAST_TOLD, FREE = 0.01, 1e-3


@dataclass(frozen=True)
class Levels:
    """The levels of a space's fidelity, and what a trial costs."""

    space: Space
    name: str
    fidelity: Fidelity
    price: Price

    @property
    def are_cheaper(self) -> bool:
        """Whether a rougher trial costs less than a true one, by a point in the middle of the space."""
        (point,) = self.space.points(self.space.from_unit(np.full((1, self.space.width), 0.5)))
        costs = self.price(self.space.columns([{**point, self.name: level} for level in self.fidelity.levels]))
        return bool((costs[:-1] < costs[-1]).any())

    def at_every(self, point: Point) -> Iterator[Point]:
        """The point at each level at which it may be tried and costs less than at the true one, the roughest first."""
        options = [{**point, self.name: level} for level in self.fidelity.levels]
        costs = self.price(self.space.columns(options))
        for option, cost in zip(options, costs, strict=True):
            is_useful = cost < costs[-1] or self.space.is_true(option)
            if is_useful and not self.space.problems(option):
                yield option

    def n_starts(self, n: int) -> int:
        """How many trials it takes to start at n points."""
        return n + min(n, COMPARED) * (len(self.fidelity.levels) - 1)

    def starts(self, known: Sequence[Point], new: Iterable[Point], tried: set[Any]) -> Iterator[Point]:
        """Starts one after the other: known points at the levels that they still lack, then new ones."""
        seen = set(tried)
        number: dict[Any, int] = {}
        for point in chain(known, new):
            place = self.space.key({**point, self.name: self.fidelity.truth})
            is_compared = number.setdefault(place, len(number)) < COMPARED
            for option in islice(self.at_every(point), None if is_compared else 1):
                if (key := self.space.key(option)) not in seen:
                    seen.add(key)
                    yield option

    def best_for(self, beliefs: Beliefs, point: Point, tried: set[Any]) -> tuple[Point, str]:
        """The point at the level that tells most for its cost, and why, in words; the true one where all are tried."""
        options = [p for p in self.at_every(point) if self.space.key(p) not in tried]
        if len(options) < 2:
            return (options or [point])[0], ""
        columns = self.space.columns(options)
        true_cost = max(float(self.price(self.space.columns([point]))[0]), CHEAPEST)
        told, cost = self._shares(beliefs, point, options), np.maximum(self.price(columns), FREE * true_cost)
        best = int(np.argmax(np.where(told < LEAST_TOLD, 0.0, told / cost)))
        if self.space.is_true(options[best]):
            return options[best], ""
        why = f"; at {self.name} {options[best][self.name]}, which tells {told[best]:.0%} of what is unknown of it"
        return options[best], f"{why} for {cost[best] / true_cost:.0%} of the cost"

    def _shares(self, beliefs: Beliefs, point: Point, options: list[Point]) -> np.ndarray:
        """The share of the variance at the true level that a trial at each option takes away, mean over objectives."""
        x = beliefs.seen.encode(self.space.columns([point, *options]))
        shares = []
        for surrogate in beliefs.models.values():
            model = surrogate.model.inner if isinstance(surrogate.model, AcrossFidelities) else surrogate.model
            unit = float(model.outcome_scale_) ** 2 or 1.0  # squares of a covariance in its own unit may overflow
            covariance, noise = model.predict(x, return_cov=True)[1] / unit, model.noise_variance_ / unit
            variance = np.maximum(covariance.diagonal(), 1e-14)
            shares.append(covariance[0, 1:] ** 2 / (variance[0] * (variance[1:] + noise)))
        return np.mean(shares, axis=0)
