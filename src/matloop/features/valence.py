"""Which shells the valence electrons are in (Ward et al. 2016; Deml et al. 2016)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from matloop.core.composition import Amounts
from matloop.features.base import Features
from matloop.features.composition import CompositionFeaturizer, unknown
from matloop.features.element_table import element_table

SHELLS = "spdf"
PROPERTIES = ("NsValence", "NpValence", "NdValence", "NfValence", "NValence")


class Valence(CompositionFeaturizer):
    """Mean number of valence electrons of an atom in s, p, d and f shells, and the share of each shell in their sum.

    Equal to matminer's ValenceOrbital. The table ends at copernicium; `impute` takes the mean of all others beyond it.
    """

    name: ClassVar[str] = "valence"
    citations = ("10.1038/npjcompumats.2016.28", "10.1103/PhysRevB.93.085142")

    def __init__(self, *, impute: bool = True, on_failure: str = "raise") -> None:
        super().__init__(on_failure=on_failure)
        self.impute = impute

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{what} {shell} valence electrons" for what in ("avg", "frac") for shell in SHELLS)

    def matrix(self, readings: Amounts) -> Features:
        table = element_table("magpie", PROPERTIES, self.impute)
        means = readings.mean(table)
        shells, total = means[:, :-1], means[:, -1:]
        return Features(np.hstack([shells, shells / total]), unknown(readings, table, PROPERTIES))
