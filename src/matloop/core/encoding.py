"""How the cells of one column become the numbers that a model sees."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any

import numpy as np

from matloop.core.block import Block, numbers
from matloop.core.molecule import BITS, fingerprints


class Encoding(ABC):
    """Cells of shape (n,) in, columns of shape (n, width) out."""

    @abstractmethod
    def features(self, name: str) -> tuple[str, ...]:
        """A label for each column."""

    @abstractmethod
    def blocks(self) -> tuple[Block, ...]:
        """What the columns mean."""

    @abstractmethod
    def encode(self, cells: np.ndarray) -> np.ndarray:
        """The columns, of floats."""


@dataclass(frozen=True)
class Scaled(Encoding):
    """Numbers from `low` to `low + width`, as 0 to 1."""

    low: float
    width: float

    def features(self, name: str) -> tuple[str, ...]:
        return (name,)

    def blocks(self) -> tuple[Block, ...]:
        return numbers(1)

    def encode(self, cells: np.ndarray) -> np.ndarray:
        return ((np.asarray(cells, float) - self.low) / self.width)[:, None]


@dataclass(frozen=True)
class OneHot(Encoding):
    """Levels without an order, over √2: two different ones lie at distance 1, like the two ends of a number's range."""

    levels: tuple[Any, ...]

    def features(self, name: str) -> tuple[str, ...]:
        return tuple(f"{name}={level}" for level in self.levels)

    def blocks(self) -> tuple[Block, ...]:
        return (Block(0, len(self.levels), "choice"),)

    def encode(self, cells: np.ndarray) -> np.ndarray:
        return self._rows[codes_of(cells, self._codes)]

    @cached_property
    def _codes(self) -> dict[Any, int]:
        return {level: i for i, level in enumerate(self.levels)}

    @cached_property
    def _rows(self) -> np.ndarray:
        """The row of each level, and one of zeros for whatever is none of them."""
        return np.eye(len(self.levels) + 1, len(self.levels)) / math.sqrt(2)


@dataclass(frozen=True)
class Molecules(Encoding):
    """SMILES as Morgan fingerprints; read when they are first asked for, each only once."""

    smiles: tuple[str, ...]

    def features(self, name: str) -> tuple[str, ...]:
        return tuple(f"{name}:{bit}" for bit in range(BITS))

    def blocks(self) -> tuple[Block, ...]:
        return (Block(0, BITS, "fingerprint"),)

    def encode(self, cells: np.ndarray) -> np.ndarray:
        packed = self._packed[codes_of(cells, self._codes)]
        return np.unpackbits(packed, axis=1).astype(float)

    @cached_property
    def _codes(self) -> dict[str, int]:
        return {smiles: i for i, smiles in enumerate(self.smiles)}

    @cached_property
    def _packed(self) -> np.ndarray:
        """Eight bits a byte, shape (n + 1, BITS / 8): the last row, of zeros, is for what is none of them."""
        return np.vstack([fingerprints(self.smiles), np.zeros((1, BITS // 8), np.uint8)])


def codes_of(cells: np.ndarray, codes: Mapping[Any, int]) -> np.ndarray:
    """The code of each cell, shape (n,); one more than the last for a cell that has none."""
    none = len(codes)
    return np.fromiter(map(codes.get, cells.tolist(), repeat(none)), np.int64, len(cells))


def spread_of(values: np.ndarray) -> Scaled | None:
    """The scale of a column of numbers, or None where all are equal."""
    low, high = float(values.min()), float(values.max())
    return Scaled(low, high - low) if high > low else None


def side_by_side(parts: Sequence[np.ndarray], n: int) -> np.ndarray:
    """The parts (n, k) of an encoding as one, which may have no columns at all."""
    return np.concatenate(parts, axis=1) if parts else np.zeros((n, 0))
