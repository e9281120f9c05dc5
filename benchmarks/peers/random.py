"""Uniformly random among the untried rows: what every planner has to beat."""

from __future__ import annotations

import numpy as np

from benchmarks.peers.door import Peer, serve


class Random(Peer):
    """Each untried row is as likely as any other."""

    def begin(self, seed: int) -> None:
        self.rng = np.random.default_rng([seed, 17])

    def ask(self) -> int:
        return int(self.rng.choice(self.untried))


if __name__ == "__main__":
    serve(Random)
