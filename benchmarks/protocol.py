"""What is the same for all planners: the starts of a seed, and the answer that the lab gives to a trial."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from benchmarks.pools import Pool

STARTS, TRIALS = 2, 50


def starts(pool: Pool, seed: int, n: int = STARTS) -> list[int]:
    """The rows with which every planner begins: drawn at random, equal for all at a seed."""
    return _generator(pool, seed, 0).choice(pool.n, n, replace=False).tolist()


def answer(pool: Pool, seed: int, row: int, readings: str) -> float:
    """What a trial of this row reads: the mean of its replicates, or (readings "single") one of them at random."""
    if readings == "mean":
        return float(pool.values[row])
    return float(_generator(pool, seed, 1 + row).choice(pool.readings[row]))


def _generator(pool: Pool, seed: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng([crc32(pool.name.encode()), seed, purpose])
