"""Matching a spectrum: a model of the curve against models of its distance to the target.

`python benchmarks/curves.py` writes results/curves.md. Each seed draws a target from the twin `gold_silver_colloid` (a
colloid somewhere in the space, without noise); all arms have the same planner with its own starts, which count as
trials, and measure with the twin's own noise. What counts is the true distance of the best colloid made so far, which
no arm is told.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import process_time

import numpy as np

from matloop import Bayesian, Match, Minimize, Random, Real, Space, TwinLab
from matloop.core.contracts import Planner
from matloop.core.objective import Objective
from matloop.core.seeds import generator
from matloop.core.space import Point
from matloop.core.trial import Observation
from matloop.labs.twins.gold_silver_colloid import WAVELENGTHS, simulate

SPACE = Space(
    gold_diameter=Real(10, 100, unit="nm"),
    silver_diameter=Real(10, 80, unit="nm"),
    gold=Real(2, 50, unit="mg/L"),
    silver=Real(0.5, 10, unit="mg/L"),
    glycerol=Real(0, 0.8),
)
NAME = "absorbance"
#: Reached: a true root mean square distance of so much of the target's own root mean square.
WITHIN = (0.10, 0.05, 0.03)
BUDGET, N_SEEDS = 100, 24
RESULTS = Path(__file__).parent / "results" / "curves.md"

#: What a planner is told of the results: a wish, and observations that fit it.
Tell = Callable[[Match, Sequence[Observation]], tuple[Objective, list[Observation]]]


def curves(wish: Match, known: Sequence[Observation]) -> tuple[Objective, list[Observation]]:
    return wish, list(known)


def loss(scale: Callable[[float], float]) -> Tell:
    """Nothing but the distance, on this scale."""

    def tell(_: Match, known: Sequence[Observation]) -> tuple[Objective, list[Observation]]:
        return Minimize(NAME), [Observation(o.trial, o.point, {NAME: scale(o.values[NAME])}) for o in known]

    return tell


ARMS: dict[str, tuple[Planner, Tell]] = {
    "model of the curve": (Bayesian(), curves),
    "model of the distance": (Bayesian(), loss(lambda distance: distance)),
    "model of the squared distance": (Bayesian(), loss(lambda distance: distance**2)),
    "random": (Random(), curves),
}


def target(seed: int) -> np.ndarray:
    """The spectrum (91,) of a colloid drawn uniformly from the space."""
    return spectrum(SPACE.points(SPACE.from_unit(np.random.default_rng([seed, 1]).random((1, SPACE.width))))[0])


def spectrum(point: Point) -> np.ndarray:
    return np.asarray(simulate(SPACE.columns([point]))[NAME]["y"][0])


def campaign(planner: Planner, tell: Tell, seed: int, budget: int) -> tuple[np.ndarray, float]:
    """The true distance of the best so far over the size of the target, after each trial (n,), and CPU seconds a trial.

    It ends when the nearest of the marks is reached.
    """
    wanted = target(seed)
    size, wish = float(np.sqrt(np.mean(wanted**2))), Match(NAME, (WAVELENGTHS, wanted))
    lab = _lab(wish)
    known: list[Observation] = []
    misses: list[float] = []
    seconds = 0.0
    while len(known) < budget and min(misses, default=np.inf) > min(WITHIN):
        began = process_time()
        told = tell(wish, known)
        point = planner.propose(SPACE, [told[0]], told[1], [], 1, generator(seed, len(known) + 1))[0].point
        seconds += process_time() - began
        outcome = lab.rehearse([point], np.random.default_rng([seed, len(known), 2]))[0]
        known.append(Observation(str(len(known)), point, outcome.values, curves=outcome.curves))
        misses.append(float(np.sqrt(np.mean((spectrum(point) - wanted) ** 2))) / size)
    return np.minimum.accumulate(misses), seconds / len(known)


def _lab(wish: Objective) -> TwinLab:
    lab = TwinLab("gold_silver_colloid")
    lab.prepare(SPACE, [wish], Path(), Path())
    return lab


def needed(curve: np.ndarray, within: float, budget: int) -> int:
    """Trials until the mark; one more than the budget where it was not reached."""
    reached = np.flatnonzero(curve <= within)
    return int(reached[0]) + 1 if len(reached) else budget + 1


def table(told: dict[str, list[tuple[np.ndarray, float]]], budget: int) -> Iterator[str]:
    """Medians and quartiles of the trials needed, and how many seeds reached the mark at all."""
    yield "| | " + " | ".join(f"within {mark:.0%}" for mark in WITHIN) + " | CPU ms a trial |"
    yield "|---|" + "---|" * (len(WITHIN) + 1)
    for name, runs in told.items():
        cells = []
        for mark in WITHIN:
            n = np.array([needed(curve, mark, budget) for curve, _ in runs])
            low, middle, high = (_shown(q, budget) for q in np.percentile(n, [25, 50, 75], method="inverted_cdf"))
            cells.append(f"{middle} ({low} to {high}), {np.sum(n <= budget)} of {len(n)}")
        seconds = 1000 * float(np.median([s for _, s in runs]))
        yield f"| {name} | " + " | ".join(cells) + f" | {seconds:.0f} |"


def _shown(n: float, budget: int) -> str:
    return f"{n:.0f}" if n <= budget else f"> {budget}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seeds", type=int, default=N_SEEDS)
    arguments.add_argument("--budget", type=int, default=BUDGET)
    arguments.add_argument("--out", type=Path, default=RESULTS)
    given = arguments.parse_args()
    told: dict[str, list[tuple[np.ndarray, float]]] = {}
    for name, arm in ARMS.items():
        told[name] = [campaign(*arm, seed, given.budget) for seed in range(given.seeds)]
        print(*list(table({name: told[name]}, given.budget))[2:], flush=True)  # noqa: T201
    given.out.parent.mkdir(exist_ok=True)
    given.out.write_text(report(told, given.seeds, given.budget), encoding="utf-8")


def report(told: dict[str, list[tuple[np.ndarray, float]]], n_seeds: int, budget: int) -> str:
    return "\n".join(
        [
            "# Matching a curve: what is modelled, the curve or its distance",
            "",
            f"Twin (equations of physics): `gold_silver_colloid`, {SPACE.width} parameters, its own noise.",
            f"{n_seeds} seeds; each draws its own target from the twin. All have the Bayesian planner, starts",
            f"included, but for random search, and {budget} trials. A mark is reached when the true root mean",
            "square distance of a colloid made is within so much of the target's root mean square. Trials needed:",
            "median (quartiles), and how many seeds reached it.",
            "",
            *table(told, budget),
            "",
            "CPU times are medians over seeds of means over a campaign, on one thread of a machine that others used",
            "too; they depend on how long the campaigns were, so compare them with care.",
            "",
        ]
    )


if __name__ == "__main__":
    main()
