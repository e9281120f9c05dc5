"""A genetic algorithm: the best so far have children that resemble them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, Literal

import numpy as np
from pydantic import Field

from matloop.core.event import Proposal
from matloop.core.merit import shortfall, values
from matloop.core.objective import Objective
from matloop.core.parameter import Columns
from matloop.core.space import Point
from matloop.core.trial import Observation
from matloop.planners.designs import Random
from matloop.planners.genome import TOP, Genome
from matloop.planners.learner import Learner, Task

#: Children made at once, and how often more are made, each time less like their parents, where all were tried.
CHILDREN, ROUNDS = 64, 8
#: How alike children are (Deb et al. 2002): the indices of crossover and mutation, and the share that is crossed.
CROSSOVER, MUTATION, CROSSED = 20.0, 20.0, 0.9


class Genetic(Learner):
    """NSGA-II (Deb et al. 2002, doi:10.1109/4235.996017), in which the population are the best of all trials so far.

    Parents are chosen by tournaments: what meets the thresholds before what does not, then by nondominated front,
    then by crowding distance. Children come by simulated binary crossover and polynomial mutation of the uniform
    numbers behind points, and through the same door as every point: constraints hold by construction. Children that
    rather fail than succeed, by what has failed so far, are not tried. It predicts no values and costs next to
    nothing: for very many cheap trials.
    """

    kind: Literal["genetic"] = "genetic"
    population: int = Field(10, ge=2, description="how many of the best trials may have children")

    def choose(self, task: Task, n: int) -> list[Proposal]:
        best = survivors(task.objectives, task.observations, self.population)
        parents = [task.observations[i] for i in best]
        genome, tried = Genome(task.space, task.rng), set(task.tried)
        proposals: list[Proposal] = []
        genes = genome.genes([parent.location for parent in parents])
        for round_ in range(ROUNDS):
            pairs = task.rng.integers(len(parents), size=(CHILDREN, 2, 2)).min(axis=2)  # tournaments: best come first
            children = _children(genes[pairs[:, 0]], genes[pairs[:, 1]], genome.is_choice, round_, task.rng)
            columns, ok = genome.columns(children)
            points = task.space.points(columns)
            for i in np.flatnonzero(ok & _viable(task, columns)).tolist():
                if len(proposals) < n and (key := task.space.key(points[i])) not in tried:
                    tried.add(key)
                    proposals.append(_born(points[i], [parents[j] for j in pairs[i]]))
        reason = "drawn at random: the best trials have no untried neighbours left"
        strangers = _strangers(task, tried, n - len(proposals))
        return proposals + [Proposal(point=point, reason=reason) for point in strangers]


def survivors(objectives: Sequence[Objective], observations: Sequence[Observation], most: int) -> list[int]:
    """The positions of the best trials, best first: by front, and within a front by crowding distance."""
    from matloop.models.pareto import non_dominated

    missed = shortfall(objectives, observations)
    goals = [goal for goal in objectives if not goal.is_threshold]
    table = np.column_stack([goal.utility(values(goal, observations)) for goal in goals] or [-missed])
    good, bad = np.flatnonzero(missed <= 0), np.flatnonzero(missed > 0)
    ranked: list[int] = []
    while len(good) and len(ranked) < most:
        first = non_dominated(table[good])
        front, good = good[first], good[~first]
        ranked += front[np.argsort(-crowding(table[front]), kind="stable")].tolist()
    return [*ranked, *bad[np.argsort(missed[bad], kind="stable")].tolist()][:most]


def crowding(table: np.ndarray) -> np.ndarray:
    """How far apart the neighbours of each row of a front (n, m) lie, summed over goals, (n,); infinite at its ends."""
    total = np.zeros(len(table))
    for column in table.T:
        order = np.argsort(column, kind="stable")
        span = float(np.ptp(column)) or 1.0
        total[order[[0, -1]]] = np.inf
        total[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / span
    return total


def _children(
    mothers: np.ndarray, fathers: np.ndarray, is_choice: np.ndarray, round_: int, rng: np.random.Generator
) -> np.ndarray:
    """A child (n, g) of each pair; in later rounds more of its genes change, and by more."""
    n, width = mothers.shape
    crossed = (rng.random((n, 1)) < CROSSED) & (rng.random((n, width)) < 0.5)
    children = np.where(crossed, _crossed(mothers, fathers, is_choice, rng), mothers)
    changed = rng.random((n, width)) < min(1.0, 2.0**round_ / width)
    return np.where(changed, _mutated(children, is_choice, MUTATION / 2.0**round_, rng), children)


def _crossed(mothers: np.ndarray, fathers: np.ndarray, is_choice: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Simulated binary crossover (Deb & Agrawal 1995, Complex Systems 9, 115); a choice is the father's."""
    u = rng.random(mothers.shape)
    beta = np.where(u <= 0.5, 2.0 * u, 1.0 / (2.0 * (1.0 - u))) ** (1.0 / (CROSSOVER + 1.0))
    side = np.where(rng.random(mothers.shape) < 0.5, 1.0, -1.0)
    child = 0.5 * (mothers + fathers + side * beta * (fathers - mothers))
    return np.where(is_choice, fathers, np.clip(child, 0.0, TOP))


def _mutated(genes: np.ndarray, is_choice: np.ndarray, index: float, rng: np.random.Generator) -> np.ndarray:
    """Polynomial mutation (Deb et al. 2002) within 0…1; a choice is drawn anew."""
    u = rng.random(genes.shape)
    shift = np.where(
        u < 0.5, (2.0 * u) ** (1.0 / (index + 1.0)) - 1.0, 1.0 - (2.0 * (1.0 - u)) ** (1.0 / (index + 1.0))
    )
    return np.where(is_choice, u, np.clip(genes + shift, 0.0, TOP))


def _viable(task: Task, columns: Columns) -> np.ndarray:
    """Which points (n,) rather succeed than fail, by what has failed so far."""
    n = len(next(iter(columns.values())))
    return np.ones(n, bool) if task.success is None else task.success.probabilities(columns) >= 0.5


def _strangers(task: Task, tried: set[Any], n: int) -> list[Point]:
    """n random points, or where something has failed, those of more that are likeliest to succeed."""
    drawn = list(islice(Random().points(task.space, task.rng, tried), n if task.success is None else max(n, CHILDREN)))
    if task.success is None or n == 0 or not drawn:
        return drawn[:n]
    order = np.argsort(-task.success.probabilities(task.space.columns(drawn)), kind="stable")
    return [drawn[i] for i in order[:n]]


def _born(point: Point, parents: Sequence[Observation]) -> Proposal:
    names = " and ".join(dict.fromkeys(parent.trial for parent in parents))
    return Proposal(point=point, reason=f"a child of {names}, crossed and changed")
