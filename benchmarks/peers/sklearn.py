"""scikit-learn, as many groups use it: a forest with an upper confidence bound, or a Gaussian process with EI.

`forest`: RandomForestRegressor with its defaults (100 trees), mean + 2 standard deviations over the trees
(the planner of Liang et al. 2021, doi:10.1038/s41524-021-00656-9, has the same form).
`gp`: GaussianProcessRegressor, Matern 5/2 with a length scale a column, white noise, 5 restarts, standardized outcomes,
and the expected improvement over the best so far.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
from scipy.stats import norm
from sklearn.ensemble import RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from benchmarks.peers.door import Peer, serve


class Forest(Peer):
    """Mean + 2 sigma over the trees of a default forest."""

    def ask(self) -> int:
        forest = RandomForestRegressor(n_jobs=1, random_state=self.seed)
        forest.fit(self.table.encoded[self.rows], self.utilities)
        trees = np.array([tree.predict(self.table.encoded) for tree in forest.estimators_])
        return self.best_untried(trees.mean(axis=0) + 2 * trees.std(axis=0))


class GaussianProcess(Peer):
    """Expected improvement under a Gaussian process with automatic relevance determination."""

    def ask(self) -> int:
        width = self.table.encoded.shape[1]
        kernel = ConstantKernel() * Matern(np.ones(width), nu=2.5) + WhiteKernel(1e-2)
        model = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=5, random_state=self.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a length scale at its bound is no news
            model.fit(self.table.encoded[self.rows], self.utilities)
        mean, std = model.predict(self.table.encoded, return_std=True)
        z = (mean - self.utilities.max()) / np.maximum(std, 1e-12)
        return self.best_untried(std * (z * norm.cdf(z) + norm.pdf(z)))


if __name__ == "__main__":
    serve({"forest": Forest, "gp": GaussianProcess}[sys.argv[1]])
