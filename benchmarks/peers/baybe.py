"""BayBE as its user guide teaches: a discrete SearchSpace from a table, a Campaign with the default recommender.

Numbers are NumericalDiscreteParameter, text CategoricalParameter (one-hot, the default); already measured rows are not
recommended again.
"""

from __future__ import annotations

import pandas as pd
import torch
from baybe import Campaign
from baybe.objectives import SingleTargetObjective
from baybe.parameters import CategoricalParameter, NumericalDiscreteParameter
from baybe.searchspace import SearchSpace
from baybe.targets import NumericalTarget

from benchmarks.peers.door import Peer, Table, serve


class BayBE(Peer):
    """The campaign object lives through the campaign and is told each result as a row of the table."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.frame = pd.DataFrame({k: c.astype(str) if table.text(k) else c for k, c in table.columns.items()})
        self.space = SearchSpace.from_dataframe(self.frame, [self._parameter(name) for name in table.columns])

    def _parameter(self, name: str) -> CategoricalParameter | NumericalDiscreteParameter:
        kind = CategoricalParameter if self.table.text(name) else NumericalDiscreteParameter
        return kind(name=name, values=self.frame[name].unique().tolist())

    def begin(self, seed: int) -> None:
        torch.manual_seed(seed)
        target = NumericalTarget(name="y", minimize=self.table.goal == "minimize")
        self.campaign = Campaign(self.space, SingleTargetObjective(target), allow_recommending_already_measured=False)

    def tell(self, row: int, value: float) -> None:
        self.campaign.add_measurements(self.frame.iloc[[row]].assign(y=value))

    def ask(self) -> int:
        recommended = self.campaign.recommend(batch_size=1)
        row = int(recommended.index[0])
        if not (self.frame.iloc[row] == recommended.iloc[0][self.frame.columns]).all():
            raise RuntimeError("the recommendation's index does not name its row")
        return row


if __name__ == "__main__":
    torch.set_num_threads(1)
    serve(BayBE)
