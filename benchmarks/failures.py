"""Trials that fail in a hidden part of the space: a planner that learns where, and the same one that does not.

`python -m benchmarks.failures` writes results/failures.md. In each campaign 30 % of the space fails, and nobody is told
which: a half-space or a ball in the unit cube of the inputs (for a pool: of its columns), or some options of a choice.
Each is drawn anew for each seed, under a condition on where the best point lies (`PLACES`). Failed trials count as
trials and bring no value. What counts are the trials wasted and the best value found, in units of the range from the
median to the best of all that does not fail.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any
from zlib import crc32

import numpy as np

from benchmarks import pools
from benchmarks.environments import CACHE
from matloop import Bayesian, Maximize, Pool, Random, Real, Space
from matloop.core.contracts import Planner
from matloop.core.event import Proposal
from matloop.core.objective import Objective
from matloop.core.seeds import generator
from matloop.core.space import Point
from matloop.core.trial import Observation

SHARE = 0.3
TRIALS, N_SEEDS = 50, 20
RESULTS = Path(__file__).parent / "results" / "failures.md"
#: Where the best point of all lies, by the share of the space that is further from failing than it: away from what
#: fails, close to its border, or within it.
PLACES = {"away": (0.0, 0.35), "beside": (0.5, 1 - SHARE), "over": (0.8, 1.0)}
DRAWS = 4000


class Unlearning(Bayesian):
    """The planner as it was: failed points are not tried again, and nothing else follows from them."""

    def _success(self, space: Space, observations: Sequence[Observation]) -> None:
        return None


class Worst(Unlearning):
    """What is often done by hand: a failed trial is told as the worst value that was measured so far."""

    def propose(
        self,
        space: Space,
        objectives: Sequence[Objective],
        observations: Sequence[Observation],
        pending: Sequence[Point],
        n: int,
        rng: np.random.Generator,
    ) -> list[Proposal]:
        worst = min((o.values["y"] for o in observations if o.failed is None), default=0.0)
        told = [Observation(o.trial, o.point, {"y": worst}) if o.failed else o for o in observations]
        return super().propose(space, objectives, told, pending, n, rng)


ARMS: dict[str, Planner] = {"learns": Bayesian(), "does not": Unlearning(), "worst value": Worst(), "random": Random()}


@dataclass(frozen=True)
class Problem:
    """Inputs x (n, d) in the unit cube and utilities (n,): of a whole pool, or of a sample of a function."""

    name: str
    space: Space
    x: np.ndarray
    utilities: np.ndarray
    locate: Callable[[Point], np.ndarray]
    answer: Callable[[Point], float]
    #: The columns of each choice in x, where there are any.
    choices: Mapping[str, np.ndarray]


def of_pool(name: str) -> Problem:
    pool = pools.load(name)
    space = Space(pick=Pool(table={variable: tuple(column.tolist()) for variable, column in pool.columns.items()}))
    rows = {space.key(point): i for i, point in enumerate(space.points(pool.columns))}
    choices, at = {}, 0
    for variable, column in pool.columns.items():
        width = len(set(column)) if column.dtype == object else 1
        if column.dtype == object:
            choices[variable] = np.arange(at, at + width)
        at += width
    return Problem(
        name,
        space,
        pool.encoded,
        pool.utilities,
        lambda point: pool.encoded[rows[space.key(point)]],
        lambda point: float(pool.utilities[rows[space.key(point)]]),
        choices,
    )


def of_function(name: str, d: int, function: Callable[[np.ndarray], np.ndarray]) -> Problem:
    """A function (n, d) → (n,) on the unit cube, to be maximized."""
    space = Space(**{f"x{i}": Real(0, 1) for i in range(d)})
    x = np.random.default_rng(d).random((20_000, d))

    def locate(point: Point) -> np.ndarray:
        return np.array([point[f"x{i}"] for i in range(d)], float)

    return Problem(name, space, x, function(x), locate, lambda point: float(function(locate(point)[None])[0]), {})


def branin(x: np.ndarray) -> np.ndarray:
    """Minus Branin's function, as in Dixon & Szegö 1978."""
    u, v = 15 * x[:, 0] - 5, 15 * x[:, 1]
    bowl = v - 5.1 / (4 * np.pi**2) * u**2 + 5 / np.pi * u - 6
    return -(bowl**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(u) + 10)


_HARTMANN_A = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
)
_HARTMANN_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann(x: np.ndarray) -> np.ndarray:
    """Hartmann's function in six dimensions with its sign turned, as in Dixon & Szegö 1978."""
    inner = np.einsum("kd,nkd->nk", _HARTMANN_A, (x[:, None] - _HARTMANN_P) ** 2)
    return np.exp(-inner) @ np.array([1.0, 1.2, 3.0, 3.2])


PROBLEMS: dict[str, Callable[[], Problem]] = {
    name: (lambda name=name: of_pool(name))  # type: ignore[misc]
    for name in ("crossed_barrel", "agnp", "p3ht", "suzuki", "direct_arylation")
}
PROBLEMS["branin"] = lambda: of_function("branin", 2, branin)
PROBLEMS["hartmann"] = lambda: of_function("hartmann", 6, hartmann)


# -- what fails --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Region:
    """Fails where `depth` (n, d) → (n,) is above the limit."""

    depth: Callable[[np.ndarray], np.ndarray]
    limit: float

    def fails(self, x: np.ndarray) -> np.ndarray:
        return self.depth(x) > self.limit


def half_space(problem: Problem, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    normal = rng.standard_normal(problem.x.shape[1])
    return lambda x: x @ normal


def ball(problem: Problem, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    centre = problem.x[rng.integers(len(problem.x))]
    return lambda x: -np.linalg.norm(x - centre, axis=1)


def options(problem: Problem, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    """Options of one choice, in a random order, until they make up the share."""
    columns = problem.choices[str(rng.choice(sorted(problem.choices)))]
    weights = rng.permutation(len(columns)).astype(float)
    return lambda x: x[:, columns] @ weights


SHAPES: dict[str, Callable[[Problem, np.random.Generator], Callable[[np.ndarray], np.ndarray]]] = {
    "half-space": half_space,
    "ball": ball,
    "options": options,
}


def region(problem: Problem, shape: str, place: str, rng: np.random.Generator) -> Region | None:
    """A part of about the share (0.2 to 0.4) in which the best point lies as asked for; None where none was drawn."""
    best = int(problem.utilities.argmax())
    low, high = PLACES[place]
    for _ in range(DRAWS):
        depth = SHAPES[shape](problem, rng)
        depths = depth(problem.x)
        limit = float(np.quantile(depths, 1 - SHARE, method="lower"))
        share = float(np.mean(depths > limit))
        rank = float(np.mean(depths < depths[best]))
        if 0.2 <= share <= 0.4 and low <= rank <= high and (depths[best] > limit) == (place == "over"):
            return Region(depth, limit)
    return None


# -- campaigns ---------------------------------------------------------------------------------------------------


def campaign(problem: Problem, shape: str, place: str, arm: str, seed: int) -> dict[str, Any] | None:
    """Which trials failed, the value of the best after each (`nothing` counts as the median), and CPU seconds."""
    rng = np.random.default_rng([crc32(f"{problem.name} {shape} {place}".encode()), seed])
    bad = region(problem, shape, place, rng)
    if bad is None:
        return None
    good = problem.utilities[~bad.fails(problem.x)]
    zero, span = float(np.median(good)), float(good.max() - np.median(good))
    known: list[Observation] = []
    values: list[float] = []
    began = process_time()
    for number in range(1, TRIALS + 1):
        point = ARMS[arm].propose(problem.space, [Maximize("y")], known, [], 1, generator(seed, number))[0].point
        failed = bool(bad.fails(problem.locate(point)[None])[0])
        value = problem.answer(point)
        told = {} if failed else {"y": value}
        known.append(Observation(str(number), point, told, failed="fails" if failed else None))
        values.append(0.0 if failed else max((value - zero) / span, 0.0))
    seconds = process_time() - began
    best = np.maximum.accumulate(values)
    return {
        "problem": problem.name,
        "shape": shape,
        "place": place,
        "arm": arm,
        "seed": seed,
        "wasted": [i for i, o in enumerate(known) if o.failed],
        "best": round(float(best[-1]), 6),
        "area": round(float(best.mean()), 6),
        "ms": round(1000 * seconds / TRIALS, 2),
    }


def run(asked: argparse.Namespace) -> None:
    """All campaigns that were not recorded yet; the shape changes from seed to seed, the place after all shapes."""
    asked.records.parent.mkdir(parents=True, exist_ok=True)
    done = {key(record) for record in recorded(asked.records)}
    problems = {name: PROBLEMS[name]() for name in asked.problems}
    for seed in range(asked.seeds):
        for name, problem in problems.items():
            shapes = [shape for shape in SHAPES if shape != "options" or problem.choices]
            shape, place = shapes[seed % len(shapes)], list(PLACES)[seed // len(shapes) % len(PLACES)]
            for arm in ARMS:
                if (name, place, seed, arm) in done:
                    continue
                if record := campaign(problem, shape, place, arm, seed):
                    with asked.records.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(record) + "\n")


def key(record: Mapping[str, Any]) -> tuple[str, str, int, str]:
    return record["problem"], record["place"], record["seed"], record["arm"]


def recorded(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


# -- the report --------------------------------------------------------------------------------------------------


def report(records: Sequence[Mapping[str, Any]]) -> str:
    """Tables of means over all campaigns of a row, and what learning changes, paired."""
    by_key = {key(record): record for record in records}
    pairs = [k[:3] for k in by_key if all((*k[:3], arm) in by_key for arm in ARMS) and k[3] == "learns"]
    lines = [*HEAD.format(seeds=len({seed for _, _, seed in pairs}), trials=TRIALS).splitlines(), ""]
    groups = {
        "where the best point lies": [(place, [p for p in pairs if p[1] == place]) for place in PLACES],
        "problem": [(name, [p for p in pairs if p[0] == name]) for name in PROBLEMS],
    }
    for title, rows in groups.items():
        lines += [f"| {title} | campaigns | {' | '.join(COLUMNS)} |", "|---|---|" + "---|" * len(COLUMNS)]
        lines += [_row(name, mine, by_key) for name, mine in [*rows, ("**all**", pairs)] if mine]
        lines.append("")
    times = ", ".join(f"{arm} {np.median([r['ms'] for r in records if r['arm'] == arm]):.1f}" for arm in ARMS)
    return "\n".join([*lines, f"CPU time of a suggestion in ms, median over campaigns: {times}."]) + "\n"


COLUMNS = [*(f"wasted: {arm}" for arm in ARMS), *(f"best: {arm}" for arm in ARMS)]
COLUMNS += ["best, learns − does not", "best, learns − worst value"]

HEAD = """# Trials that fail in a hidden part of the space

By `python -m benchmarks.failures`, {seeds} seeds, campaigns of {trials} trials, starts included. In each about 30 %
of the space fails and nobody is told which: a half-space, a ball or (of a choice) some options, in turn from seed to
seed. The best point of all lies *away* from it, *beside* its border, or within it (*over*: then the best of what is
left counts). *Learns* is `bayesian` as it is, *does not* the same planner without the classifier, *worst value* the
latter told that each failed trial measured the worst value so far. Wasted: mean number of failed trials. Best: the
best value found, 0 the median and 1 the best of all that does not fail (of a function: of 20,000 points of it, so
that more than 1 is possible), mean; differences are paired, ± standard error. The classifier's priors and its weight
were chosen on 36 such campaigns (crossed_barrel, p3ht and hartmann, seeds 0 and 1)."""


def _row(name: str, pairs: Sequence[tuple[str, str, int]], by_key: Mapping[Any, Mapping[str, Any]]) -> str:
    wasted = {arm: np.mean([len(by_key[*p, arm]["wasted"]) for p in pairs]) for arm in ARMS}
    best = {arm: np.array([by_key[*p, arm]["best"] for p in pairs]) for arm in ARMS}
    gains = [best["learns"] - best[other] for other in ("does not", "worst value")]
    cells = [f"{wasted[arm]:.1f}" for arm in ARMS] + [f"{best[arm].mean():.3f}" for arm in ARMS]
    cells += [f"{gain.mean():+.3f} ± {gain.std() / len(gain) ** 0.5:.3f}" for gain in gains]
    return f"| {name} | {len(pairs)} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", nargs="+", default=list(PROBLEMS), choices=list(PROBLEMS))
    parser.add_argument("--seeds", type=int, default=N_SEEDS)
    parser.add_argument("--records", type=Path, default=CACHE / "failures.jsonl", help="a run goes on where it was")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    run(asked)
    asked.out.write_text(report(recorded(asked.records)), encoding="utf-8")


if __name__ == "__main__":
    main()
