"""Morgan fingerprints: which surroundings the atoms of a molecule have (Rogers and Hahn 2010)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

from matloop.core.errors import InputError, MissingExtra
from matloop.features.base import Array, Features
from matloop.features.molecule import MoleculeFeaturizer


class Morgan(MoleculeFeaturizer):
    """Which surroundings of up to `radius` bonds atoms have, or with `counts` how often, folded into `bits` columns.

    Radius 2 is known as ECFP4. With `chirality` mirror images differ.
    """

    name: ClassVar[str] = "morgan"
    citations = ("10.1021/ci100050t",)
    per_task: ClassVar[int] = 2000
    is_worth_caching: ClassVar[bool] = False

    def __init__(
        self,
        *,
        radius: int = 2,
        bits: int = 2048,
        counts: bool = False,
        chirality: bool = False,
        on_failure: str = "raise",
    ) -> None:
        super().__init__(on_failure=on_failure)
        self.radius, self.bits, self.counts, self.chirality = radius, bits, counts, chirality

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"morgan {i}" for i in range(self.bits))

    def matrix(self, readings: list[Any]) -> Features:
        _generator(self.radius, self.bits, self.chirality)  # a wrong number is one mistake, not one for each molecule
        return super().matrix(readings)

    def row(self, reading: Any) -> Array:
        generator = _generator(self.radius, self.bits, self.chirality)
        make = generator.GetCountFingerprintAsNumPy if self.counts else generator.GetFingerprintAsNumPy
        found: Array = make(reading).astype(float)
        return found


@lru_cache(maxsize=16)
def _generator(radius: int, bits: int, chirality: bool) -> Any:
    try:
        from rdkit.Chem import rdFingerprintGenerator
    except ImportError as error:
        raise MissingExtra("rdkit", "molecules") from error
    try:
        return rdFingerprintGenerator.GetMorganGenerator(radius=radius, fpSize=bits, includeChirality=chirality)
    except (TypeError, OverflowError, ValueError) as error:
        raise InputError(
            "a fingerprint has a whole radius and a positive number of bits", "radius=2, bits=2048"
        ) from error
