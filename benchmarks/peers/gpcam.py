"""gpCAM as its documentation teaches: GPOptimizer with its default kernel and prior, `train()` and `ask()` on a list.

Inputs in 0..1; outcomes standardized by the user, as gpCAM does not. Left to itself gpCAM takes |mean| / 100 as the
noise variance and reads the bounds of the length scales off the data, which with standardized outcomes and two starts
are zero and end in a singular matrix; so both are given: a noise variance of 0.01, length scales from 0.01 to 10.
The acquisition function is "expected improvement", one of its built-in ones, evaluated at all untried rows.
"""

from __future__ import annotations

import numpy as np
from gpcam import GPOptimizer

from benchmarks.peers.door import Peer, serve


class GpCam(Peer):
    """A new optimizer at each suggestion, for the standardization moves; trained from the last hyperparameters."""

    hyperparameters: np.ndarray | None = None

    def begin(self, seed: int) -> None:
        self.hyperparameters = None

    def ask(self) -> int:
        y = self.utilities
        z = (y - y.mean()) / (y.std() or 1.0)
        optimizer = GPOptimizer(
            self.table.encoded[self.rows], z, noise_variances=np.full(len(z), 0.01), init_hyperparameters=self._start()
        )
        optimizer.train(hyperparameter_bounds=self._bounds())
        self.hyperparameters = np.array(optimizer.hyperparameters)
        untried = self.untried
        asked = list(self.table.encoded[untried])
        best = np.array(optimizer.ask(asked, n=1, acquisition_function="expected improvement")["x"]).ravel()
        return int(untried[np.abs(self.table.encoded[untried] - best).sum(axis=1).argmin()])

    def _start(self) -> np.ndarray:
        return np.ones(self.table.encoded.shape[1] + 1) if self.hyperparameters is None else self.hyperparameters

    def _bounds(self) -> np.ndarray:
        """The signal's variance first, then the length scales: shape (d + 1, 2)."""
        return np.array([[0.01, 100.0], *[[0.01, 10.0]] * self.table.encoded.shape[1]])


if __name__ == "__main__":
    serve(GpCam)
