"""Featurizers of compositions for columns of structures: what a structure is made of is in it."""

from __future__ import annotations

from typing import ClassVar

from matloop.core.composition import read_formulas
from matloop.features.base import Features, Featurizer
from matloop.features.crystal import Crystal, CrystalFeaturizer


class OfStructure(Featurizer):
    """`OfStructure(Magpie())` takes structures where Magpie takes formulas. Combined puts it around by itself."""

    kind: ClassVar[str] = "structure"
    is_worth_caching: ClassVar[bool] = False
    read = CrystalFeaturizer.read  # the same, so that the readings are shared

    def __init__(self, featurizer: Featurizer, *, on_failure: str = "raise") -> None:
        super().__init__(on_failure=on_failure)
        self.featurizer = featurizer

    def matrix(self, readings: list[Crystal]) -> Features:
        formulas = ["".join(f"{e}{n!r}" for e, n in each.structure.composition.items()) for each in readings]
        amounts, unread = read_formulas(formulas)
        return self.featurizer.of_readings(amounts).among(len(readings), unread)

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.featurizer.name

    @property
    def names(self) -> tuple[str, ...]:
        return self.featurizer.names

    @property
    def units(self) -> tuple[str | None, ...]:
        return self.featurizer.units

    @property
    def citations(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.featurizer.citations
