"""What a prior is worth: trials to the first top-1 % row with a helpful, a negated and a shuffled prior, and without.

`MATLOOP_DATA=… python -m benchmarks.priors` writes results/priors.md. All arms have the Bayesian planner with its own
starts after two rows drawn at random, the same for all arms at a seed; all count as trials. A negated prior says the
opposite of the helpful one; a shuffled one has its numbers in a random order. The planner is not told which it has.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks import pools, protocol
from matloop import Bayesian, Maximize, Pool, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.prior import Prior

BUDGET, N_SEEDS, EARLIER = 60, 24, 100
ARMS = ("none", "helpful", "negated", "shuffled")
RESULTS = Path(__file__).parent / "results" / "priors.md"
GOAL = "utility"

#: The numbers of a prior, (n,), and what becomes of them in an arm.
Spoil = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Scene:
    """One pool, and where its prior comes from: for a seed and an arm, the columns added and the prior."""

    title: str
    pool: pools.Pool
    prior: Callable[[int, Spoil], tuple[dict[str, np.ndarray], Prior]]


def _column(predict: Callable[[int], np.ndarray]) -> Callable[[int, Spoil], tuple[dict[str, np.ndarray], Prior]]:
    return lambda seed, spoil: ({"predicted": spoil(predict(seed))}, Prior(column="predicted"))


def _table(earlier: pools.Pool) -> Callable[[int, Spoil], tuple[dict[str, np.ndarray], Prior]]:
    """So many of the earlier results, drawn at random."""

    def prior(seed: int, spoil: Spoil) -> tuple[dict[str, np.ndarray], Prior]:
        rows = np.random.default_rng([seed, 3]).choice(earlier.n, EARLIER, replace=False)
        table = {name: column[rows] for name, column in earlier.columns.items()}
        return {}, Prior(file="earlier").read({**table, GOAL: spoil(earlier.utilities[rows])}, "")

    return prior


def twin() -> Scene:
    from matloop.labs.twins.crossed_barrel import simulate

    pool = pools.load("crossed_barrel")
    predicted = simulate(pool.columns)["toughness"]
    return Scene("crossed barrel, predictions of the physical twin", pool, _column(lambda _: predicted))


def blurred(name: str, correlation: float) -> Scene:
    """Predictions of a stated quality: the true values and normal noise, mixed."""
    pool = pools.load(name)
    truth = (pool.utilities - pool.utilities.mean()) / pool.utilities.std()

    def predict(seed: int) -> np.ndarray:
        noise = np.random.default_rng([seed, 3]).standard_normal(pool.n)
        return np.asarray(correlation * truth + np.sqrt(1 - correlation**2) * noise)

    return Scene(f"{name}, true values blurred to a correlation of {correlation:g}", pool, _column(predict))


def forest(name: str) -> Scene:
    """Trained on a third of the rows, none of which is among the best 5 %."""
    pool = pools.load(name)

    def predict(seed: int) -> np.ndarray:
        from sklearn.ensemble import RandomForestRegressor

        ordinary = np.flatnonzero(~pool.top(0.05))
        rows = np.random.default_rng([seed, 3]).choice(ordinary, pool.n // 3, replace=False)
        model = RandomForestRegressor(100, min_samples_leaf=2, random_state=seed)
        return np.asarray(model.fit(pool.encoded[rows], pool.utilities[rows]).predict(pool.encoded))

    return Scene(f"{name}, a forest trained on a third of the ordinary rows", pool, _column(predict))


def earlier(name: str, before: str, title: str) -> Scene:
    return Scene(title, pools.load(name), _table(pools.load(before)))


def reactions() -> Scene:
    """Direct arylation at 105 °C, after an earlier campaign at 90 °C."""
    everything = pools.load("direct_arylation")

    def at(temperature: float) -> pools.Pool:
        chosen = np.flatnonzero(everything.columns["Temp_C"] == temperature)
        columns = {name: column[chosen] for name, column in everything.columns.items() if name != "Temp_C"}
        return pools.Pool("arylation", columns, tuple(everything.readings[i] for i in chosen), "maximize")

    return Scene("direct arylation at 105 °C, results at 90 °C", at(105.0), _table(at(90.0)))


SCENES: dict[str, Callable[[], Scene]] = {
    "barrel 0.9": lambda: blurred("crossed_barrel", 0.9),
    "barrel 0.7": lambda: blurred("crossed_barrel", 0.7),
    "twin": twin,
    "p3ht": lambda: forest("p3ht"),
    "agnp": lambda: forest("agnp"),
    "wf3": lambda: earlier("photo_wf3", "photo_pce10", "photo WF3, results with PCE10 in place of WF3"),
    "arylation": reactions,
    "oer": lambda: earlier(
        "oer_plate_3860", "oer_plate_3496", "OER plate 3860, results of 3496 (3 of 6 metals shared)"
    ),
}


@cache
def scene(name: str) -> Scene:
    return SCENES[name]()


def needed(name: str, arm: str, seed: int, planner: type[Bayesian] = Bayesian) -> int:
    """Trials to the first top-1 % row; one more than the budget where none was found."""
    here = scene(name)
    added, priors = {}, {}
    if arm != "none":
        added, prior = here.prior(seed, _spoil(arm, seed))
        priors = {GOAL: prior}
    columns = {**here.pool.columns, **added}
    space = Space(candidate=Pool(table=columns))
    points = space.points(columns)
    row_of = {space.key(point): i for i, point in enumerate(points)}
    top, known = here.pool.top(0.01), list[Observation]()
    for trial in range(1, BUDGET + 1):
        if trial <= protocol.STARTS:
            point = points[protocol.starts(here.pool, seed)[trial - 1]]
        else:
            told = planner(prior=priors).propose(space, [Maximize(GOAL)], known, [], 1, generator(seed, trial))
            point = told[0].point
        row = row_of[space.key(point)]
        if top[row]:
            return trial
        known.append(Observation(str(trial), point, {GOAL: float(here.pool.utilities[row])}))
    return BUDGET + 1


def _spoil(arm: str, seed: int) -> Spoil:
    if arm == "shuffled":
        return lambda numbers: np.random.default_rng([seed, 4]).permutation(numbers)
    return (lambda numbers: -numbers) if arm == "negated" else (lambda numbers: numbers)


def table(told: dict[str, dict[str, list[int]]]) -> Iterator[str]:
    yield "| | " + " | ".join(ARMS) + " |"
    yield "|---|" + "---|" * len(ARMS)
    for name, arms in told.items():
        plain = float(np.median(arms["none"])) if arms.get("none") else np.nan
        cells = [f"{_quartiles(n)}; {np.median(n) / plain:.2f}" for n in arms.values()]
        yield f"| {scene(name).title} | " + " | ".join(cells) + " |"


def _quartiles(n: list[int]) -> str:
    low, middle, high = np.percentile(n, [25, 50, 75])
    return f"{middle:g} ({low:g} to {high:g})"


def report(told: dict[str, dict[str, list[int]]], n_seeds: int) -> str:
    sums = {arm: sum(float(np.median(arms[arm])) for arms in told.values()) for arm in ARMS}
    return "\n".join(
        [
            "# Priors: trials to the first top-1 % row",
            "",
            f"Replays of published pools, {n_seeds} seeds, {BUDGET} trials (one more where none was found). Median",
            f"(quartiles); and the median over that without a prior. Earlier campaigns have {EARLIER} random results.",
            "The marks: 0.50 or less with a helpful prior, 1.10 or less with a misleading one.",
            "Shuffled results of an earlier campaign are mostly recognized as such and not used at all: there the",
            "last column repeats the first. What is trained or blurred is labelled so; the twin, the earlier plates",
            "and blends and the reactions are as published.",
            "",
            *table(told),
            "",
            "Sum of the medians over all rows, over that without a prior: "
            + ", ".join(f"{arm} {sums[arm] / sums['none']:.2f}" for arm in ARMS[1:])
            + ".",
            "",
        ]
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seeds", type=int, default=N_SEEDS)
    arguments.add_argument("--scenes", default=",".join(SCENES))
    arguments.add_argument("--arms", default=",".join(ARMS))
    arguments.add_argument("--out", type=Path)
    given = arguments.parse_args()
    told: dict[str, dict[str, list[int]]] = {}
    for name in given.scenes.split(","):
        told[name] = {}
        for arm in given.arms.split(","):
            told[name][arm] = [needed(name, arm, seed) for seed in range(given.seeds)]
            print(name, arm, _quartiles(told[name][arm]), told[name][arm], flush=True)  # noqa: T201
    if given.out:
        given.out.write_text(report(told, given.seeds), encoding="utf-8")


if __name__ == "__main__":
    main()
