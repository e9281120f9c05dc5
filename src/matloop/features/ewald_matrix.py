"""The Ewald sum matrix of a crystal: Faber et al. 2015, doi:10.1002/qua.24917."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from matloop.features.base import Array
from matloop.features.crystal import Crystal
from matloop.features.dscribe_descriptor import DSCRIBE, made
from matloop.features.learned import SpectrumOfAtoms


class EwaldMatrix(SpectrumOfAtoms):
    """Eigenvalues of the matrix of electrostatic energies between sublattices of nuclei."""

    name: ClassVar[str] = "ewald_matrix"
    extra: ClassVar[str | None] = "structures"
    citations = (DSCRIBE, "10.1002/qua.24917")
    per_task: ClassVar[int] = 8

    def eigenvalues(self, crystal: Crystal) -> Array:
        n = len(crystal)
        matrix = made("EwaldSumMatrix", n_atoms_max=n, permutation="none")
        return np.linalg.eigvalsh(np.asarray(matrix.create(crystal.ase, n_jobs=1), float).reshape(n, n))
