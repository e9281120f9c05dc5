"""Run planners on pools and record what they choose: `python -m benchmarks.run --peers matloop random`.

A run that was stopped goes on where it was; a record that exists is not made again (--fresh drops those of the named
peers first). A peer that cannot be installed or breaks off is recorded with its reason.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import product
from pathlib import Path
from threading import Lock, local

from benchmarks import pools, protocol, records
from benchmarks.campaign import campaign
from benchmarks.client import PeerProcess
from benchmarks.environments import CACHE, PeerUnavailableError
from benchmarks.peers.table import ENVIRONMENTS, PEERS

Task = tuple[str, str, int]
#: Where a run writes unless it is told otherwise.
OWN = CACHE / "choices"
pool_of = lru_cache(maxsize=None)(pools.load)


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS), metavar="PEER")
    parser.add_argument("--pools", nargs="+", default=None, choices=list(pools.POOLS), metavar="POOL")
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 20), metavar=("FROM", "TO"))
    parser.add_argument("--starts", type=int, default=protocol.STARTS)
    parser.add_argument("--trials", type=int, default=protocol.TRIALS)
    parser.add_argument("--liang", action="store_true", help="on the five sets, until 80 %% of the top 5 %% is found")
    parser.add_argument("--readings", choices=("mean", "single"), default="mean")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--patience", type=float, default=600.0, help="seconds that one suggestion may take")
    parser.add_argument("--out", type=Path, default=OWN, help="(what is kept in results/choices counts as done there)")
    parser.add_argument("--fresh", action="store_true", help="drop the recorded choices of these peers first")
    parser.add_argument("--retry", action="store_true", help="try again what ended with an error")
    return parser.parse_args(arguments)


def folders(out: Path) -> list[Path]:
    """Where the records of a run may be: what came with the repository belongs to the usual place alone."""
    return [records.CHOICES, out] if out == OWN else [out]


def name_of_protocol(asked: argparse.Namespace) -> str:
    return "liang" if asked.liang else f"{asked.starts}+{asked.trials}"


class Runner:
    """Works through the tasks, each thread with a process of its own for the peer at hand."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked = asked
        self.protocol = name_of_protocol(asked)
        self._lock, self._mine = Lock(), local()
        self._open: list[PeerProcess] = []
        self._missing: dict[str, str] = {}

    def tasks(self) -> Iterator[Task]:
        """Peer by peer, pool by pool, what has no record yet."""
        kept = records.read(*folders(self.asked.out))
        known = {records.key(r) for r in kept if not (self.asked.retry and "error" in r)}
        names = self.asked.pools or (pools.LIANG if self.asked.liang else tuple(pools.POOLS))
        for peer, pool, seed in product(self.asked.peers, names, range(*self.asked.seeds)):
            if (peer, pool, seed, self.protocol, self.asked.readings) not in known:
                yield peer, pool, seed

    def carry_out(self, task: Task) -> None:
        peer, pool, seed = task
        began = time.monotonic()
        record = self._campaign(peer, pool, seed)
        record = {"peer": peer, "version": _version(peer), "protocol": self.protocol} | record
        with self._lock:
            records.append(self.asked.out, record)
            seconds = time.monotonic() - began
            words = f"{time.strftime('%H:%M:%S')} {peer} {pool} {seed}: {seconds:.1f} s {record.get('error', '')}"
            print(words, flush=True)  # noqa: T201

    def _campaign(self, peer: str, pool: str, seed: int) -> records.Record:
        trials = None if self.asked.liang else self.asked.trials
        try:
            process = self._process(peer)
        except PeerUnavailableError as error:
            self._missing[peer] = str(error)
            return {"pool": pool, "seed": seed, "readings": self.asked.readings, "rows": [], "error": str(error)}
        record = campaign(process, pool_of(pool), seed, self.asked.readings, trials, self.asked.starts)
        if "error" in record:
            self._end()
        return record

    def _process(self, peer: str) -> PeerProcess:
        if getattr(self._mine, "process", None) is None or self._mine.process.name != peer:
            self._end()
            if peer in self._missing:  # not to be installed again for each campaign
                raise PeerUnavailableError(self._missing[peer])
            self._mine.process = PeerProcess(peer, self.asked.patience)
            self._open.append(self._mine.process)
        return self._mine.process

    def _end(self) -> None:
        if getattr(self._mine, "process", None) is not None:
            self._open.remove(self._mine.process)
            self._mine.process.close()
            self._mine.process = None

    def close(self) -> None:
        for process in self._open:
            process.close()


def _version(peer: str) -> str:
    environment = PEERS[peer].environment
    if environment:
        return ENVIRONMENTS[environment][-1][0]
    from importlib.metadata import version

    return f"{PEERS[peer].package}=={version(PEERS[peer].package)}"


def main(arguments: Sequence[str] | None = None) -> None:
    asked = options(arguments)
    if asked.fresh:
        for folder, peer in product(folders(asked.out), asked.peers):
            records.drop(folder, peer)
    runner = Runner(asked)
    try:
        with ThreadPoolExecutor(asked.threads) as threads:
            list(threads.map(runner.carry_out, list(runner.tasks())))
    finally:
        runner.close()


if __name__ == "__main__":
    main()
