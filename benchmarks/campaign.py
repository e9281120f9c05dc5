"""One planner on one pool from one seed: the record of what it chose."""

from __future__ import annotations

import math

import numpy as np

from benchmarks import protocol
from benchmarks.client import PeerFailedError, PeerProcess
from benchmarks.pools import Pool
from benchmarks.records import Record


def campaign(
    peer: PeerProcess,
    pool: Pool,
    seed: int,
    readings: str,
    trials: int | None,
    n_starts: int = protocol.STARTS,
    until: float = 0.8,
) -> Record:
    """`trials` after the starts; or, where that is None, until this share of the top 5 % is found.

    What goes wrong at the peer is part of the record ("error"), with what it had chosen until then.
    """
    rows = protocol.starts(pool, seed, n_starts)
    record: Record = {"pool": pool.name, "seed": seed, "readings": readings, "rows": rows, "cpu": []}
    top = pool.top(0.05)
    enough = math.ceil(until * top.sum())
    try:
        peer.give(pool)
        reply = None
        while len(rows) < pool.n and not _is_over(trials, n_starts, rows, top, enough):
            values = [protocol.answer(pool, seed, row, readings) for row in rows[-1 if reply else 0 :]]
            reply = peer.tell(rows[-1], values[-1]) if reply else peer.begin(seed, rows, values)
            rows.append(reply["row"])
            record["cpu"].append(round(reply["cpu"], 5))
    except PeerFailedError as error:
        record["error"] = str(error)
    return record


def _is_over(trials: int | None, n_starts: int, rows: list[int], top: np.ndarray, enough: int) -> bool:
    return len(rows) - n_starts >= trials if trials is not None else int(top[rows].sum()) >= enough
