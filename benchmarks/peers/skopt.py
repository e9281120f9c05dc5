"""scikit-optimize's Optimizer with its defaults (a Gaussian process, the hedge of EI, PI and LCB).

It cannot be given a table: numbers are Real, text is Categorical, a suggestion is taken to the nearest untried row, and
the optimizer is told that row. The starts count towards its ten random ones.
"""

from __future__ import annotations

import warnings

from skopt import Optimizer
from skopt.space import Categorical, Real

from benchmarks.peers.door import Peer, Table, serve
from benchmarks.peers.place import Places


class Skopt(Peer):
    """Ask and tell; skopt minimizes, so the utilities change their sign."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.places = Places(table)

    def _dimension(self, name: str) -> Categorical | Real:
        column = self.table.columns[name]
        if self.table.text(name):
            return Categorical(sorted(set(column)), name=name)
        return Real(float(column.min()), float(column.max()), name=name)

    def begin(self, seed: int) -> None:
        warnings.simplefilter("ignore")
        self.optimizer = Optimizer([self._dimension(name) for name in self.table.columns], random_state=seed)

    def tell(self, row: int, value: float) -> None:
        self.optimizer.tell(list(self.table.point(row).values()), -self.table.sign * value)

    def ask(self) -> int:
        chosen = dict(zip(self.table.columns, self.optimizer.ask(), strict=True))
        return self.nearest_untried(self.places.encode(chosen))


if __name__ == "__main__":
    serve(Skopt)
