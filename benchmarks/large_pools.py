"""A suggestion, and a batch of eight, from pools of up to ten million rows: `python -m benchmarks.large_pools`.

Each measurement is a fresh process with a limit of CPU time and of memory; what does not survive it is reported so. The
result is one row of benchmarks/results/large_pools.json, which `benchmarks.summarize` puts into the page of results.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
from itertools import product
from pathlib import Path

from benchmarks.client import ONE_THREAD, ROOT
from benchmarks.environments import PeerUnavailableError, python_of
from benchmarks.peers.table import PEERS
from benchmarks.records import RESULTS

WHO = ("matloop", "physbo", "botorch", "baybe")


def measured(peer: str, rows: int, batch: int, seconds: float, gigabytes: float) -> dict[str, object]:
    """A row of the table; "outcome" says why there are no figures."""
    row: dict[str, object] = {"planner": peer, "rows": rows, "batch": batch}
    try:
        command = [str(python_of(PEERS[peer])), "-m", "benchmarks.peers.large", peer, str(rows), str(batch)]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | ONE_THREAD,
            capture_output=True,
            text=True,
            preexec_fn=lambda: _limit(seconds, gigabytes),
            check=False,
        )
    except PeerUnavailableError as error:
        return row | {"outcome": str(error)}
    if done.returncode == -signal.SIGXCPU:
        return row | {"outcome": f"not done within {seconds:g} s of CPU time"}
    if done.returncode:
        words = [line for line in done.stderr.splitlines() if line.strip()]
        reason = words[-1][:120] if words else f"ended with {done.returncode}"
        return row | {"outcome": f"failed within {gigabytes:g} GB: {reason}"}
    return row | _figures(json.loads(done.stdout.splitlines()[-1]))


def _limit(seconds: float, gigabytes: float) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
    resource.setrlimit(resource.RLIMIT_DATA, (int(gigabytes * 1e9),) * 2)


def _figures(found: dict[str, float]) -> dict[str, object]:
    return {
        "seconds": round(found["seconds"], 2),
        "CPU s": round(found["cpu"], 2),
        "peak MB": round(found["peak"]),
        "MB above the loaded pool": round(found["above"]),
        "saved state, kB": round(found["state"] / 1000, 1),
        "outcome": "done",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", nargs="+", default=list(WHO), choices=WHO, metavar="PEER")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 10_000_000])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--seconds", type=float, default=900.0, help="CPU seconds that one may take")
    parser.add_argument("--gigabytes", type=float, default=12.0, help="memory that one may take")
    parser.add_argument("--to", type=Path, default=RESULTS / "large_pools.json")
    asked = parser.parse_args()
    known = json.loads(asked.to.read_text(encoding="utf-8")) if asked.to.exists() else []
    by_key = {(row["planner"], row["rows"], row["batch"]): row for row in known}
    for key in product(asked.peers, asked.rows, asked.batches):
        by_key[key] = measured(*key, asked.seconds, asked.gigabytes)
        print(by_key[key], flush=True)  # noqa: T201
        asked.to.parent.mkdir(parents=True, exist_ok=True)
        asked.to.write_text(json.dumps(list(by_key.values()), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
