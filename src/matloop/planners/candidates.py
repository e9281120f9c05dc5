"""A manageable set of points on which a joint posterior can be looked at: all of a small space, or a sample."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import numpy as np

from matloop.core.parameter import Columns
from matloop.core.space import Space
from matloop.planners.sampling import Sampler
from matloop.planners.search import Score

#: Random points of a space that cannot be enumerated; then so many rounds of so many steps around so many leaders.
SAMPLES, ROUNDS, LEADERS, STEPS, SHRINK = 2048, 5, 8, 32, 0.5


def spread(space: Space, tried: Set[Any], most: int, rng: np.random.Generator) -> Columns:
    """All points of the space where there are at most so many, else a sample; tried ones are among them.

    A sample of a finite space is larger by the number of tried points, so that it cannot consist of these alone.
    """
    columns = space.candidates()
    if columns is None:
        return Sampler(space).draw(lambda n: rng.random((n, space.width)), most)[1]
    if size(columns) <= most + len(tried):
        return columns
    return rows(columns, np.sort(rng.choice(size(columns), most + len(tried), replace=False)))


def promising(space: Space, score: Score, tried: Set[Any], most: int, rng: np.random.Generator) -> Columns:
    """Up to `most` untried points: half of them those with the highest scores, the others at random."""
    columns = space.candidates()
    if columns is None:
        columns = _around_leaders(space, score, rng)
    by_score = np.argsort(-score(columns), kind="stable") if size(columns) else np.array([], int)
    half = most // 2 + len(tried)
    chosen = np.concatenate([by_score[:half], rng.permutation(by_score[half:])[: most - most // 2]])
    columns = rows(columns, chosen)
    return rows(columns, np.flatnonzero(untried(space, columns, tried))[:most])


def _around_leaders(space: Space, score: Score, rng: np.random.Generator) -> Columns:
    """Random points, and ever smaller steps around the best of them in the uniform numbers behind."""
    sampler, step = Sampler(space), 0.2
    u, columns = sampler.draw(lambda n: rng.random((n, space.width)), SAMPLES)
    scores = score(columns)
    for _ in range(ROUNDS):
        near = np.repeat(u[np.argsort(-scores, kind="stable")[:LEADERS]], STEPS, axis=0)
        near = np.clip(near + step * rng.standard_normal(near.shape), 0.0, 1.0 - 1e-12)
        found, ok = sampler.columns(near)
        if ok.any():
            found = rows(found, ok)
            columns = {name: np.concatenate([column, found[name]]) for name, column in columns.items()}
            u, scores = np.concatenate([u, near[ok]]), np.concatenate([scores, score(found)])
        step *= SHRINK
    return columns


def untried(space: Space, columns: Columns, tried: Set[Any]) -> np.ndarray:
    """Which rows have neither been tried nor come before: boolean, (n,)."""
    seen = set(tried)
    new = np.zeros(size(columns), bool)
    for i, point in enumerate(space.points(columns)):
        key = space.key(point)
        new[i] = key not in seen
        seen.add(key)
    return new


def rows(columns: Columns, index: np.ndarray) -> Columns:
    """The rows at these positions, or where this mask is true."""
    return {name: column[index] for name, column in columns.items()}


def size(columns: Columns) -> int:
    """The number of rows."""
    return len(next(iter(columns.values())))
