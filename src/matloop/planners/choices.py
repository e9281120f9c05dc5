"""Points chosen out of what is allowed, well stratified: a Latin hypercube among constraints, mixtures and pools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, count, islice
from typing import Any

import numpy as np

from matloop.core.parameter import Columns
from matloop.core.seeds import shared, trial_number
from matloop.core.space import Point, Space
from matloop.planners.sampling import Sampler, keys_of
from matloop.planners.sequence import endless, from_blocks
from matloop.planners.stratify import stratified

#: Points out of which a stratified choice is made, the largest choice that is made at once, and how many such choices
#: are made out of a finite space: each takes milliseconds, and later trials come by chance.
CANDIDATES, LARGEST_CHOICE, CHOICES = 1000, 500, 8


def chosen(space: Space, size: int, rng: np.random.Generator, tried: set[Any]) -> Iterator[Point]:
    """One stratified choice after the other out of what is allowed."""
    candidates = space.candidates()
    if candidates is None:
        return _chosen_from_samples(space, size, rng, tried)
    rows = _chosen_rows(space.encode(candidates), _strata_columns(space), size, shared(rng))
    return _rows_in_order(space, candidates, rows, trial_number(rng) - 1, tried)


def _rows_in_order(
    space: Space, candidates: Columns, rows: Iterator[int], skip: int, tried: set[Any]
) -> Iterator[Point]:
    """The untried candidates at these rows; the first `skip`, which a person may have passed over, come last."""
    before = list(islice(rows, skip))
    for row in chain(rows, before):
        (point,) = space.points({name: column[[row]] for name, column in candidates.items()})
        if space.key(point) not in tried:
            yield point


def _chosen_rows(features: np.ndarray, columns: Sequence[int], size: int, rng: np.random.Generator) -> Iterator[int]:
    """All rows of features (N, d): first some choices, each out of what the earlier ones left, then by chance."""
    left = rng.permutation(len(features))
    for _ in range(CHOICES):
        sample = left[: max(CANDIDATES, 10 * size)]
        chosen = stratified(features[sample], size, rng, columns)
        yield from sample[chosen].tolist()
        left = np.delete(left, chosen)
    yield from left.tolist()


def _chosen_from_samples(space: Space, size: int, rng: np.random.Generator, tried: set[Any]) -> Iterator[Point]:
    """Each choice out of a sample of its own, so that only those are made that are needed; in the end by chance."""
    first, start = divmod(trial_number(rng) - 1, size)
    sampler, seen = Sampler(space), set(tried)
    for number in count(first):
        own = _stream(rng, number)
        columns = sampler.draw(lambda n: own.random((n, space.width)), max(CANDIDATES, 10 * size))[1]  # noqa: B023
        order = stratified(space.encode(columns), size, own, _strata_columns(space))
        points = space.points({name: column[order] for name, column in columns.items()})
        new = [point for point in points[start if number == first else 0 :] if space.key(point) not in seen]
        seen |= keys_of(space, new)
        yield from new
        if len(points) < size or (number > first and not new):
            break
    yield from from_blocks(space, endless(lambda n: rng.random((n, space.width))), seen, skip=0)


def _strata_columns(space: Space) -> list[int]:
    """The encoded columns that can be cut into strata: all but the bits of molecules."""
    return [i for block in space.blocks if block.kind != "fingerprint" for i in range(block.start, block.stop)]


def _stream(rng: np.random.Generator, number: int) -> np.random.Generator:
    """The random numbers of the choice with this number, the same for all trials of a campaign."""
    bits = shared(rng).bit_generator
    assert isinstance(bits, np.random.PCG64)
    return np.random.Generator(bits.jumped(number + 1))
