"""Random numbers that depend on the campaign's seed and the trial's number alone, so that a journal can be replayed."""

from __future__ import annotations

import numpy as np


def generator(seed: int, number: int) -> np.random.Generator:
    """The generator of the trial with this number."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(number,))))


def shared(rng: np.random.Generator) -> np.random.Generator:
    """The generator that all trials of a campaign share: for designs that are drawn once and used point by point."""
    sequence = rng.bit_generator.seed_seq
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(getattr(sequence, "entropy", 0))))


def trial_number(rng: np.random.Generator) -> int:
    """The number of the trial that this generator belongs to; 1 for a generator that belongs to none."""
    key = getattr(rng.bit_generator.seed_seq, "spawn_key", ())
    return int(key[0]) if key else 1
