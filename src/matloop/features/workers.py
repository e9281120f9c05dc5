"""Who computes features: this process, several processes, or a Dask cluster; all give the same values.

A library may bring down its process on one cell: it becomes a failure, and the others are computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from pickle import PicklingError
from typing import Any

from matloop.core.errors import MatloopError, MissingExtra
from matloop.division import AHEAD, Chunk, divided
from matloop.features.base import FeatureError, Features, Featurizer
from matloop.features.combined import of_parts

#: What a chunk came to: the features of each part, None where its process died.
Done = tuple[Chunk, list[Features] | None]
#: How long a scheduler may take to answer; and how long, in seconds, a cluster may be without workers.
PATIENCE, WITHOUT_WORKERS = "10s", 60.0
#: So often, in seconds, it is looked whether there are any.
LOOKS_EVERY = 5.0


def work(parts: Sequence[Featurizer], cells: list[Any]) -> list[Features]:
    """The features of each part: what every worker does."""
    return of_parts(parts, cells)


def here(parts: Sequence[Featurizer], cells: list[Any], chunks: Sequence[Chunk]) -> Iterator[Done]:
    """In this process, one after another."""
    for chunk in chunks:
        yield chunk, work(parts, [cells[i] for i in chunk])


# -- processes of this machine ------------------------------------------------------------------------------------


def in_processes(parts: Sequence[Featurizer], cells: list[Any], chunks: Sequence[Chunk], n_jobs: int) -> Iterator[Done]:
    """In processes of this machine, in the order in which they end. Raises FeatureError."""
    try:
        yield from divided(partial(work, parts), cells, chunks, n_jobs)
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
                    yield from in_processes(parts, cells, [chunk], 1)
                    continue
                except CancelledError as error:
                    raise MatloopError("the Dask cluster was closed while it worked", "connect to it again") from error
                yield chunk, features
    finally:
        client.cancel(list(running))
