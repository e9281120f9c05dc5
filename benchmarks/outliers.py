"""Gross errors among the results: `python -m benchmarks.outliers` writes results/outliers.md.

The planner `bayesian` with and without `robust`, where a share of the results is too high by chance (the absolute value
of a normal number, times a size in standard deviations of the function). What counts is the best true value tried.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.functions import BRANIN, HARTMANN, Known
from benchmarks.markdown import table
from matloop import Bayesian, Maximize, Real, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation

FUNCTIONS: dict[str, Known] = {"Branin": BRANIN, "Hartmann": HARTMANN}
MARKS, SHARE, SIZES = (20, 35, 50), 0.1, (0.0, 3.0, 100.0)
RESULTS = Path(__file__).parent / "results" / "outliers.md"


def campaign(known: Known, size: float, robust: bool, seed: int) -> list[float]:
    """The distance of the best true value from the best of all, at each mark."""
    names = [f"x{i}" for i in range(known.d)]
    space, errors = Space(**{name: Real(0, 1) for name in names}), np.random.default_rng(seed)
    seen: list[Observation] = []
    true: list[float] = []
    while len(seen) < MARKS[-1]:
        rng = generator(seed, len(seen) + 1)
        point = Bayesian(robust=robust).propose(space, [Maximize("y")], seen, [], 1, rng)[0].point
        true.append(known.f(np.array([point[name] for name in names])))
        is_wrong, error = errors.random() < SHARE, abs(errors.standard_normal())
        value = true[-1] + is_wrong * size * known.spread * error
        seen.append(Observation(str(len(seen)), point, {"y": float(value)}))
    return [known.miss(max(true[:mark])) for mark in MARKS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--to", type=Path, default=RESULTS)
    asked = parser.parse_args()
    rows = []
    for name, known in FUNCTIONS.items():
        for size in SIZES:
            for robust in (False, True):
                miss = np.median([campaign(known, size, robust, seed) for seed in range(asked.seeds)], axis=0)
                rows.append([name, f"{size:g}", "yes" if robust else "no", *(f"{m:.2g}" for m in miss)])
                print(rows[-1], flush=True)  # noqa: T201
    head = ["function", "size of the errors", "robust", *(f"after {mark}" for mark in MARKS)]
    words = (
        f"Medians of {asked.seeds} seeds; {SHARE:.0%} of the results are too high. How far the best true value is "
        "from the best of all, in units of that of an ordinary (median) value. By `python -m benchmarks.outliers`."
    )
    asked.to.write_text(f"# Gross errors among the results\n\n{words}\n\n{table(head, rows)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
