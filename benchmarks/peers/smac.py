"""SMAC's BlackBoxFacade (a Gaussian process, EI), its own advice for few and costly trials, asked and told.

It cannot be given a table: numbers are Float, text is Categorical, a suggestion is taken to the nearest untried row,
and SMAC is told that row. Its initial design is cut to the given starts. SMAC minimizes.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from ConfigSpace import Categorical, Configuration, ConfigurationSpace, Float
from smac import BlackBoxFacade, Scenario
from smac.runhistory.dataclasses import TrialInfo, TrialValue

from benchmarks.peers.door import Peer, Table, serve
from benchmarks.peers.place import Places


class Smac(Peer):
    """The facade lives through the campaign; its files go to a temporary folder."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        logging.disable(logging.WARNING)
        self.places = Places(table)
        self.label = {name: f"x{i}" for i, name in enumerate(table.columns)}

    def _hyperparameter(self, name: str) -> Categorical | Float:
        column, label = self.table.columns[name], self.label[name]
        if self.table.text(name):
            return Categorical(label, sorted(set(column)))
        return Float(label, (float(column.min()), float(column.max())))

    def begin(self, seed: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.space = ConfigurationSpace(seed=seed, space=[self._hyperparameter(name) for name in self.table.columns])
        scenario = Scenario(
            self.space, deterministic=True, n_trials=10_000, seed=seed, output_directory=Path(self.folder.name)
        )
        design = BlackBoxFacade.get_initial_design(scenario, n_configs=1)
        self.smac = BlackBoxFacade(scenario, _unused, initial_design=design, logging_level=False, overwrite=True)

    def tell(self, row: int, value: float) -> None:
        point = {self.label[name]: cell for name, cell in self.table.point(row).items()}
        info = TrialInfo(Configuration(self.space, values=point), seed=0)
        self.smac.tell(info, TrialValue(cost=-self.table.sign * value), save=False)

    def ask(self) -> int:
        chosen = dict(self.smac.ask().config)
        return self.nearest_untried(self.places.encode({name: chosen[label] for name, label in self.label.items()}))


def _unused(config: Configuration, seed: int = 0) -> float:
    raise NotImplementedError("trials are asked and told")


if __name__ == "__main__":
    serve(Smac)
