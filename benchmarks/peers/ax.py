"""Ax through its Client, with its default generation strategy. It cannot be given a table of candidates.

Where the table is a full grid, each column is an ordered choice of its levels, so that a suggestion is a row; elsewhere
a column of numbers is a range, and a suggestion is taken to the nearest untried row. Text is an unordered choice. What
was really tried is attached as a trial of its own; the suggestion it replaces is abandoned. The starts count towards
Ax's own initial design, as its default has it.
"""

from __future__ import annotations

import logging

import numpy as np
import torch
from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

from benchmarks.peers.door import Peer, Table, serve
from benchmarks.peers.place import Places


class Ax(Peer):
    """The client lives through the campaign."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        logging.disable(logging.WARNING)
        self.places = Places(table)
        self.label = {name: f"x{i}" for i, name in enumerate(table.columns)}
        sizes = [len(set(column.tolist())) for column in table.columns.values()]
        self.is_grid = int(np.prod(sizes, dtype=float)) == table.n

    def _parameter(self, name: str) -> ChoiceParameterConfig | RangeParameterConfig:
        column, label = self.table.columns[name], self.label[name]
        if self.table.text(name):
            levels = sorted(set(column))
            return ChoiceParameterConfig(name=label, values=levels, parameter_type="str", is_ordered=False)
        if self.is_grid:
            levels = sorted(set(column.tolist()))
            return ChoiceParameterConfig(name=label, values=levels, parameter_type="float", is_ordered=True)
        return RangeParameterConfig(name=label, bounds=(column.min(), column.max()), parameter_type="float")

    def begin(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.client = Client(random_seed=seed)
        self.client.configure_experiment(parameters=[self._parameter(name) for name in self.table.columns])
        self.client.configure_optimization(objective="y" if self.table.goal == "maximize" else "-y")

    def tell(self, row: int, value: float) -> None:
        point = {self.label[name]: cell for name, cell in self.table.point(row).items()}
        index = self.client.attach_trial(parameters=point)
        self.client.complete_trial(trial_index=index, raw_data={"y": value})

    def ask(self) -> int:
        ((index, chosen),) = self.client.get_next_trials(max_trials=1).items()
        self.client.mark_trial_abandoned(trial_index=index)
        point = {name: chosen[label] for name, label in self.label.items()}
        return self.nearest_untried(self.places.encode(point))


if __name__ == "__main__":
    torch.set_num_threads(1)
    serve(Ax)
