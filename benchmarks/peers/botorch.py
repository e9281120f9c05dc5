"""BoTorch used directly, as its documentation teaches: SingleTaskGP with its defaults, LogEI over all candidates.

Inputs in 0..1, outcomes standardized by the model's default transform; LogExpectedImprovement (Ament et al. 2023,
arXiv:2310.20708) is evaluated at every untried row and its maximum taken, which for one suggestion is what
`optimize_acqf_discrete` does.
"""

from __future__ import annotations

import torch
from botorch.acquisition import LogExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.optim import optimize_acqf_discrete
from gpytorch.mlls import ExactMarginalLogLikelihood

from benchmarks.peers.door import Peer, Table, serve


class BoTorch(Peer):
    """A new model at each suggestion, in double precision."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.X = torch.tensor(table.encoded, dtype=torch.float64)

    def begin(self, seed: int) -> None:
        torch.manual_seed(seed)

    def ask(self) -> int:
        y = torch.tensor(self.utilities, dtype=torch.float64)[:, None]
        model = SingleTaskGP(self.X[self.rows], y)
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        untried = torch.tensor(self.untried)
        with torch.no_grad():
            chosen, _ = optimize_acqf_discrete(
                LogExpectedImprovement(model, best_f=y.max()), q=1, choices=self.X[untried], max_batch_size=2048
            )
        return int(untried[(self.X[untried] - chosen).abs().sum(dim=1).argmin()])


if __name__ == "__main__":
    torch.set_num_threads(1)
    serve(BoTorch)
