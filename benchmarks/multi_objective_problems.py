"""What several goals are compared on: three published pools, and test functions whose fronts are known."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from matloop import Maximize, Minimize, Near
from matloop.core.objective import Objective
from matloop.models.pareto import hypervolume, non_dominated


@dataclass(frozen=True)
class Problem:
    """Goals over a pool of inputs X (n, d) with values Y (n, m), or over the unit cube by a function x (d,) → (m,)."""

    name: str
    goals: Sequence[Objective]
    reference: np.ndarray
    attainable: float
    d: int
    n_trials: int = 100
    X: np.ndarray | None = None
    Y: np.ndarray | None = None
    function: Callable[[np.ndarray], np.ndarray] | None = None

    def pool(self) -> np.ndarray:
        assert self.X is not None
        return self.X

    def measured(self, rows: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and values of these rows of the pool, or of these x."""
        if self.X is not None and self.Y is not None:
            return self.X[rows], self.Y[rows]
        assert self.function is not None
        return np.array(rows), np.array([self.function(x) for x in rows])

    def utilities(self, Y: np.ndarray) -> np.ndarray:
        return np.column_stack([goal.utility(column) for goal, column in zip(self.goals, Y.T, strict=True)])


def of_pool(name: str, goals: Sequence[Objective], X: np.ndarray, Y: np.ndarray, n_trials: int = 100) -> Problem:
    """The reference is the worst of the pool in each goal; inputs are scaled to the unit cube."""
    span = np.ptp(X, axis=0)
    X = (X - X.min(axis=0))[:, span > 0] / span[span > 0]
    utilities = np.column_stack([goal.utility(column) for goal, column in zip(goals, Y.T, strict=True)])
    reference = utilities.min(axis=0)
    attainable = hypervolume(utilities[non_dominated(utilities)], reference)
    return Problem(name, goals, reference, attainable, X.shape[1], n_trials, X, Y)


def read(path: str, **settings: Any) -> Any:
    import pandas as pd

    return pd.read_csv(Path(os.environ["MATLOOP_DATA"]) / path, **settings)


def edboplus() -> Problem:
    """Torres et al. 2022, doi:10.1021/jacs.2c08592: base, ligand and solvent one-hot, concentration, temperature."""
    import pandas as pd

    table = read("edboplus_bms_yield_cost/experiments_yield_and_cost.csv")
    settings = table[["base", "ligand", "solvent", "concentration", "temperature"]]
    X = pd.get_dummies(settings).to_numpy(dtype=float)
    return of_pool("edboplus", [Maximize("yield"), Minimize("cost")], X, table[["yield", "cost"]].to_numpy())


def suzuki_i() -> Problem:
    """74 conditions, replicates averaged; the ligand one-hot. 60 trials, as 100 would be more than there are."""
    import pandas as pd

    names = ["ligand", "time", "temperature", "loading", "yield", "turnover"]
    table = read("olympus_suzuki_i/data.csv", names=names)
    table = table.groupby(names[:4], as_index=False).mean()
    X = pd.get_dummies(table[names[:4]]).to_numpy(dtype=float)
    return of_pool("suzuki_i", [Maximize("yield"), Maximize("turnover")], X, table[names[4:]].to_numpy(), 60)


def bznsn(n_goals: int) -> Problem:
    """Agarwal et al. 2021, Chem. Mater. 33, 8133: molecules by `substrings` of their SMILES."""
    table = read("bznsn_redox/AllProps_1400BzNSN.csv", encoding="utf-8-sig")
    goals = [Minimize("Ered"), Minimize("Gsol"), Near("Absorption Wavelength", 375.0)][:n_goals]
    Y = table[[goal.name for goal in goals]].to_numpy()
    return of_pool(f"bznsn_redox_{n_goals}", goals, substrings(table["SMILES"]), Y)


def substrings(smiles: Sequence[str], longest: int = 4, n_components: int = 12) -> np.ndarray:
    """(n, n_components): principal components of log counts of substrings. Plain, and known to need no chemistry."""
    counts = [Counter(s[i : i + k] for k in range(1, longest + 1) for i in range(len(s) - k + 1)) for s in smiles]
    names = sorted({name for count in counts for name in count})
    table = np.log1p([[count[name] for name in names] for count in counts])
    table = table[:, (table > 0).sum(axis=0) >= 5]
    u, s, _ = np.linalg.svd(table - table.mean(axis=0), full_matrices=False)
    return np.asarray(u[:, :n_components] * s[:n_components])


def zdt(kind: int, x: np.ndarray) -> np.ndarray:
    """Zitzler, Deb & Thiele 2000, doi:10.1162/106365600568202, both minimized."""
    g = 1.0 + 9.0 * x[1:].mean()
    share = x[0] / g
    hollow = {1: np.sqrt(share), 2: share**2, 3: np.sqrt(share) + share * np.sin(10 * np.pi * x[0])}
    return np.array([x[0], g * (1.0 - hollow[kind])])


def dtlz2(x: np.ndarray, m: int = 3) -> np.ndarray:
    """Deb, Thiele, Laumanns & Zitzler 2002, doi:10.1109/CEC.2002.1007032, all minimized: an eighth of a sphere."""
    angle = 0.5 * np.pi * x[: m - 1]
    radius = 1.0 + ((x[m - 1 :] - 0.5) ** 2).sum()
    first = np.concatenate([np.cumprod(np.cos(angle))[::-1], [1.0]])
    return radius * first * np.concatenate([[1.0], np.sin(angle)[::-1]])


def zdt_problem(kind: int, d: int = 6) -> Problem:
    """The reference (11, 11) of BoTorch's own test problem; the attainable volume from 20,001 points of the front."""
    first = np.linspace(0.0, 1.0, 20_001)
    front = -np.array([zdt(kind, np.array([x, 0.0])) for x in first])
    reference = np.full(2, -11.0)
    goals = [Minimize("f1"), Minimize("f2")]
    return Problem(f"zdt{kind}", goals, reference, hypervolume(front, reference), d, function=partial(zdt, kind))


def dtlz2_problem(d: int = 6) -> Problem:
    """The reference is 1.1 in each goal, as in BoTorch's own test problem."""
    goals = [Minimize(f"f{j}") for j in (1, 2, 3)]
    return Problem("dtlz2", goals, np.full(3, -1.1), 1.1**3 - np.pi / 6, d, function=dtlz2)


PROBLEMS: dict[str, Callable[[], Problem]] = {
    "edboplus": edboplus,
    "suzuki_i": suzuki_i,
    "bznsn_redox_2": partial(bznsn, 2),
    "bznsn_redox_3": partial(bznsn, 3),
    "zdt1": partial(zdt_problem, 1),
    "zdt2": partial(zdt_problem, 2),
    "zdt3": partial(zdt_problem, 3),
    "dtlz2": dtlz2_problem,
}
