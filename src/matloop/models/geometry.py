"""How far apart inputs lie, in each group of columns that share a length scale.

A stationary kernel needs one number for two inputs: s = Σ_g D_g(a, b) / ℓ_g², a squared distance D_g for each group.

    a number       (a − b)²
    a choice       0 for the same option, 1 for another one (Hamming): squared distance of one-hot columns over √2
    a fingerprint  1 − T(a, b), with Tanimoto's similarity T = a·b / (|a|² + |b|² − a·b)

Each of them is a squared Euclidean distance in some space (for T: Gower & Legendre 1986, doi:10.1007/BF01896809, where
1 − T is shown to be one), so every f that makes a kernel of s for numbers makes one for all (Schoenberg 1938,
doi:10.1090/S0002-9947-1938-1501980-0).

Symbols: A (n, d) and B (m, d) are inputs, G the number of groups, ℓ (G,) the length scales.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matloop.core.block import Block, numbers

#: Of double or single precision: what comes out has that of what goes in.
Array = NDArray[Any]


class Geometry:
    """The groups of the columns of an input. Without blocks each column is a number with its own length scale."""

    def __init__(self, n_columns: int, blocks: Sequence[Block] | None = None) -> None:
        self.blocks = numbers(n_columns) if blocks is None else tuple(blocks)
        if (self.blocks[-1].stop if self.blocks else 0) != n_columns:
            raise ValueError(f"the blocks describe {self.blocks[-1].stop} columns, but there are {n_columns}")

    @property
    def n_groups(self) -> int:
        return len(self.blocks)

    @cached_property
    def _fingerprints(self) -> list[tuple[int, slice]]:
        return [(g, slice(b.start, b.stop)) for g, b in enumerate(self.blocks) if b.kind == "fingerprint"]

    @cached_property
    def _plain(self) -> NDArray[np.intp] | slice:
        """The columns with an ordinary distance."""
        if not self._fingerprints:
            return slice(None)
        return np.array([i for b in self.blocks if b.kind != "fingerprint" for i in range(b.start, b.stop)], int)

    @cached_property
    def _group_of_plain(self) -> NDArray[np.intp]:
        """The group of each of these columns."""
        plain = [(g, b.stop - b.start) for g, b in enumerate(self.blocks) if b.kind != "fingerprint"]
        return np.repeat([g for g, _ in plain], [width for _, width in plain]).astype(int)

    def by_group(self, A: Array) -> Array:
        """D (G, n, n) among the rows of A: what a search for length scales needs once."""
        D = np.empty((self.n_groups, len(A), len(A)))
        for g, block in enumerate(self.blocks):
            a = A[:, block.start : block.stop]
            if block.kind == "number":
                np.square(np.subtract(a, a.T, out=D[g]), out=D[g])
            else:
                D[g] = tanimoto_distance(a, a) if block.kind == "fingerprint" else squared_distances(a, a)
        return D

    def squared_distances(self, A: Array, B: Array, length_scale: Array) -> Array:
        """s (n, m) between the rows of A and of B."""
        scale = length_scale[self._group_of_plain].astype(A.dtype, copy=False)
        s = squared_distances(A[:, self._plain] / scale, B[:, self._plain] / scale)
        for g, columns in self._fingerprints:
            s += tanimoto_distance(A[:, columns], B[:, columns]) / length_scale[g] ** 2
        return s

    def weighted_input_gradient(self, slope: Array, weights: Array, A: Array, B: Array, length_scale: Array) -> Array:
        """Σ_j w_ij ∂k(a_i, b_j)/∂a_i (n, d), from slope = f′(s) (n, m) and weights w (n, m).

        As ∂k/∂a = 2 f′(s) (a − b) / ℓ², the sum needs no array of n × m × d numbers. Zero along fingerprints, whose
        bits nobody moves.
        """
        pull = slope * weights
        gradient = np.zeros_like(A)
        plain = self._plain
        towards = pull.sum(axis=1)[:, None] * A[:, plain] - pull @ B[:, plain]
        gradient[:, plain] = 2.0 * towards / length_scale[self._group_of_plain] ** 2
        return gradient


def squared_distances(a: Array, b: Array) -> Array:
    """Squared Euclidean distances (n, m) between the rows of a and of b."""
    s = (-2.0 * a) @ b.T
    s += np.einsum("ij,ij->i", a, a)[:, None]
    s += np.einsum("ij,ij->i", b, b)
    return np.maximum(s, 0.0, out=s)


def tanimoto_distance(a: Array, b: Array) -> Array:
    """1 − T (n, m) between rows of counts or bits; two empty ones are alike."""
    shared = a @ b.T
    either = np.einsum("ij,ij->i", a, a)[:, None] + np.einsum("ij,ij->i", b, b) - shared
    return 1.0 - np.divide(shared, either, out=np.ones_like(shared), where=either > 0)
