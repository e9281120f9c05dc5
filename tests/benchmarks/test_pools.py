"""The published pools of the benchmark, as they are read."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import pools

pytestmark = pytest.mark.data

#: Pool -> conditions, width of the encoded table, goal, best value.
EXPECTED = {
    "crossed_barrel": (600, 4, "maximize", 46.711405),
    "agnp": (164, 5, "minimize", 0.148361),
    "p3ht": (178, 5, "maximize", 838.31),
    "autoam": (100, 4, "maximize", 0.936549),
    "perovskite": (94, 3, "minimize", 27122.0),
    "oer_plate_3496": (2121, 6, "minimize", 0.340246),
    "oer_plate_3860": (2120, 6, "minimize", 0.372861),
    "photo_pce10": (1020, 4, "minimize", 0.001622641),
    "photo_wf3": (1020, 4, "minimize", 0.004446956),
    "hplc": (1007, 6, "maximize", 2372.24939),
    "suzuki": (247, 4, "maximize", 96.9),
    "perovskites": (192, 23, "minimize", 1.5249),
    "direct_arylation": (1728, 22, "maximize", 100.0),
    "liquidus": (351, 3, "minimize", 656.14),
    "hmof_ch4": (10_099, 4, "maximize", 424.026635),  # three pairs among the 10,102 rows share their four columns
}


def test_every_pool_is_expected() -> None:
    """The benchmark's pools and those whose facts are known are the same."""
    assert EXPECTED.keys() == pools.POOLS.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_pool(name: str, published: Path) -> None:
    """Each pool has its published size, direction and best value, and every condition stands in it once."""
    n, width, goal, best = EXPECTED[name]
    pool = pools.load(name)
    assert (pool.n, pool.encoded.shape, pool.goal) == (n, (n, width), goal)
    found = pool.values.max() if goal == "maximize" else pool.values.min()
    assert found == pytest.approx(best, rel=1e-5)
    assert pool.utilities.argmax() == np.flatnonzero(pool.values == found)[0]
    assert len(np.unique(pool.encoded, axis=0)) == n
    assert pool.encoded.min() == 0
    assert pool.encoded.max() == 1
    assert np.isfinite(pool.values).all()


def test_replicates_are_averaged(published: Path) -> None:
    """The crossed barrel's 1,800 prints are 600 designs of three."""
    assert {len(readings) for readings in pools.load("crossed_barrel").readings} == {3}


def test_methane_pool_has_no_running_number(published: Path) -> None:
    """The first column of the methane table is an id, and no planner sees it."""
    pool = pools.load("hmof_ch4")
    assert sum(map(len, pool.readings)) == 10_102
    assert all(column.max() < 100 for column in pool.columns.values())
