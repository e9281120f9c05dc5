"""The door through which every planner is asked: JSON lines on stdin and stdout, one process a peer, one thread.

Requests, each one line:
  {"pool": name, "columns": {name: [..]}, "encoded": [[..]], "goal": "maximize" or "minimize"}
  {"seed": s, "rows": [..], "values": [..]}      begin a campaign with these starts
  {"row": i, "value": v}                          the result of the last suggestion; the next is wanted
Answers: {"ready": true} to the first; {"row": i, "cpu": seconds, "wall": seconds} to the others, or {"error": text}.
The time of a suggestion counts all that the peer does to take the result in and to choose the next row.
This module needs nothing but NumPy, for it runs in the environments of the peers.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Table:
    """The candidates as a peer sees them: raw columns (n,), and as numbers of shape (n, d) in 0..1."""

    columns: dict[str, np.ndarray]
    encoded: np.ndarray
    goal: str

    @property
    def n(self) -> int:
        return len(self.encoded)

    @property
    def sign(self) -> float:
        """What a value is multiplied with so that more is better."""
        return 1.0 if self.goal == "maximize" else -1.0

    def text(self, name: str) -> bool:
        return self.columns[name].dtype == object

    def point(self, row: int) -> dict[str, Any]:
        """One row in plain Python types."""
        return {k: str(c[row]) if c.dtype == object else float(c[row]) for k, c in self.columns.items()}


class Peer(ABC):
    """One planner on one pool. What is known so far is in `rows` and `values`, the starts first."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.rows: list[int] = []
        self.values: list[float] = []
        self.seed = 0

    def begin(self, seed: int) -> None:  # noqa: B027 - a peer without a state of its own has nothing to begin
        """Forget the last campaign; every random number of the next depends on the seed alone."""

    def tell(self, row: int, value: float) -> None:  # noqa: B027
        """Take one result in; a peer that looks at `rows` and `values` afresh has nothing to do."""

    @abstractmethod
    def ask(self) -> int:
        """The row to try next."""

    @property
    def utilities(self) -> np.ndarray:
        """The values so far, more is better."""
        return self.table.sign * np.array(self.values)

    @property
    def untried(self) -> np.ndarray:
        """The rows that have not been tried, in order."""
        return np.setdiff1d(np.arange(self.table.n), self.rows)

    def best_untried(self, scores: np.ndarray) -> int:
        """The untried row with the highest of these scores, shape (n,)."""
        scores = np.array(scores, float)
        scores[self.rows] = -np.inf
        return int(np.argmax(scores))

    def nearest_untried(self, encoded: np.ndarray) -> int:
        """The untried row nearest to a place in 0..1, for planners which cannot be given a table."""
        return self.best_untried(-((self.table.encoded - encoded) ** 2).sum(axis=1))


def serve(kind: Any) -> None:
    """Answer until stdin ends. What the peer prints goes to stderr, so that stdout carries answers alone."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    session = Session(kind)
    for line in sys.stdin:
        try:
            reply = session.reply(json.loads(line))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is reported with the campaign
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


class Session:
    """What the door remembers between two lines."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self.table: Table | None = None
        self.peer: Peer | None = None

    def reply(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "pool" in asked:
            columns = {k: np.array(v, object if isinstance(v[0], str) else float) for k, v in asked["columns"].items()}
            self.table = Table(columns, np.array(asked["encoded"], float), asked["goal"])
            return {"ready": True}
        wall, cpu = time.perf_counter(), time.process_time()
        row = self._begin(asked) if "seed" in asked else self._go_on([(asked["row"], asked["value"])])
        return {"row": row, "cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}

    def _begin(self, asked: dict[str, Any]) -> int:
        self.peer = self.kind(self.table)
        self.peer.seed = asked["seed"]
        np.random.seed(asked["seed"])  # noqa: NPY002 - several peers draw from the global generator
        self.peer.begin(asked["seed"])
        return self._go_on(list(zip(asked["rows"], asked["values"], strict=True)))

    def _go_on(self, results: list[tuple[int, float]]) -> int:
        if self.peer is None:
            raise RuntimeError("no campaign has begun")
        for row, value in results:
            self.peer.rows.append(row)
            self.peer.values.append(value)
            self.peer.tell(row, value)
        row = int(self.peer.ask())
        if row in self.peer.rows or not 0 <= row < self.peer.table.n:
            raise RuntimeError(f"row {row} was already tried or does not exist")
        return row
