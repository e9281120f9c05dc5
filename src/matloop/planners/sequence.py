"""Endless sequences of uniform numbers, and the feasible points in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any

import numpy as np

from matloop.core.space import Point, Space
from matloop.planners.sampling import CHUNK, MOST_DRAWS, Sampler, distinct


def endless(source: Callable[[int], np.ndarray]) -> Iterator[np.ndarray]:
    """Blocks of growing size from a source of uniform numbers."""
    n = 32
    while True:
        yield source(n)
        n = min(2 * n, CHUNK)


def from_blocks(space: Space, blocks: Iterator[np.ndarray], tried: set[Any], skip: int) -> Iterator[Point]:
    """The feasible points of the blocks without those that were tried.

    The first `skip` of them, which a person may have passed over, come last, where there is an end.
    """
    points = _feasible(space, blocks)
    before = list(islice(points, skip))
    for point in chain(points, before):
        if space.key(point) not in tried:
            yield point


def _feasible(space: Space, blocks: Iterator[np.ndarray]) -> Iterator[Point]:
    """The feasible points of the blocks, each once.

    In a finite space, what the blocks are slow to hit comes at the end, so that every point comes. Raises PlannerError
    where nothing is feasible.
    """
    sampler, candidates = Sampler(space), space.candidates()
    seen: set[Any] = set()
    in_vain, patience = 0, MOST_DRAWS if candidates is None else CHUNK
    while in_vain < patience:
        block = next(blocks)
        columns, ok = sampler.columns(block)
        found = list(distinct(space, {v: column[ok] for v, column in columns.items()}, seen))
        seen.update(space.key(point) for point in found)
        in_vain = 0 if found else in_vain + len(block)
        yield from found
    if candidates is not None:
        yield from distinct(space, candidates, seen)
    if not seen:
        raise sampler.nothing_feasible(in_vain)
