"""The benchmark's end of the door: start a peer's process, ask it, and end it when it fails or takes too long."""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.environments import python_of
from benchmarks.peers.table import PEERS
from benchmarks.pools import Pool

ROOT = Path(__file__).parents[1]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")


class PeerFailedError(Exception):
    """The peer answered with an error, died or was too slow; the message is its own."""


class PeerProcess:
    """A peer at work. Raises PeerUnavailableError where it cannot be installed."""

    def __init__(self, name: str, patience: float = 600.0) -> None:
        self.name, self.patience = name, patience
        peer = PEERS[name]
        command = [str(python_of(peer)), "-u", "-m", f"benchmarks.peers.{peer.module}"]
        self._words = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [*command, *([peer.argument] if peer.argument else [])],
            cwd=ROOT,
            env=os.environ | ONE_THREAD | {"PYTHONWARNINGS": "ignore"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            text=True,
        )
        self._pool: str | None = None

    def give(self, pool: Pool) -> None:
        """Hand the table over, unless the peer has it already.

        Its rows are shuffled, always in the same way: in some published tables the order tells where the good rows are.
        """
        if self._pool != pool.name:
            self._order = np.random.default_rng(pool.n).permutation(pool.n)
            self._place = np.argsort(self._order)
            columns = {name: column[self._order].tolist() for name, column in pool.columns.items()}
            encoded = pool.encoded[self._order].tolist()
            self._asked({"pool": pool.name, "columns": columns, "encoded": encoded, "goal": pool.goal})
            self._pool = pool.name

    def begin(self, seed: int, rows: list[int], values: list[float]) -> dict[str, Any]:
        """The first suggestion after the starts: {"row", "cpu", "wall"}."""
        return self._suggestion({"seed": seed, "rows": self._place[rows].tolist(), "values": values})

    def tell(self, row: int, value: float) -> dict[str, Any]:
        """The suggestion that follows this result."""
        return self._suggestion({"row": int(self._place[row]), "value": value})

    def _suggestion(self, request: dict[str, Any]) -> dict[str, Any]:
        reply = self._asked(request)
        return reply | {"row": int(self._order[reply["row"]])}

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._words.close()

    def _asked(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PeerFailedError(f"the process ended: {self._last_words()}") from None
        if not select.select([self._process.stdout], [], [], self.patience)[0]:
            raise PeerFailedError(f"no answer within {self.patience:g} s")
        line = self._process.stdout.readline()
        if not line:
            raise PeerFailedError(f"the process ended: {self._last_words()}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise PeerFailedError(reply["error"])
        return reply

    def _last_words(self) -> str:
        self._words.seek(0)
        lines = [line for line in self._words.read().splitlines() if line.strip()]
        return lines[-1][:300] if lines else "without a word"
