"""CPU seconds of a suggestion after 50 and after 500 results: `python -m benchmarks.timing --peers matloop botorch`.

On the crossed barrel (600 rows): so many random rows are given as known, then five suggestions are asked, each told its
result; the median of these five counts, after a first campaign of ten results that warms the process up. CPU time,
not the clock's, so that other work on the machine matters less.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

from benchmarks import pools, protocol
from benchmarks.client import PeerFailedError, PeerProcess
from benchmarks.environments import PeerUnavailableError
from benchmarks.peers.table import PEERS
from benchmarks.records import RESULTS

KNOWN, SUGGESTIONS = (50, 500), 5


def suggestions(process: PeerProcess, pool: pools.Pool, known: int, n: int) -> list[float]:
    """The CPU seconds of each of n suggestions, of which the first comes after this many results."""
    rows = protocol.starts(pool, 0, known)
    reply = process.begin(0, rows, [float(pool.values[row]) for row in rows])
    times = [reply["cpu"]]
    while len(times) < n:
        reply = process.tell(reply["row"], float(pool.values[reply["row"]]))
        times.append(reply["cpu"])
    return times


def measured(peer: str, patience: float) -> dict[str, object]:
    """A row of the table: milliseconds by number of results, or why there are none."""
    row: dict[str, object] = {"planner": peer}
    try:
        process = PeerProcess(peer, patience)
    except PeerUnavailableError as error:
        return row | {"error": str(error)}
    try:
        pool = pools.load("crossed_barrel")
        process.give(pool)
        suggestions(process, pool, 10, 2)
        for known in KNOWN:
            seconds = suggestions(process, pool, known, SUGGESTIONS + 1)[1:]
            row[f"CPU ms after {known} results"] = round(1000 * statistics.median(seconds), 1)
    except PeerFailedError as error:
        row["error"] = str(error)
    finally:
        process.close()
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS), metavar="PEER")
    parser.add_argument("--patience", type=float, default=600.0)
    parser.add_argument("--to", type=Path, default=RESULTS / "timing.json")
    asked = parser.parse_args()
    known = json.loads(asked.to.read_text(encoding="utf-8")) if asked.to.exists() else []
    by_peer = {row["planner"]: row for row in known}
    for peer in asked.peers:
        by_peer[peer] = measured(peer, asked.patience)
        print(by_peer[peer], flush=True)  # noqa: T201
        asked.to.parent.mkdir(parents=True, exist_ok=True)
        asked.to.write_text(json.dumps(list(by_peer.values()), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
