"""Features of many cells: each different cell once, from the disk where they are known, in one or many processes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from matloop.core.progress import Progress, silent
from matloop.division import chunks_of
from matloop.features.base import Features, Featurizer, cells_of
from matloop.features.cache import Cache, digest
from matloop.features.combined import Combined, side_by_side
from matloop.features.workers import here, in_processes, on_cluster
from matloop.processes import n_cores

#: What was computed is written to the cache at least so often, in seconds: a crash costs no more.
KEPT_EVERY = 10.0
DIED = "the process that described it died"


def compute(
    featurizer: Featurizer,
    cells: Any,
    n_jobs: int = 1,
    cache: Path | Cache | None = None,
    client: Any = None,
    progress: Progress = silent,
) -> Features:
    """The features of cells (n,), the same to the last bit however they are computed.

    In this process for n_jobs=1, in `n_jobs` others (-1: one for each processor), or on the workers of `client`, which
    is a `distributed.Client`. `cache` is a folder where features that took long are kept, found again by the content of
    the cell and by what the featurizer is; cheap ones are computed again, which is faster, and where they are few, in
    this process. A cell that brings down another process is a failure like any other. Texts that occur several times
    are described once.
    """
    distinct, places = _distinct(cells_of(cells))
    parts = featurizer.parts if isinstance(featurizer, Combined) else (featurizer,)
    workers = _Workers(n_jobs, client, progress)
    if cache is None:
        made = workers.features(parts, distinct)
    else:
        made = _with_cache(parts, distinct, workers, cache if isinstance(cache, Cache) else Cache(Path(cache)))
    return _repeated(side_by_side(parts, made), places)


def _distinct(cells: list[Any]) -> tuple[list[Any], list[int] | None]:
    """Each different text once, and where each cell is among them; None where all differ, or not all are texts."""
    if not set(map(type, cells)) <= {str}:
        return cells, None
    index: dict[str, int] = {}
    places = [index.setdefault(cell, len(index)) for cell in cells]
    return (cells, None) if len(index) == len(cells) else (list(index), places)


def _repeated(features: Features, places: list[int] | None) -> Features:
    if places is None:
        return features
    failures = {i: features.failures[p] for i, p in enumerate(places) if p in features.failures}
    return Features(features.values[places], failures)


def _with_cache(parts: Sequence[Featurizer], cells: list[Any], workers: _Workers, cache: Cache) -> list[Features]:
    """The features of each part; what is costly is taken from the cache, and what is not there is kept in it."""
    cheap = [part for part in parts if not part.is_worth_caching]
    costly = [part for part in parts if part.is_worth_caching]
    made = dict(zip(map(id, cheap), workers.features(cheap, cells) if cheap else [], strict=True))
    if costly:
        digests = [None if cell is None else digest(cell) for cell in cells]
        known = [cache.known(part, digests) for part in costly]
        rows = np.flatnonzero(~np.all([each.is_known for each in known], axis=0)).tolist()
        lacking = [part for part, each in zip(costly, known, strict=True) if not each.is_known.all()]
        keeper = _Keeper(cache, lacking, [digests[row] for row in rows])
        new = workers.features(lacking, [cells[row] for row in rows], keeper) if lacking else []
        added = dict(zip(map(id, lacking), new, strict=True))
        for part, each in zip(costly, known, strict=True):
            failures = dict(each.failures)
            if (features := added.get(id(part))) is not None:
                each.values[rows] = features.values
                failures |= {rows[i]: reason for i, reason in features.failures.items()}
            made[id(part)] = Features(each.values, dict(sorted(failures.items())))
    return [made[id(part)] for part in parts]


class _Keeper:
    """Collects what was computed and writes it to the cache now and then, in few files."""

    def __init__(self, cache: Cache, parts: Sequence[Featurizer], digests: list[bytes | None]) -> None:
        self._cache, self._parts, self._digests = cache, parts, digests
        self._rows: list[int] = []
        self._made: list[list[Features]] = []
        self._since = time.monotonic()

    def keep(self, chunk: range, made: list[Features]) -> None:
        self._rows += chunk
        self._made.append(made)
        if time.monotonic() - self._since > KEPT_EVERY:
            self.write()

    def write(self) -> None:
        if self._rows:
            digests = [self._digests[row] for row in self._rows]
            for part, pieces in zip(self._parts, zip(*self._made, strict=True), strict=True):
                self._cache.add(part, digests, _stacked(pieces))
        self._rows, self._made, self._since = [], [], time.monotonic()


def _stacked(pieces: Sequence[Features]) -> Features:
    failures: dict[int, str] = {}
    start = 0
    for piece in pieces:
        failures |= {start + row: reason for row, reason in piece.failures.items()}
        start += len(piece.values)
    return Features(np.concatenate([piece.values for piece in pieces]), failures)


class _Workers:
    """Where features are computed."""

    def __init__(self, n_jobs: int, client: Any, progress: Progress) -> None:
        self._n_jobs = n_jobs if n_jobs >= 0 else n_cores()
        self._is_apart = n_jobs not in (0, 1)
        self._client, self._progress = client, progress

    def features(self, parts: Sequence[Featurizer], cells: list[Any], keeper: _Keeper | None = None) -> list[Features]:
        """The features of each part in the order of the cells."""
        values = [np.full((len(cells), len(part.names)), np.nan) for part in parts]
        failures: list[dict[int, str]] = [{} for _ in parts]
        n_done = 0
        try:
            with closing(self._ending(parts, cells)) as ending:
                for chunk, made in ending:
                    for p in range(len(parts)):
                        if made is None:
                            failures[p] |= dict.fromkeys(chunk, DIED)
                            continue
                        values[p][chunk.start : chunk.stop] = made[p].values
                        failures[p] |= {chunk[i]: reason for i, reason in made[p].failures.items()}
                    if keeper is not None and made is not None:
                        keeper.keep(chunk, made)
                    n_done += len(chunk)
                    self._progress(n_done, len(cells), ", ".join(part.name for part in parts))
        finally:
            if keeper is not None:
                keeper.write()
        return [Features(v, dict(sorted(f.items()))) for v, f in zip(values, failures, strict=True)]

    def _ending(self, parts: Sequence[Featurizer], cells: list[Any]) -> Any:
        """Chunks as they end, by whoever computes them."""
        size = min(part.per_task for part in parts)
        if self._client is not None:
            return on_cluster(parts, cells, chunks_of(len(cells), size), self._client)
        chunks = chunks_of(len(cells), size)
        is_short = len(chunks) < 2 and not any(part.is_worth_caching for part in parts)
        if chunks and self._is_apart and not is_short:
            return in_processes(parts, cells, chunks, min(self._n_jobs, len(chunks)))
        return here(parts, cells, chunks)
