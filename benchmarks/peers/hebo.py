"""HEBO with its defaults. It cannot be given a table: a suggestion is taken to the nearest untried row.

Numbers are "num", text is "cat"; HEBO is told the row that was really tried, and minimizes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from hebo.design_space.design_space import DesignSpace
from hebo.optimizers.hebo import HEBO

from benchmarks.peers.door import Peer, Table, serve
from benchmarks.peers.place import Places


class Hebo(Peer):
    """The optimizer lives through the campaign."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.places = Places(table)

    def _dimension(self, name: str) -> dict[str, object]:
        column = self.table.columns[name]
        if self.table.text(name):
            return {"name": name, "type": "cat", "categories": sorted(set(column))}
        return {"name": name, "type": "num", "lb": float(column.min()), "ub": float(column.max())}

    def begin(self, seed: int) -> None:
        torch.manual_seed(seed)
        space = DesignSpace().parse([self._dimension(name) for name in self.table.columns])
        self.optimizer = HEBO(space, scramble_seed=seed)

    def tell(self, row: int, value: float) -> None:
        self.optimizer.observe(pd.DataFrame([self.table.point(row)]), np.array([[-self.table.sign * value]]))

    def ask(self) -> int:
        chosen = self.optimizer.suggest(n_suggestions=1).iloc[0].to_dict()
        return self.nearest_untried(self.places.encode(chosen))


if __name__ == "__main__":
    torch.set_num_threads(1)
    serve(Hebo)
