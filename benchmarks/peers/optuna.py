"""Optuna's TPE. It cannot be given a table: a suggestion is taken to the nearest untried row.

Numbers are floats over their range, text categorical. The study is told the row that was really tried, through
`add_trial`, so that its model is right about where each value was measured.
"""

from __future__ import annotations

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

from benchmarks.peers.door import Peer, Table, serve
from benchmarks.peers.place import Places


class Optuna(Peer):
    """TPESampler with its defaults; the given starts count towards its random starts."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.places = Places(table)
        self.distributions = {name: self._distribution(name) for name in table.columns}

    def _distribution(self, name: str) -> BaseDistribution:
        column = self.table.columns[name]
        if self.table.text(name):
            return CategoricalDistribution(sorted(set(column)))
        return FloatDistribution(float(column.min()), float(column.max()))

    def begin(self, seed: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        sampler = optuna.samplers.TPESampler(seed=seed)
        self.study = optuna.create_study(direction=self.table.goal, sampler=sampler)

    def tell(self, row: int, value: float) -> None:
        point = self.table.point(row)
        self.study.add_trial(optuna.trial.create_trial(params=point, distributions=self.distributions, value=value))

    def ask(self) -> int:
        trial = self.study.ask(self.distributions)
        self.study.tell(trial, state=optuna.trial.TrialState.FAIL)  # the row that is tried instead is added by tell()
        return self.nearest_untried(self.places.encode(trial.params))


if __name__ == "__main__":
    serve(Optuna)
