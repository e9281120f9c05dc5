"""Symmetric matrices as the n (n + 1)/2 numbers of their lower triangle, and their Cholesky factors.

LAPACK's rectangular full packed format: no more numbers than these are worked out, by the same fast routines as for
whole matrices (Gustavson, Waśniewski, Dongarra & Langou 2010, doi:10.1145/1731022.1731028). What is elementwise can be
done to the packed numbers as to any vector.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpftrf, dpftri, dpftrs, dsfrk, dtrttf

Array = NDArray[np.float64]

_LOWER = {"transr": "N", "uplo": "L"}


def packed(A: Array) -> Array:
    """The numbers (n (n + 1)/2,) of a symmetric A (n, n)."""
    return np.asarray(dtrttf(A.T, **_LOWER)[0])  # its transpose is the same to us, and LAPACK's own order of numbers


def diagonal(n: int) -> NDArray[np.intp]:
    """Where the diagonal stands among the packed numbers of an n × n matrix, (n,), from its first to its last."""
    half, is_even = (n + 1) // 2, n % 2 == 0
    first, second = np.arange(half), np.arange(n - half)
    step = n + is_even  # numbers in a column: the second half of the triangle fills the corner that the first leaves
    return np.concatenate([first * (step + 1) + is_even, second * (step + 1) + (0 if is_even else step)])


def factor(n: int, K: Array) -> Array | None:
    """L with K = L Lᵀ, packed as K, whose memory it takes over; None where K is not positive definite."""
    L, info = dpftrf(n, K, **_LOWER, overwrite_a=1)
    return L if info == 0 else None


def solve(L: Array, b: Array) -> Array:
    """K⁻¹ b (n,)."""
    return dpftrs(len(b), L, b, **_LOWER)[0]


def outer_less_inverse(alpha: Array, L: Array) -> Array:
    """ααᵀ − K⁻¹, packed, for α (n,); it takes over the memory of L."""
    n = len(alpha)
    inverse: Any = dpftri(n, L, **_LOWER, overwrite_a=1)[0]
    return dsfrk(n, 1, 1.0, alpha[:, None], -1.0, inverse, **_LOWER, overwrite_c=1)
