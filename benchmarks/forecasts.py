"""How good the forecast of the trials that a goal needs is: replayed campaigns, asked on their way.

`MATLOOP_DATA=… python -m benchmarks.forecasts` writes results/forecasts.md. Campaigns of the Bayesian planner on pools,
five random starts each, are followed to the best row or for 120 trials. After 10, 20 and 40 results they are asked how
many more trials they need to goals that nobody chose by the answer (the best so far and 0.1, 0.3, 0.6 and 1 standard
deviation of the results more), and to the best row. A goal that no row meets tests the chance of being within reach;
the others test the number of trials. The constants of `planners/experience.py` are fitted here: what the tables say of
a pool is said by constants that were fitted to the other pools.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import pools
from benchmarks.markdown import table
from matloop import Bayesian, Maximize, Minimize, Pool, Space
from matloop.core.expression import parse
from matloop.core.seeds import generator
from matloop.core.standing import Standing
from matloop.core.trial import Observation
from matloop.planners.experience import Experience, chance_of_reach, chance_within
from matloop.planners.imagined import trials_until

POOLS = (
    "crossed_barrel", "agnp", "p3ht", "autoam", "perovskite", "oer_plate_3496", "photo_pce10", "photo_wf3", "hplc",
    "liquidus", "direct_arylation",
)  # fmt: skip
ASKED, FURTHER, MOST, N_SEEDS, LONGEST = (10, 20, 40), (0.1, 0.3, 0.6, 1.0), 100, 10, 120
RESULTS = Path(__file__).parent / "results" / "forecasts.md"
#: Forecasts are compared up to so many trials.
FAR = 200

Case = dict[str, Any]


# -- campaigns and what is asked of them ------------------------------------------------------------------------------


def cases(name: str, seed: int, readings: str = "mean") -> Iterator[Case]:
    """Each question to one campaign, what was imagined, and what happened."""
    pool = pools.load(name)
    space = Space(pool=Pool(table=pool.columns))
    wish = Maximize("y") if pool.goal == "maximize" else Minimize("y")
    sign = 1.0 if pool.goal == "maximize" else -1.0
    rows, seen = _campaign(pool, space, wish, seed, readings)
    utility = sign * np.array([o.values["y"] for o in seen])
    for n in (n for n in ASKED if n < len(seen)):
        standing = Standing(space, (wish,), tuple(seen[:n]), seed)
        best, spread, top = utility[:n].max(), utility[:n].std(), pool.utilities.max()
        for goal, level in [*((str(k), best + k * spread) for k in FURTHER), ("best row", top)]:
            level = float(level - 1e-9 * abs(level))
            left = np.setdiff1d(np.arange(pool.n), rows[:n])
            is_met = bool((pool.utilities[left] >= level).any())
            if best >= level or (goal == "best row" and not is_met):
                continue
            condition = parse(f"y >= {level!r}" if sign > 0 else f"y <= {-level!r}")
            needed, can = trials_until(standing, condition, MOST)
            later = np.flatnonzero(utility >= level)
            yield {
                "pool": name, "seed": seed, "n": n, "goal": goal, "is_met": is_met, "readings": readings,
                "actual": float(later[0] - n + 1) if len(later) else float("inf"),
                "followed": len(seen) - n, "left": pool.n - n, "needed": needed.tolist(), "can": can.tolist(),
            }  # fmt: skip


def _campaign(
    pool: pools.Pool, space: Space, wish: Maximize | Minimize, seed: int, readings: str
) -> tuple[list[int], list[Observation]]:
    """The rows tried, and the results: until the best row, or for as long as it is followed."""
    table_points = space.points(pool.columns)
    row_of = {space.key(point): row for row, point in enumerate(table_points)}
    drawn, rows, seen = np.random.default_rng(seed), [], []
    best = int(pool.utilities.argmax())
    while len(seen) < min(LONGEST, pool.n - 1) and (readings != "mean" or best not in rows):
        (proposal,) = Bayesian(design="random").propose(space, (wish,), seen, [], 1, generator(seed, len(seen) + 1))
        row = row_of[space.key(proposal.point)]
        value = pool.values[row] if readings == "mean" else drawn.choice(pool.readings[row])
        rows.append(row)
        seen.append(Observation(f"t-{len(seen):04d}", proposal.point, {"y": float(value)}))
    return rows, seen


# -- the constants ----------------------------------------------------------------------------------------------------


def share_within(case: Case, at: np.ndarray, known: Experience) -> np.ndarray:
    """What the forecast with these constants says, (t,)."""
    return chance_within(at, np.array(case["needed"]), np.array(case["can"]), case["n"], case["left"], known)


def log_likelihood(case: Case, known: Experience) -> float:
    """Of what happened; of a campaign that did not get there, that it takes longer than it was followed."""
    if np.isfinite(case["actual"]):
        before, by_then = share_within(case, np.array([case["actual"] - 1.0, case["actual"]]), known)
        return float(np.log(max(by_then - before * (case["actual"] > 1), 1e-6)))
    return float(np.log(max(1.0 - share_within(case, np.array([case["followed"]]), known)[0], 1e-6)))


def fitted(some: Sequence[Case]) -> Experience:
    """The constants of greatest likelihood, the pools weighed equally."""
    met, asked = [c for c in some if c["is_met"]], [c for c in some if c["goal"] != "best row"]

    def weighed(score: Callable[[Case], float], cases_: Sequence[Case]) -> float:
        size = Counter(case["pool"] for case in cases_)
        return -sum(score(case) / size[case["pool"]] for case in cases_)

    def trials(x: np.ndarray) -> float:
        return weighed(lambda c: log_likelihood(c, _of(x, np.zeros(2))), met) + 0.02 * float(np.sum((x - START) ** 2))

    def reach_(x: np.ndarray) -> float:
        return weighed(lambda c: _log_chance(c, _of(START, x)), asked) + 0.02 * float(np.sum((x - [0.0, 1.0]) ** 2))

    return _of(_least(trials, START), _least(reach_, np.array([0.0, 1.0])))


def _least(loss: Callable[[np.ndarray], float], start: np.ndarray) -> np.ndarray:
    """Where the loss is least, by the simplex of Nelder and Mead with first steps of 0.4."""
    from scipy.optimize import minimize

    simplex = np.vstack([start, start + 0.4 * np.eye(len(start))])
    options = {"maxiter": 300, "xatol": 0.01, "fatol": 0.002, "initial_simplex": simplex}
    return np.asarray(minimize(loss, start, method="Nelder-Mead", options=options).x)


def _of(x: np.ndarray, reached: np.ndarray) -> Experience:
    """From numbers without bounds: the shift and the logarithms of what is above zero, then offset and slope."""
    return Experience(float(x[0]), *np.exp(x[1:]).tolist(), *np.asarray(reached, float).tolist())


def _log_chance(case: Case, known: Experience) -> float:
    chance = chance_of_reach(np.array(case["can"]), known)
    return float(np.log(chance if case["is_met"] else 1.0 - chance))


START = np.array([0.3, -0.5, 1.0, 0.0])

# -- what is told -----------------------------------------------------------------------------------------------------


def row(told: str, some: Sequence[Case], known_of: dict[str, Experience]) -> list[str]:
    """Medians of the forecast's quantiles and of what happened, their ratio, and how often it lay within."""
    at = np.arange(1, FAR + 1)
    low, quarter, middle, upper, high = np.transpose(
        [[_quantile(share_within(c, at, known_of[c["pool"]]), s) for s in (0.1, 0.25, 0.5, 0.75, 0.9)] for c in some]
    )
    actual = np.array([c["actual"] for c in some])
    end = np.where(np.isfinite(actual), actual, [c["followed"] + 1.0 for c in some])
    is_open = ~np.isfinite(actual)
    in_80 = np.where(is_open, high >= end, (low <= actual) & (actual <= high))
    in_50 = np.where(is_open, upper >= end, (quarter <= actual) & (actual <= upper))
    ratio = np.exp(np.median(np.log(np.minimum(middle, FAR)) - np.log(np.minimum(actual, FAR))))
    numbers = [f"{_middle(v):.0f}" for v in (low, middle, high)] + [_quartile(actual, s) for s in (0.25, 0.5, 0.75)]
    counts = len({(c["pool"], c["seed"]) for c in some}), len(some)
    return [told, *map(str, counts), *numbers, f"{ratio:.2f}", f"{in_50.mean():.2f}", f"{in_80.mean():.2f}"]


def _quantile(share: np.ndarray, level: float) -> float:
    place = int(np.searchsorted(share, level))
    return place + 1.0 if place < len(share) else np.inf


def _middle(values: np.ndarray) -> float:
    return float(np.sort(values)[(len(values) - 1) // 2])


def _quartile(values: np.ndarray, share: float) -> str:
    found = np.sort(values)[min(int(share * len(values)), len(values) - 1)]
    return f"{found:.0f}" if np.isfinite(found) else "not reached"


HEAD = ["", "campaigns", "questions", "forecast: 10 %", "median", "90 %", "what happened: quarter", "median",
        "three quarters", "forecast / actual", "in the middle half", "in the middle 80 %"]  # fmt: skip


def reach(found: Sequence[Case], known_of: dict[str, Experience]) -> str:
    """How often a goal could be met, by the chance that was told."""
    some = [c for c in found if c["goal"] != "best row" and c["readings"] == "mean"]
    told = np.array([chance_of_reach(np.array(c["can"]), known_of[c["pool"]]) for c in some])
    imagined, is_met = np.array([np.mean(c["can"]) for c in some]), np.array([c["is_met"] for c in some])
    rows = []
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        mine = (told >= low) & (told < low + 0.2)
        means = [f"{values[mine].mean():.2f}" if mine.any() else "" for values in (told, imagined, is_met)]
        rows.append([f"{low:.1f} to {low + 0.2:.1f}", int(mine.sum()), *means])
    return table(["told chance", "questions", "mean of it", "share of imagined campaigns", "some row met it"], rows)


def page(found: Sequence[Case]) -> str:
    """The results in words and tables."""
    asked = [c for c in found if c["readings"] == "mean"]
    means = [c for c in asked if c["is_met"]]
    names = [name for name in POOLS if any(c["pool"] == name for c in means)]
    held_out = {name: fitted([c for c in asked if c["pool"] != name]) for name in names}
    everything = fitted(asked)
    told = ", ".join(f"{name} {value:.3g}" for name, value in everything._asdict().items())
    rows = [row(name, [c for c in means if c["pool"] == name], held_out) for name in names]
    rows += [row(f"after {n} results", [c for c in means if c["n"] == n], held_out) for n in ASKED]
    goals = [*map(str, FURTHER), "best row"]
    rows += [row(f"goal: {g}", [c for c in means if c["goal"] == g], held_out) for g in goals]
    rows.append(row("all", means, held_out))
    single = [c for c in found if c["is_met"] and c["readings"] == "single"]
    noisy = " and ".join(dict.fromkeys(c["pool"] for c in single))
    rows += [row(f"single readings of {noisy}", single, held_out)] if single else []
    plain = everything._replace(shift=0.0, spread=1e-3, counts=1e-6)
    rows.append(row("all, as imagined", means, dict.fromkeys(names, plain)))
    counted = everything._replace(counts=1e9)
    rows.append(row("all, by the number of results alone", means, dict.fromkeys(names, counted)))
    doc = (__doc__ or "").split("\n\n", 1)[1].strip()
    return "\n\n".join(
        [
            "# The forecast of the trials that a goal needs", doc,
            f"Fitted to all pools: {told}.", table(HEAD, rows), "## Within reach", reach(found, held_out), "",
        ]
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, default=Path("forecasts.jsonl"), help="what was asked is kept here")
    parser.add_argument("--seeds", type=int, default=N_SEEDS)
    parser.add_argument("--readings", nargs="+", default=["mean", "single"], choices=["mean", "single"])
    parser.add_argument("--pools", nargs="+", default=list(POOLS), choices=POOLS)
    asked = parser.parse_args()
    known = [json.loads(line) for line in asked.cases.read_text().splitlines()] if asked.cases.exists() else []
    done = {(c["pool"], c["seed"], c["readings"]) for c in known}
    for readings in asked.readings:
        for name in asked.pools:
            if readings == "single" and max(map(len, pools.load(name).readings)) == 1:
                continue
            for seed in range(asked.seeds):
                if (name, seed, readings) not in done:
                    new = list(cases(name, seed, readings))
                    with asked.cases.open("a") as file:
                        file.writelines(json.dumps(case) + "\n" for case in new)
                    known += new
    RESULTS.write_text(page(known))


if __name__ == "__main__":
    main()
