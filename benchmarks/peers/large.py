"""One suggestion from a very large pool, in a fresh process: `python -m benchmarks.peers.large KIND ROWS BATCH`.

Prints one JSON line: seconds by the clock and of CPU, peak memory in total and above that of the loaded table, and the
bytes of the saved state. The table has ten columns of uniform numbers; a hundred of its rows are known.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np

WIDTH, KNOWN = 10, 100


class Large(ABC):
    """A planner before a large table. `load` brings the table into memory in the form that the planner is given."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.rows = np.random.default_rng(1).choice(n, KNOWN, replace=False)

    def warm_up(self) -> None:
        """The same on 2,000 rows first, so that neither imports nor first calls are counted as planning."""
        small = type(self)(2000)
        small.load(np.random.default_rng(2))
        small.suggest(height(small.known()), 1)

    @abstractmethod
    def load(self, rng: np.random.Generator) -> None: ...

    @abstractmethod
    def suggest(self, y: np.ndarray, batch: int) -> object: ...

    @abstractmethod
    def known(self) -> np.ndarray:
        """The rows whose values are known, shape (100, 10)."""

    @abstractmethod
    def state(self) -> int:
        """Bytes of what must be kept so that the campaign goes on in another process."""


class Matrix(Large):
    """A planner that takes the table as one array."""

    def load(self, rng: np.random.Generator) -> None:
        self.X = rng.random((self.n, WIDTH))

    def known(self) -> np.ndarray:
        return self.X[self.rows]


class Matloop(Large):
    """`Bayesian()` with its defaults on a Pool of a file: the state names the file and holds the observations."""

    def load(self, rng: np.random.Generator) -> None:
        from matloop import Pool, Space

        columns = {f"x{i}": rng.random(self.n) for i in range(WIDTH)}
        pool = Pool(file="candidates.parquet", columns=tuple(columns))
        pool.load(columns)
        self.space = Space(row=pool)

    def known(self) -> np.ndarray:
        return np.column_stack([c[self.rows] for c in self.space.parameters["row"].rows.values()])

    def suggest(self, y: np.ndarray, batch: int) -> object:
        from matloop import Bayesian, Maximize
        from matloop.core.seeds import generator
        from matloop.core.trial import Observation

        names = list(self.space.parameters["row"].rows)
        points = [dict(zip(names, row, strict=True)) for row in self.known().tolist()]
        self.seen = [Observation(str(i), p, {"y": float(v)}) for i, (p, v) in enumerate(zip(points, y, strict=True))]
        return Bayesian().propose(self.space, [Maximize("y")], self.seen, [], batch, generator(0, KNOWN + 1))

    def state(self) -> int:
        seen = [[o.point, dict(o.values)] for o in self.seen]
        return len(self.space.model_dump_json()) + len(json.dumps(seen))


class BoTorch(Matrix):
    """SingleTaskGP and LogEI (qLogEI for a batch) through optimize_acqf_discrete, 2,048 rows at a time."""

    def suggest(self, y: np.ndarray, batch: int) -> object:
        import torch
        from botorch.acquisition import LogExpectedImprovement, qLogExpectedImprovement
        from botorch.fit import fit_gpytorch_mll
        from botorch.models import SingleTaskGP
        from botorch.optim import optimize_acqf_discrete
        from gpytorch.mlls import ExactMarginalLogLikelihood

        torch.set_num_threads(1)
        choices = torch.from_numpy(self.X)
        self.model = SingleTaskGP(choices[self.rows], torch.from_numpy(y)[:, None])
        fit_gpytorch_mll(ExactMarginalLogLikelihood(self.model.likelihood, self.model))
        kind = LogExpectedImprovement if batch == 1 else qLogExpectedImprovement
        with torch.no_grad():
            return optimize_acqf_discrete(
                kind(self.model, best_f=y.max()), q=batch, choices=choices, max_batch_size=2048
            )

    def state(self) -> int:
        import torch

        with tempfile.TemporaryDirectory() as folder:
            torch.save(self.model.state_dict(), Path(folder) / "model.pt")
            return (Path(folder) / "model.pt").stat().st_size


class BayBE(Matrix):
    """A discrete SearchSpace from the table, a Campaign with the default recommender; the state is its JSON."""

    def load(self, rng: np.random.Generator) -> None:
        import pandas as pd

        self.frame = pd.DataFrame(rng.random((self.n, WIDTH)), columns=[f"x{i}" for i in range(WIDTH)])
        self.X = self.frame.to_numpy()

    def suggest(self, y: np.ndarray, batch: int) -> object:
        import torch
        from baybe import Campaign
        from baybe.objectives import SingleTargetObjective
        from baybe.parameters import NumericalDiscreteParameter
        from baybe.searchspace import SearchSpace
        from baybe.targets import NumericalTarget

        torch.set_num_threads(1)
        parameters = [NumericalDiscreteParameter(name, self.frame[name].to_numpy()) for name in self.frame]
        space = SearchSpace.from_dataframe(self.frame, parameters)
        self.campaign = Campaign(space, SingleTargetObjective(NumericalTarget("y")))
        self.campaign.add_measurements(self.frame.iloc[self.rows].assign(y=y))
        return self.campaign.recommend(batch_size=batch)

    def state(self) -> int:
        return len(self.campaign.to_json())


class Physbo(Matrix):
    """Its discrete search with EI and an exact Gaussian process."""

    def suggest(self, y: np.ndarray, batch: int) -> object:
        import physbo

        self.policy = physbo.search.discrete.Policy(test_X=self.X, initial_data=(self.rows, y))
        return self.policy.bayes_search(
            max_num_probes=1, num_search_each_probe=batch, simulator=None, score="EI", interval=0, num_rand_basis=0,
            is_disp=False,
        )  # fmt: skip

    def state(self) -> int:
        with tempfile.TemporaryDirectory() as folder:
            files = [str(Path(folder) / f"{part}.npz") for part in ("history", "training", "predictor")]
            self.policy.save(*files)
            return sum(path.stat().st_size for path in Path(folder).iterdir())


KINDS = {"matloop": Matloop, "botorch": BoTorch, "baybe": BayBE, "physbo": Physbo}


def height(X: np.ndarray) -> np.ndarray:
    """A smooth hill with some columns that matter more than others, shape (n,)."""
    return -(((X - 0.6) ** 2) * np.linspace(2.0, 0.2, WIDTH)).sum(axis=1)


def megabytes_now() -> float:
    """The memory that the process holds at this moment."""
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    kind, n, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    planner = KINDS[kind](n)
    planner.warm_up()
    planner.load(np.random.default_rng(0))
    y = height(planner.known())
    loaded, wall, cpu = megabytes_now(), time.perf_counter(), time.process_time()
    planner.suggest(y, batch)
    seconds, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    found = {"seconds": seconds, "cpu": cpu, "peak": peak, "above": peak - loaded, "state": planner.state()}
    sys.__stdout__.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
