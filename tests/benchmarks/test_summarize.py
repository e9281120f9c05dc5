"""The page of results, from recorded choices."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import pools, records, summarize

pytestmark = pytest.mark.data


def made_up(peer: str, pool: pools.Pool, seed: int, order: np.ndarray) -> records.Record:
    rows = order[:52].tolist()
    return {"peer": peer, "version": f"{peer}==1", "protocol": "2+50", "pool": pool.name, "seed": seed} | {
        "readings": "mean", "rows": rows, "cpu": [0.001] * 50
    }  # fmt: skip


def test_the_page_says_who_is_ahead_and_what_broke_off(published: Path, tmp_path: Path) -> None:
    """A planner that chooses best first ranks first on every measure; a peer that broke off stands with its reason."""
    found = []
    for name in ("autoam", "perovskite"):
        pool = pools.load(name)
        for seed in range(8):
            rng = np.random.default_rng(seed)
            found.append(made_up("matloop", pool, seed, np.argsort(-pool.utilities)))
            found.append(made_up("random", pool, seed, rng.permutation(pool.n)))
    found.append(made_up("hebo", pools.load("autoam"), 0, np.arange(9)) | {"error": "a singular matrix"})
    page = summarize.text_of(found, tmp_path)
    assert "| matloop | 1.00 | 1.00 | 1.00 | 1.0 |" in page
    assert "| autoam | **1.000** |" in page
    assert "| hebo | autoam | 1 | a singular matrix |" in page
