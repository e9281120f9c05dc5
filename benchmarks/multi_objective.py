"""Hypervolume after some trials, and the time of a suggestion: matloop beside BoTorch on pools and test functions.

    MATLOOP_DATA=… python -m benchmarks.multi_objective run --methods matloop bayesian random --seeds 10
    MATLOOP_DATA=… PATH_TO_AN_ENVIRONMENT_WITH_BOTORCH/python -m benchmarks.multi_objective run --methods botorch
    python -m benchmarks.multi_objective report

Every method gets the same ten random starts in a seed, the same inputs and the same reference point (but for
`bayesian`, which must infer it), and one thread. A run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from benchmarks.multi_objective_problems import PROBLEMS, Problem
from matloop import Bayesian, Pool, Real, Space
from matloop.core.objective import Near, Objective
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.models.pareto import hypervolume

RESULTS = Path(__file__).parent / "results"
STARTS, MARKS = 10, (30, 60, 100)

#: From inputs (n, d), values (n, m) and the rows of the pool that are left (None where there is none) to a row or an x.
Choice = Callable[[np.ndarray, np.ndarray, np.ndarray | None], Any]


class Planned:
    """The planner `Bayesian` as a campaign calls it, with the problem's reference point or with one of its own."""

    def __init__(self, problem: Problem, seed: int, is_told: bool) -> None:
        self.problem, self.seed = problem, seed
        told = zip(problem.goals, problem.reference.tolist(), strict=True) if is_told else ()
        self.planner = Bayesian(starts=1, reference={goal.name: value_of(goal, utility) for goal, utility in told})
        self.space = Space(**{f"x{i}": Real(0, 1) for i in range(problem.d)})
        if problem.X is not None:
            columns = {f"x{i}": tuple(column) for i, column in enumerate(problem.X.T.tolist())}
            self.space = Space(row=Pool(table={"id": tuple(map(str, range(len(problem.X)))), **columns}, label="id"))
            candidates = self.space.candidates()
            assert candidates is not None
            self.points = self.space.points(candidates)

    def __call__(self, X: np.ndarray, Y: np.ndarray, left: np.ndarray | None) -> Any:
        names = [goal.name for goal in self.problem.goals]
        seen = [
            Observation(str(i), self._point(x), dict(zip(names, y, strict=True)))
            for i, (x, y) in enumerate(zip(X.tolist(), Y.tolist(), strict=True))
        ]
        rng = generator(self.seed, len(X))
        point = self.planner.propose(self.space, self.problem.goals, seen, [], 1, rng)[0].point
        return int(point["id"]) if left is not None else np.array([point[f"x{i}"] for i in range(self.problem.d)])

    def _point(self, x: list[float]) -> Any:
        if self.problem.X is None:
            return {f"x{i}": value for i, value in enumerate(x)}
        return self.points[int(np.flatnonzero(((self.problem.X - x) == 0).all(axis=1))[0])]


class BoTorch:
    """`qLogNoisyExpectedHypervolumeImprovement` with a `SingleTaskGP` for each goal, as its tutorials do it.

    128 quasi-random samples; of a pool every candidate is looked at, elsewhere 5 starts of the optimizer out of 128.
    """

    def __init__(self, problem: Problem, seed: int) -> None:
        import torch

        torch.set_num_threads(1)
        torch.set_default_dtype(torch.double)
        torch.manual_seed(seed)
        self.problem = problem

    def __call__(self, X: np.ndarray, Y: np.ndarray, left: np.ndarray | None) -> Any:
        import torch
        from botorch.optim import optimize_acqf, optimize_acqf_discrete

        acquisition = self._acquisition(torch.as_tensor(X), torch.as_tensor(Y))
        if left is not None:
            choices = torch.as_tensor(self.problem.pool()[left])
            with torch.no_grad():
                best, _ = optimize_acqf_discrete(acquisition, 1, choices, max_batch_size=2048)
            return left[int((choices == best).all(dim=1).nonzero()[0, 0])]
        bounds = torch.stack([torch.zeros(self.problem.d), torch.ones(self.problem.d)])
        best, _ = optimize_acqf(acquisition, bounds, 1, 5, 128, options={"batch_limit": 5, "maxiter": 200})
        return best[0].numpy()

    def _acquisition(self, X: Any, Y: Any) -> Any:
        import torch
        from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
        from botorch.acquisition.multi_objective.objective import GenericMCMultiOutputObjective
        from botorch.fit import fit_gpytorch_mll
        from botorch.models import ModelListGP, SingleTaskGP
        from botorch.models.transforms import Standardize
        from botorch.sampling import SobolQMCNormalSampler
        from gpytorch.mlls import SumMarginalLogLikelihood

        models = ModelListGP(*[SingleTaskGP(X, y[:, None], outcome_transform=Standardize(1)) for y in Y.T])
        fit_gpytorch_mll(SumMarginalLogLikelihood(models.likelihood, models))

        def utilities(values: Any, X: Any = None) -> Any:  # noqa: ARG001 - as BoTorch calls it
            columns = [
                -(values[..., j] - goal.value).abs()
                if isinstance(goal, Near)
                else float(goal.utility(np.array(1.0))) * values[..., j]
                for j, goal in enumerate(self.problem.goals)
            ]
            return torch.stack(columns, dim=-1)

        return qLogNoisyExpectedHypervolumeImprovement(
            models,
            self.problem.reference.tolist(),
            X,
            sampler=SobolQMCNormalSampler(torch.Size([128])),
            objective=GenericMCMultiOutputObjective(utilities),
            prune_baseline=True,
        )


class Chance:
    """Random search."""

    def __init__(self, problem: Problem, seed: int) -> None:
        self.problem, self.seed = problem, seed

    def __call__(self, X: np.ndarray, Y: np.ndarray, left: np.ndarray | None) -> Any:
        rng = generator(self.seed, len(X))
        return rng.random(self.problem.d) if left is None else rng.choice(left)


METHODS: dict[str, Callable[[Problem, int], Choice]] = {
    "matloop": lambda problem, seed: Planned(problem, seed, is_told=True),
    "bayesian": lambda problem, seed: Planned(problem, seed, is_told=False),
    "botorch": BoTorch,
    "random": Chance,
}


def value_of(goal: Objective, utility: float) -> float:
    """The value of a goal that has this utility."""
    return goal.value + utility if isinstance(goal, Near) else utility * float(goal.utility(np.array(1.0)))


def campaign(problem: Problem, method: str, seed: int, n_trials: int) -> dict[str, Any]:
    """One campaign: the share of the attainable volume after some trials, and CPU seconds of a suggestion."""
    choice = METHODS[method](problem, seed)
    rng = np.random.default_rng([crc32(problem.name.encode()), seed])
    rows: list[Any] = list(
        rng.random((STARTS, problem.d)) if problem.X is None else rng.choice(len(problem.X), STARTS, replace=False)
    )
    seconds = []
    for _ in range(STARTS, min(n_trials, problem.n_trials)):
        X, Y = problem.measured(rows)
        left = None if problem.X is None else np.setdiff1d(np.arange(len(problem.X)), rows)
        began = time.process_time()
        rows.append(choice(X, Y, left))
        seconds.append(time.process_time() - began)
    return {
        "method": method,
        "problem": problem.name,
        "seed": seed,
        "share": {str(n): volume(problem, rows[:n]) / problem.attainable for n in MARKS if n <= len(rows)},
        "seconds": float(np.median(seconds)),
        "seconds_at_50": float(np.median(seconds[45 - STARTS : 55 - STARTS])),
    }


def volume(problem: Problem, rows: Sequence[Any]) -> float:
    return hypervolume(problem.utilities(problem.measured(rows)[1]), problem.reference)


def recorded(path: Path) -> list[dict[str, Any]]:
    """The records of a file; of several of the same campaign, as after joining files, the last."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    records = [json.loads(line) for line in lines]
    return list({(record["method"], record["problem"], record["seed"]): record for record in records}.values())


def run(asked: argparse.Namespace) -> None:
    warnings.filterwarnings("ignore")
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    known = {(record["method"], record["problem"], record["seed"]) for record in recorded(asked.out)}
    problems = {name: PROBLEMS[name]() for name in asked.problems}
    for seed in range(asked.seeds):
        for name, problem in problems.items():
            for method in asked.methods:
                if (method, name, seed) not in known:
                    record = campaign(problem, method, seed, asked.trials)
                    with asked.out.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(record) + "\n")


def report(asked: argparse.Namespace) -> None:
    records = recorded(asked.out)
    for name in PROBLEMS:
        mine = [record for record in records if record["problem"] == name]
        if mine:
            print("\n".join(table(name, mine)), end="\n\n")  # noqa: T201 - this is what it is for


def table(name: str, records: Sequence[dict[str, Any]]) -> list[str]:
    """Of one problem, as Markdown: medians with quartiles in percent, and the seeds in which BoTorch is reached."""
    marks = [n for n in MARKS if any(str(n) in record["share"] for record in records)]
    peer = {record["seed"]: record["share"] for record in records if record["method"] == "botorch"}
    lines = [
        f"**{name}**",
        "",
        "| method | seeds | "
        + " | ".join(f"{n} trials" for n in marks)
        + " | seeds that reach BoTorch's | CPU ms at 50 trials |",
        "|---|---|" + "---|" * (len(marks) + 2),
    ]
    for method in METHODS:
        mine = [record for record in records if record["method"] == method]
        if not mine:
            continue
        cells = []
        for n in map(str, marks):
            shares = [100 * record["share"][n] for record in mine if n in record["share"]]
            cells.append("{1:.2f} ({0:.2f}–{2:.2f})".format(*np.quantile(shares, [0.25, 0.5, 0.75])) if shares else "–")
        pairs = [(record["share"], peer[record["seed"]]) for record in mine if record["seed"] in peer]
        versus = ", ".join(reached(pairs, str(n)) for n in marks) if method != "botorch" else ""
        milliseconds = 1000 * np.median([record["seconds_at_50"] for record in mine])
        lines.append(f"| {method} | {len(mine)} | {' | '.join(cells)} | {versus} | {milliseconds:.1f} |")
    return lines


def reached(pairs: Sequence[tuple[dict[str, float], dict[str, float]]], n: str) -> str:
    """In how many of the seeds that both have a share is at least BoTorch's."""
    both = [(mine[n], other[n]) for mine, other in pairs if n in mine and n in other]
    return f"{sum(a >= b - 1e-9 for a, b in both)}/{len(both)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("run", "report"))
    parser.add_argument("--methods", nargs="+", default=["matloop"], choices=list(METHODS))
    parser.add_argument("--problems", nargs="+", default=list(PROBLEMS), choices=list(PROBLEMS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--out", type=Path, default=RESULTS / "multi_objective.jsonl")
    asked = parser.parse_args()
    (run if asked.action == "run" else report)(asked)


if __name__ == "__main__":
    main()
