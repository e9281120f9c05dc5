"""How many elements, and how evenly they are mixed: norms of the atomic fractions (Ward et al. 2016).

The p-norm of fractions x is (Σ xᵢᵖ)^(1/p), and their number for p = 0. Equal to matminer's Stoichiometry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from matloop.core.composition import Amounts
from matloop.features.base import FeatureError, Features
from matloop.features.composition import CompositionFeaturizer


class Stoichiometry(CompositionFeaturizer):
    """The p-norms of the atomic fractions; `p` are not negative, and 0 stands for the number of elements."""

    name: ClassVar[str] = "stoichiometry"
    citations = ("10.1038/npjcompumats.2016.28",)

    def __init__(self, *, p: Sequence[float] = (0, 2, 3, 5, 7, 10), on_failure: str = "raise") -> None:
        super().__init__(on_failure=on_failure)
        self.p = p

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{p:g}-norm" for p in self.p)

    def matrix(self, readings: Amounts) -> Features:
        if any(p < 0 for p in self.p):
            raise FeatureError(f"there is no {min(self.p):g}-norm", "p is 0 or more")
        values = np.empty((len(readings), len(self.p)))
        fractions = readings.fractions
        for column, p in enumerate(self.p):
            if p == 0 or not len(readings):
                values[:, column] = readings.counts
            else:
                values[:, column] = np.add.reduceat(fractions**p, readings.starts[:-1]) ** (1 / p)
        return Features(values, {})
