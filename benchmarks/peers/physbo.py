"""PHYSBO's discrete search as in its tutorial: the table centred, EI, hyperparameters learned at every suggestion.

The Gaussian process is exact (`num_rand_basis=0`, the default). It maximizes, so the utilities are told.
NIMO is not run beside it: its method "PHYSBO" (read in nimo 2.1.8) makes this same call on the same centred table.
"""

from __future__ import annotations

import numpy as np
import physbo

from benchmarks.peers.door import Peer, Table, serve


class Physbo(Peer):
    """The policy keeps the table and what was told."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.X = physbo.misc.centering(table.encoded)

    def begin(self, seed: int) -> None:
        self.policy = physbo.search.discrete.Policy(test_X=self.X)
        self.policy.set_seed(seed)

    def tell(self, row: int, value: float) -> None:
        self.policy.write(np.array([row]), np.array([self.table.sign * value]))

    def ask(self) -> int:
        chosen = self.policy.bayes_search(
            max_num_probes=1, simulator=None, score="EI", interval=0, num_rand_basis=0, is_disp=False
        )
        return int(chosen[0])


if __name__ == "__main__":
    serve(Physbo)
