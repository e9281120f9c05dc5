"""Featurizers of compositions: cells are formulas ('Fe2O3'), or mappings from element to amount as pymatgen's are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from matloop.core.composition import Amounts, read_formulas
from matloop.features.base import Featurizer

#: Formulas in one group: their intermediate results stay in the processor's cache.
GROUP = 1024


class CompositionFeaturizer(Featurizer):
    """A featurizer whose readings are Amounts, the same for all of them: Combined reads each formula once."""

    kind: ClassVar[str] = "composition"

    @classmethod
    def read(cls, cells: list[Any]) -> tuple[Amounts, dict[int, str]]:
        """The amounts in all cells that are formulas."""
        if not set(map(type, cells)) <= {str}:
            cells = [_written(cell) if isinstance(cell, Mapping) else cell for cell in cells]
        return read_formulas(cells)


def _written(composition: Mapping[Any, float]) -> str:
    """A mapping from element to amount as a formula; what is wrong with it is found where formulas are read."""
    return "".join(f"{element}{float(amount)!r}" for element, amount in composition.items())


def by_count(readings: Amounts) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The formulas in groups of g with the same number of elements k: tables without gaps, which fit into a cache.

    Yields their rows (g,), their elements (g, k) and the fractions of these (g, k).
    """
    counts, fractions = readings.counts, readings.fractions
    for k in np.unique(counts):
        same = np.flatnonzero(counts == k)
        for start in range(0, len(same), GROUP):
            rows = same[start : start + GROUP]
            places = readings.starts[rows, None] + np.arange(k)
            yield rows, readings.elements[places], fractions[places]
