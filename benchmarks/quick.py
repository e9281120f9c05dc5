"""The small form, within five minutes and without the peers: `make bench-quick`.

matloop and random run afresh on all pools but the largest, five seeds; the peers' choices of the same seeds are those
recorded in benchmarks/results/choices. What it prints is what changed in matloop, not a measurement of the peers.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import markdown, records, run, scores, summarize
from benchmarks.pools import POOLS

POOLS_HERE = [name for name in POOLS if name != "hmof_ch4"]
SEEDS = 5


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        wanted = ["--peers", "random", "matloop", "--pools", *POOLS_HERE, "--seeds", "0", str(SEEDS)]
        run.main([*wanted, "--out", folder])
        fresh = records.read(Path(folder))
    recorded = [r for r in records.read(records.CHOICES) if r["seed"] < SEEDS and r["pool"] in POOLS_HERE]
    earlier = [r | {"peer": "matloop as recorded"} for r in recorded if r["peer"] == markdown.OURS]
    peers = [r for r in recorded if r["peer"] not in (markdown.OURS, "random")]
    found = [*fresh, *earlier, *peers]
    table = scores.measured(found, summarize.MAIN_PROTOCOL)
    ranks = markdown.ranks(table, summarize.cpu_of(found))
    print("\n\n".join(["", ranks, summarize.SHARE, markdown.by_pool(table, summarize.SHARE)]))  # noqa: T201


if __name__ == "__main__":
    main()
