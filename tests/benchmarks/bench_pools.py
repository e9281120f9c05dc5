"""A small made-up pool for the tests of the benchmark itself."""

import numpy as np

from benchmarks.pools import Pool


def small_pool(n: int = 60, goal: str = "maximize") -> Pool:
    """A hill along one column, beside a column of text that says nothing; three replicates a row."""
    x = np.linspace(0.0, 3.0, n)
    kinds = np.array([("a", "b")[i % 2] for i in range(n)], object)
    sign = 1.0 if goal == "maximize" else -1.0
    readings = tuple(sign * (10 - (v - 2) ** 2) + np.array([-0.1, 0.0, 0.1]) for v in x)
    return Pool("small", {"x": x, "kind": kinds}, readings, goal)
