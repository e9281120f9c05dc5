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

#: Of a larger space, pieces are looked at roughly, and so many leaders (and those that were tried) a second time.
LARGE, LEADING = 20_000, 1024
#: The largest score in single precision.
_MOST = float(np.finfo(np.float32).max)

#: Sampled points, the best of them that are refined, rounds of it, trial steps a round, and how fast these shrink.
SAMPLES, LEADERS, ROUNDS, STEPS, SHRINK = 2048, 6, 8, 40, 0.55


class Search:
    """Looks for the best point of one space again and again, while what is believed grows by pending points.

    A large finite space is gone through once, piece by piece, in memory that does not grow with it: what else is
    pending can only lower the score of a candidate, so the later points of a batch are found among the leaders of the
    first look for as long as one of them stays above all that was left behind.
    """

    def __init__(self, space: Space, rng: np.random.Generator) -> None:
        self._space, self._rng = space, rng
        self._leaders: Columns | None = None
        self._left_behind = np.inf

    def highest(self, score: Score, tried: set[Any], rough: Score | None = None) -> Point | None:
        """The untried feasible point with the highest score; None where every point was tried.

        `rough`, where given, is a cheaper score, good enough to find the leaders of a large space.
        """
        if self._space.n_points <= LARGE:
            columns = self._space.candidates()
            assert columns is not None
            return _first_untried(self._space, columns, score(columns), tried) if _size(columns) else None
        if self._space.is_streamable:
            return self._among_leaders(score, tried, rough or score)
        return _by_sampling(self._space, score, tried, self._rng)

    def _among_leaders(self, score: Score, tried: set[Any], rough: Score) -> Point | None:
        for is_fresh in (self._leaders is None, True):
            if is_fresh:
                self._look_at_all(rough, LEADING + len(tried))
            if self._leaders is None:
                return None
            scores = score(self._leaders)
            point = _first_untried(self._space, self._leaders, scores, tried)
            if point and (is_fresh or float(score(self._space.columns([point]))[0]) >= self._left_behind):
                return point
        return None

    def _look_at_all(self, rough: Score, n: int) -> None:
        """Keep the n leaders of the whole space, and the best score that is not among them."""
        self._leaders, scores, self._left_behind = None, np.empty(0, np.float32), -np.inf
        for piece in self._space.chunks():
            new = np.clip(np.nan_to_num(rough(piece), nan=-np.inf), -_MOST, _MOST).astype(np.float32)
            mine = np.argpartition(-new, n)[:n] if len(new) > n else np.arange(len(new))
            columns = {name: column[mine] for name, column in piece.items()}
            if self._leaders is not None:
                columns = {name: np.concatenate([self._leaders[name], column]) for name, column in columns.items()}
            together = np.concatenate([scores, new[mine]])
            self._left_behind = max(self._left_behind, _best_but(new, len(mine)), _best_but(together, n))
            kept = np.sort(np.argpartition(-together, n)[:n]) if len(together) > n else np.arange(len(together))
            self._leaders, scores = {name: column[kept] for name, column in columns.items()}, together[kept]


def _best_but(scores: np.ndarray, n: int) -> float:
    """The highest score after the n best."""
    return float(-np.partition(-scores, n)[n]) if len(scores) > n else -np.inf


def highest(space: Space, score: Score, tried: set[Any], rng: np.random.Generator) -> Point | None:
    """The untried feasible point with the highest score; None where every point was tried."""
    return Search(space, rng).highest(score, tried)


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
