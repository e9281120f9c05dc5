"""matloop's own planner by the same door: `Bayesian()` through the Planner contract, nothing set, nothing tuned."""

from __future__ import annotations

from benchmarks.peers.door import Peer, Table, serve
from matloop import Bayesian, Maximize, Minimize, Pool, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation


class Matloop(Peer):
    """A Space with one Pool of the raw columns, and the whole history at every suggestion."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.space = Space(row=Pool(table=table.columns))
        self.goal = [Maximize("y") if table.goal == "maximize" else Minimize("y")]
        columns = self.space.parameters["row"].rows
        self.points = self.space.points(columns)
        self.row_of = {self.space.key(point): row for row, point in enumerate(self.points)}
        self.planner = Bayesian()

    def ask(self) -> int:
        seen = [
            Observation(str(i), self.points[row], {"y": value})
            for i, (row, value) in enumerate(zip(self.rows, self.values, strict=True), 1)
        ]
        rng = generator(self.seed, len(seen) + 1)
        return self.row_of[self.space.key(self.planner.propose(self.space, self.goal, seen, [], 1, rng)[0].point)]


if __name__ == "__main__":
    serve(Matloop)
