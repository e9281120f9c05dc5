"""From recorded choices to one score a campaign and measure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import pandas as pd

from benchmarks import pools
from benchmarks.measures import MEASURES, trials_to_share
from benchmarks.records import Record

pool_of = lru_cache(maxsize=None)(pools.load)

#: A peer takes part in the ranks once it has been through this share of the pools.
ENOUGH = 0.8


def measured(records: Iterable[Record], protocol: str, readings: str = "mean") -> pd.DataFrame:
    """Columns peer, pool, seed, and one a measure; campaigns that broke off are left out (see `failures`)."""
    return pd.DataFrame(
        [
            {"peer": r["peer"], "pool": r["pool"], "seed": r["seed"]}
            | {name: measure(pool_of(r["pool"]), np.array(r["rows"])) for name, (measure, _) in MEASURES.items()}
            for r in records
            if r["protocol"] == protocol and r["readings"] == readings and "error" not in r
        ],
        columns=["peer", "pool", "seed", *MEASURES],
    )


def liang(records: Iterable[Record], readings: str) -> pd.DataFrame:
    """Columns peer, pool, seed, trials: how many each campaign needed to 80 % of the top 5 %."""
    return pd.DataFrame(
        [
            {k: r[k] for k in ("peer", "pool", "seed")}
            | {"trials": trials_to_share(pool_of(r["pool"]), np.array(r["rows"]))}
            for r in records
            if r["protocol"] == "liang" and r["readings"] == readings and "error" not in r
        ],
        columns=["peer", "pool", "seed", "trials"],
    )


def failures(records: Iterable[Record]) -> pd.DataFrame:
    """Columns peer, pool, error, count: what broke off, by the beginning of its message."""
    rows = [(r["peer"], r["pool"], " ".join(r["error"].split())[:100]) for r in records if "error" in r]
    table = pd.DataFrame(rows, columns=["peer", "pool", "error"])
    return table.groupby(["peer", "pool"], as_index=False).agg(error=("error", "first"), count=("error", "size"))


def ranked(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores of the peers that have been through most pools: on the pools, and from the seeds, that all have."""
    n_pools = scores.groupby("peer")["pool"].nunique()
    some = scores[scores["peer"].isin(n_pools.index[n_pools >= ENOUGH * n_pools.max()])]
    n_peers = some.groupby(["pool", "seed"])["peer"].transform("nunique")
    return some[n_peers == some["peer"].nunique()]
