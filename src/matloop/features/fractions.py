"""The atomic fraction of each element (Meredig et al. 2014)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from matloop.core.composition import SYMBOLS, Amounts
from matloop.features.base import Features
from matloop.features.composition import CompositionFeaturizer


class Fractions(CompositionFeaturizer):
    """The atomic fraction of each element in atomic-number order: always the same 118 columns, whatever the data.

    Columns of elements that no formula of a data set holds are zero, and no model minds these; where they do cost
    something, put `sklearn.feature_selection.VarianceThreshold()` behind, which remembers what it saw in `fit`.
    """

    name: ClassVar[str] = "fractions"
    citations = ("10.1103/PhysRevB.89.094104",)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{symbol} fraction" for symbol in SYMBOLS)

    def matrix(self, readings: Amounts) -> Features:
        return Features(np.asarray(readings.matrix), {})
