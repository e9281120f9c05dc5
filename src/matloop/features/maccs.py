"""The 166 public MACCS keys: whether a molecule has certain groups (Durant et al. 2002)."""

from __future__ import annotations

from typing import Any, ClassVar

from matloop.features.base import Array
from matloop.features.molecule import MoleculeFeaturizer

_KEYS = 166


class Maccs(MoleculeFeaturizer):
    """The 166 public MACCS keys, whether a molecule has certain groups, as RDKit implements them."""

    name: ClassVar[str] = "maccs"
    citations = ("10.1021/ci010132r",)
    per_task: ClassVar[int] = 500

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"maccs {key}" for key in range(1, _KEYS + 1))

    def row(self, reading: Any) -> Array:
        import numpy as np
        from rdkit.Chem import rdMolDescriptors

        bits = np.zeros(_KEYS + 1)
        bits[list(rdMolDescriptors.GetMACCSKeysFingerprint(reading).GetOnBits())] = 1.0
        return bits[1:]  # there is no key 0
