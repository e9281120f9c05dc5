"""Featurizers of compositions: cells are formulas ('Fe2O3'), or mappings from element to amount as pymatgen's are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from matloop.core.composition import SYMBOLS, Amounts, read_formulas
from matloop.features.base import Array, Featurizer, listed

#: Formulas in one group: their intermediate results stay in the processor's cache.
GROUP = 1024


class CompositionFeaturizer(Featurizer):
    """A featurizer whose readings are Amounts, the same for all of them: Combined reads each formula once."""

    kind: ClassVar[str] = "composition"
    per_task: ClassVar[int] = 20_000
    is_worth_caching: ClassVar[bool] = False

    @classmethod
    def read(cls, cells: list[Any]) -> tuple[Amounts, dict[int, str]]:
        """The amounts in all cells that are formulas."""
        if not set(map(type, cells)) <= {str}:
            cells = [_written(cell) if isinstance(cell, Mapping) else cell for cell in cells]
        return read_formulas(cells)


def _written(composition: Mapping[Any, float]) -> str:
    """A mapping from element to amount as a formula; what is wrong with it is found where formulas are read.

    An element may be an object of pymatgen, an ion among them.
    """
    return "".join(f"{getattr(e, 'symbol', e)}{_number(amount)}" for e, amount in composition.items())


def _number(amount: Any) -> str:
    try:
        return repr(float(amount))
    except (TypeError, ValueError):
        return f"({amount})"


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


def unknown(readings: Amounts, table: Array, properties: Sequence[str]) -> dict[int, str]:
    """The formulas with an element of which the table (118, p) lacks a property, and what that is."""
    is_lacking = np.isnan(table)
    places = np.flatnonzero(np.asarray(is_lacking.any(axis=1))[readings.elements])
    rows = np.searchsorted(readings.starts, places, side="right") - 1
    failures: dict[int, str] = {}
    for row, element in zip(rows.tolist(), readings.elements[places].tolist(), strict=True):
        what = [name for name, lacks in zip(properties, is_lacking[element], strict=True) if lacks]
        failures.setdefault(row, f"{SYMBOLS[element]} has no known {listed(what)}")
    return failures
