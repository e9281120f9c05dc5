"""A place between the rows: what a planner without a table proposes, in the numbers in which rows are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.peers.door import Table


class Places:
    """Encodes proposals as the table's rows are encoded: numbers in 0..1, text one-hot."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.levels = {name: sorted(set(c)) for name, c in table.columns.items() if table.text(name)}
        self.ranges = {n: (c.min(), (c.max() - c.min()) or 1.0) for n, c in table.columns.items() if not table.text(n)}

    def encode(self, point: Mapping[str, Any]) -> np.ndarray:
        """Shape (d,)."""
        return np.concatenate([self._part(name, point[name]) for name in self.table.columns])

    def _part(self, name: str, value: Any) -> np.ndarray:
        if name in self.levels:
            return np.array([level == value for level in self.levels[name]], float)
        low, width = self.ranges[name]
        return np.array([(value - low) / width])
