"""Cheap and rough trials beside true ones: `python -m benchmarks.fidelities` writes results/fidelities.md.

The planner `bayesian` with a fidelity of two levels, and the same one without costs, which therefore asks for true
trials alone. What counts is the distance of the best true value from the best of all, after so much was spent; a true
trial costs 1.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.functions import BRANIN, CURRIN, HARTMANN, Known, branin, hartmann, rough_currin
from benchmarks.markdown import table
from matloop import Bayesian, Fidelity, Maximize, Real, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation

MARKS, COSTS = (5, 10, 15, 20), (0.1, 0.3)
RESULTS = Path(__file__).parent / "results" / "fidelities.md"

#: Name -> the true function, and the rough one.
SCENES: dict[str, tuple[Known, Callable[[np.ndarray], float]]] = {
    "Currin, rough: mean of neighbours": (CURRIN, rough_currin),
    "Branin, rough: another bend": (BRANIN, lambda x: branin(x, 0.0)),
    "Branin, rough: + 40 + 20 sin(5x + 3z)": (BRANIN, lambda x: branin(x) + 40 + 20 * np.sin(5 * x[0] + 3 * x[1])),
    "Branin, rough: 1000 + a hundredth": (BRANIN, lambda x: 1000 + 0.01 * branin(x) + 0.2 * np.sin(8 * x[0])),
    "Branin, rough: something else": (BRANIN, lambda x: 50 * np.sin(7 * x[0]) + 50 * np.cos(9 * x[1])),
    "Hartmann, rough: other weights": (HARTMANN, lambda x: hartmann(x, 0.0)),
}


def campaign(scene: str, cost: float | None, seed: int) -> tuple[list[float], int]:
    """The distance from the best at each mark, and how many rough trials there were."""
    known, rough = SCENES[scene]
    names = [f"x{i}" for i in range(known.d)]
    level = Fidelity(["rough", "true"], costs=None if cost is None else [cost, 1])
    space = Space(**{name: Real(0, 1) for name in names}, level=level)
    seen: list[Observation] = []
    spent, best, miss = 0.0, -np.inf, [np.nan] * len(MARKS)
    while spent < MARKS[-1] - 1e-9:
        rng = generator(seed, len(seen) + 1)
        point = Bayesian().propose(space, [Maximize("y")], seen, [], 1, rng)[0].point
        x, is_true = np.array([point[name] for name in names]), point["level"] == "true"
        value = known.f(x) if is_true else float(rough(x))
        seen.append(Observation(str(len(seen)), point, {"y": value}))
        spent += 1.0 if is_true else float(cost or 0.0)
        best = max(best, value) if is_true else best
        miss = [known.miss(best) if spent <= mark + 1e-9 else old for mark, old in zip(MARKS, miss, strict=True)]
    return miss, sum(o.point["level"] == "rough" for o in seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--to", type=Path, default=RESULTS)
    asked = parser.parse_args()
    rows = []
    for scene in SCENES:
        for cost in (None, *COSTS):
            told = [campaign(scene, cost, seed) for seed in range(asked.seeds)]
            shares = np.median([miss for miss, _ in told], axis=0)
            n_rough = np.median([n for _, n in told])
            rows.append(
                [scene, "true alone" if cost is None else cost, *(f"{s:.2g}" for s in shares), f"{n_rough:.0f}"]
            )
            print(rows[-1], flush=True)  # noqa: T201
    head = ["scene", "a rough trial costs", *(f"after {mark}" for mark in MARKS), "rough trials"]
    words = (
        f"Medians of {asked.seeds} seeds: how far the best true value is from the best of all, in units of that of an "
        "ordinary (median) value, after trials worth so many true ones. By `python -m benchmarks.fidelities`."
    )
    asked.to.write_text(
        f"# Cheap and rough trials beside true ones\n\n{words}\n\n{table(head, rows)}\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
