"""Cholesky factors straight from LAPACK: no copies and no checks that a 50 × 50 matrix would feel."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dtrsm, strsm
from scipy.linalg.lapack import dpotrf, dpotrs

Array = NDArray[np.float64]

JITTERS = (0.0, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0)
"""Added to the diagonal, in this order, until the matrix is positive definite."""


def factor(K: Array) -> Array | None:
    """The lower triangle L (n, n) with K = L Lᵀ, zeros above; None where K is not positive definite."""
    L, info = dpotrf(K, lower=1, clean=1)
    return L if info == 0 else None


def factor_with_jitter(K: Array) -> tuple[Array, float]:
    """L and the smallest jitter of the ladder that made K positive definite.

    Raises LinAlgError where even the last step does not help: then K is no covariance (or not finite).
    """
    for jitter in JITTERS:
        L = factor(K + jitter * np.eye(len(K)))
        if L is not None:
            return L, jitter
    raise np.linalg.LinAlgError("not a covariance matrix: it is not finite, or far from positive definite")


def solve(L: Array, b: Array) -> Array:
    """K⁻¹ b of the shape of b: (n,) or (n, k)."""
    return dpotrs(L, b, lower=1)[0]


def solve_lower(L: NDArray[Any], B: NDArray[Any]) -> NDArray[Any]:
    """L⁻¹ B (n, k), in the precision of L."""
    return np.asarray((strsm if L.dtype == np.float32 else dtrsm)(1.0, L, B, lower=1))


def extend(L: Array, cross: Array, corner: Array) -> Array | None:
    """The factor of [[K, crossᵀ], [cross, corner]] from that of K, in O(n²k); None where it has none.

    cross (k, n) and corner (k, k) are the covariances of k added rows with the old ones and among themselves.
    """
    lower_left = solve_lower(L, cross.T).T
    lower_right = factor(corner - lower_left @ lower_left.T)
    if lower_right is None:
        return None
    return np.block([[L, np.zeros((len(L), len(corner)))], [lower_left, lower_right]])
