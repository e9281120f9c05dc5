"""Where an acquisition function is highest: among all candidates of a finite space, or by sampling and refining."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from matloop.core.parameter import Columns
from matloop.core.space import Point, Space
from matloop.planners.sampling import Sampler

#: From columns of n points to their scores, shape (n,).
Score = Callable[[Columns], np.ndarray]

#: Sampled points, the best of them that are refined, rounds of it, trial steps a round, and how fast these shrink.
SAMPLES, LEADERS, ROUNDS, STEPS, SHRINK = 2048, 6, 8, 40, 0.55


def highest(space: Space, score: Score, tried: set[Any], rng: np.random.Generator) -> Point | None:
    """The untried feasible point with the highest score; None where every point was tried."""
    candidates = space.candidates()
    if candidates is None:
        return _by_sampling(space, score, tried, rng)
    return _first_untried(space, candidates, score(candidates), tried) if _size(candidates) else None


def _size(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _first_untried(space: Space, columns: Columns, scores: np.ndarray, tried: set[Any]) -> Point | None:
    """The row with the highest score that was not tried. Rows are looked at a few at a time, best first."""
    scores = np.where(np.isnan(scores), -np.inf, scores)
    few = min(len(scores), len(tried) + 1)
    if few < len(scores):  # where no two rows are equal, one of so many is new
        leaders = np.argpartition(-scores, few - 1)[:few]
        if point := _first_new(space, columns, leaders[np.argsort(-scores[leaders], kind="stable")], tried):
            return point
    return _first_new(space, columns, np.argsort(-scores, kind="stable"), tried)


def _first_new(space: Space, columns: Columns, rows: np.ndarray, tried: set[Any]) -> Point | None:
    points = space.points({name: column[rows] for name, column in columns.items()})
    return next((point for point in points if space.key(point) not in tried), None)


def _by_sampling(space: Space, score: Score, tried: set[Any], rng: np.random.Generator) -> Point | None:
    """Random points first; then small steps around the best of them, made in the uniform numbers behind them.

    Every step goes through the same door as every sample, so that grids, mixtures and constraints hold by themselves.
    """
    sampler = Sampler(space)
    u, columns = sampler.draw(lambda n: rng.random((n, space.width)), SAMPLES)
    scores = score(columns)
    everywhere = columns, scores
    step = 0.2
    for _ in range(ROUNDS):
        best = np.argsort(-scores, kind="stable")[:LEADERS]
        near = np.repeat(u[best], STEPS, axis=0)
        moved = rng.random(near.shape) < max(0.5, 1.0 / space.width)
        near = np.clip(near + step * moved * rng.standard_normal(near.shape), 0.0, 1.0 - 1e-12)
        found, ok = sampler.columns(near)
        if ok.any():
            u = np.concatenate([u[best], near[ok]])
            columns = {v: np.concatenate([columns[v][best], found[v][ok]]) for v in columns}
            scores = np.concatenate([scores[best], score({v: column[ok] for v, column in found.items()})])
        step *= SHRINK
    return _first_untried(space, columns, scores, tried) or _first_untried(space, *everywhere, tried)
