"""The sine matrix of a crystal: Faber et al. 2015, doi:10.1002/qua.24917."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from matloop.core.composition import COLUMN
from matloop.features.base import Array
from matloop.features.crystal import Crystal
from matloop.features.learned import SpectrumOfAtoms

_BOHR = 0.529177210903


class SineMatrix(SpectrumOfAtoms):
    """Eigenvalues of the sine matrix, the Coulomb matrix of a periodic crystal, in hartree.

    M_ij = Z_i Z_j / |B sin²(π B⁻¹ (r_i - r_j))| with the cell B, M_ii = 0.5 Z_i^2.4.
    """

    name: ClassVar[str] = "sine_matrix"
    citations = ("10.1002/qua.24917",)

    @property
    def units(self) -> tuple[str | None, ...]:
        return ("hartree",) * len(self.names)

    def eigenvalues(self, crystal: Crystal) -> Array:
        return np.asarray(np.linalg.eigvalsh(sine_matrix(crystal)), float)


def sine_matrix(crystal: Crystal) -> NDArray[np.float64]:
    """The matrix (n, n)."""
    structure = crystal.structure
    charges = np.array([COLUMN[symbol] + 1.0 for symbol in structure.symbols])
    apart = structure.fractional[:, None] - structure.fractional[None]
    distance = np.linalg.norm(np.sin(np.pi * apart) ** 2 @ structure.lattice, axis=2)
    np.fill_diagonal(distance, 1.0)
    matrix: NDArray[np.float64] = np.outer(charges, charges) / (distance / _BOHR)
    np.fill_diagonal(matrix, 0.5 * charges**2.4)
    return matrix
