"""Who computes features: this process, several processes, or a Dask cluster; all give the same values.

A library may bring down its process on one cell. The chunk that it was in is then divided until that cell is alone: it
becomes a failure, and the others are computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import contextmanager
from pickle import PicklingError
from typing import Any

from matloop.core.errors import MatloopError, MissingExtra
from matloop.features.base import FeatureError, Features, Featurizer
from matloop.features.combined import of_parts
from matloop.processes import processes

#: The places of cells that are computed at once.
Chunk = range
#: What a chunk came to: the features of each part, None where its process died.
Done = tuple[Chunk, list[Features] | None]
#: Chunks that are under way or wait at the workers, for each process.
AHEAD = 3
#: How long a scheduler may take to answer; and how long, in seconds, a cluster may be without workers.
PATIENCE, WITHOUT_WORKERS = "10s", 60.0
#: So often, in seconds, it is looked whether there are any.
LOOKS_EVERY = 5.0


def chunks_of(n: int, size: int) -> list[Chunk]:
    return [range(start, min(start + size, n)) for start in range(0, n, size)]


def halves(chunk: Chunk) -> tuple[Chunk, Chunk]:
    middle = len(chunk) // 2
    return chunk[:middle], chunk[middle:]


def work(parts: Sequence[Featurizer], cells: list[Any]) -> list[Features]:
    """The features of each part: what every worker does."""
    return of_parts(parts, cells)


def here(parts: Sequence[Featurizer], cells: list[Any], chunks: Sequence[Chunk]) -> Iterator[Done]:
    """In this process, one after another."""
    for chunk in chunks:
        yield chunk, work(parts, [cells[i] for i in chunk])


# -- processes of this machine ------------------------------------------------------------------------------------


def in_processes(parts: Sequence[Featurizer], cells: list[Any], chunks: Sequence[Chunk], n_jobs: int) -> Iterator[Done]:
    """In processes of this machine, in the order in which they end."""
    waiting = list(reversed(chunks))
    while waiting:
        suspects: list[Chunk] = []
        yield from _abreast(parts, cells, waiting, suspects, n_jobs)
        yield from _one_by_one(parts, cells, suspects)


def _abreast(
    parts: Sequence[Featurizer], cells: list[Any], waiting: list[Chunk], suspects: list[Chunk], n_jobs: int
) -> Iterator[Done]:
    """Take from `waiting` until nothing is left, or until a process dies: what was under way then is suspect."""
    running: dict[Future[list[Features]], Chunk] = {}
    with _processes(n_jobs) as (executor, broken):
        while waiting or running:
            while waiting and len(running) < n_jobs * AHEAD:
                chunk = waiting.pop()
                try:
                    running[executor.submit(work, parts, [cells[i] for i in chunk])] = chunk
                except broken:
                    suspects.extend([chunk, *running.values()])
                    return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                try:
                    features = future.result()
                except broken:
                    suspects.extend(running.values())
                    return
                yield running.pop(future), features


def _one_by_one(parts: Sequence[Featurizer], cells: list[Any], suspects: Sequence[Chunk]) -> Iterator[Done]:
    """Chunks in one other process, so that it is known which of them ends it; that one is then halved."""
    waiting = list(reversed(suspects))
    while waiting:
        with _processes(1) as (executor, broken):
            while waiting:
                chunk = waiting.pop()
                try:
                    features = executor.submit(work, parts, [cells[i] for i in chunk]).result()
                except broken:
                    break
                yield chunk, features
            else:
                return
        if len(chunk) == 1:
            yield chunk, None
        else:
            waiting.extend(reversed(halves(chunk)))


@contextmanager
def _processes(n: int) -> Iterator[tuple[Any, type[Exception]]]:
    with processes(n) as (executor, broken):
        try:
            yield executor, broken
        except (PicklingError, AttributeError, TypeError) as error:
            raise FeatureError(f"cannot be sent to another process: {error}", "compute with n_jobs=1") from error


# -- a cluster ----------------------------------------------------------------------------------------------------


@contextmanager
def cluster(address: str) -> Iterator[Any]:
    """A client of the Dask scheduler at this address. Raises MatloopError where none answers."""
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingExtra("distributed", "cluster") from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except Exception as error:  # it raises whatever the network does
        raise MatloopError(f"no Dask scheduler answers at {address}: {error}", "start one: dask scheduler") from error
    with client:
        if not client.ncores():
            hint = f"start one: dask worker {address}"
            raise MatloopError(f"the Dask scheduler at {address} has no workers", hint)
        yield client


def on_cluster(parts: Sequence[Featurizer], cells: list[Any], chunks: Sequence[Chunk], client: Any) -> Iterator[Done]:
    """On the workers of a Dask client, in the order in which they end.

    A chunk on which several workers died is taken into a process of this machine, where it is divided until the cell
    that is to blame is alone: more workers would be lost there. Raises MatloopError where no worker is left.
    """
    from distributed import wait as wait_for
    from distributed.scheduler import KilledWorker

    waiting, running = list(reversed(chunks)), dict[Any, Chunk]()
    n_ahead = AHEAD * max(1, sum(client.ncores().values()))
    without = 0
    try:
        while waiting or running:
            while waiting and len(running) < n_ahead:
                chunk = waiting.pop()
                running[client.submit(work, parts, [cells[i] for i in chunk], pure=False)] = chunk
            try:
                with client.as_current():
                    done = wait_for(list(running), timeout=LOOKS_EVERY, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                without = 0 if client.ncores() else without + 1
                if without * LOOKS_EVERY >= WITHOUT_WORKERS:
                    hint = "start some, and give the same command again; --workers works without a cluster"
                    raise MatloopError("the Dask cluster has no workers any more", hint) from None
                continue
            for future in done:
                chunk = running.pop(future)
                try:
                    features = future.result()
                except KilledWorker:
                    yield from _one_by_one(parts, cells, [chunk])
                    continue
                except CancelledError as error:
                    raise MatloopError("the Dask cluster was closed while it worked", "connect to it again") from error
                yield chunk, features
    finally:
        client.cancel(list(running))
