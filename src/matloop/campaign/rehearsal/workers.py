"""Who carries rehearsals out: this process, several processes, or a Dask cluster."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from matloop.campaign.rehearsal.loop import Rehearsed, rehearse
from matloop.campaign.rehearsal.scene import Scene
from matloop.core.errors import LabError, MatloopError, MissingExtra

#: A campaign to be rehearsed: the place of its configuration in the scene, and its seed.
Task = tuple[int, int]


def carried_out(
    scene: Scene, tasks: Sequence[Task], n: int, dask: str | None = None
) -> AbstractContextManager[Iterator[Rehearsed]]:
    """The campaigns in the order in which they end. Leaving the context, also by Ctrl-C, ends those under way."""
    if dask is not None:
        return _on_cluster(scene, tasks, dask)
    n = min(n, len(tasks))
    return _in_processes(scene, tasks, n) if n > 1 and _can_be_shared(scene) else nullcontext(_here(scene, tasks))


def _here(scene: Scene, tasks: Sequence[Task]) -> Iterator[Rehearsed]:
    from matloop.models.threads import one_thread

    for index, seed in tasks:
        with one_thread():
            done = rehearse(scene, scene.configurations[index], seed)
        yield done


# -- processes of this machine --------------------------------------------------------------------------------


def _context() -> Any:
    """Forked processes know the scene already, also a function that lives in a script; elsewhere it is sent."""
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def _can_be_shared(scene: Scene) -> bool:
    if _context().get_start_method() == "fork":
        return True
    try:
        pickle.dumps(scene)
    except Exception:  # noqa: BLE001 - a lock, a lambda, an open file: whatever it is, it stays in this process
        return False
    return True


@contextmanager
def _in_processes(scene: Scene, tasks: Sequence[Task], n: int) -> Iterator[Iterator[Rehearsed]]:
    context = _context()
    stop = context.Event()
    executor = ProcessPoolExecutor(n, context, _begin_work, (scene, stop))
    try:
        futures: list[Future[Rehearsed]] = [executor.submit(_work, task) for task in tasks]
        yield (future.result() for future in as_completed(futures))
    except BrokenExecutor as error:
        hint = "perhaps memory ran out: take fewer --workers; the same command goes on from here"
        raise MatloopError("a process that rehearsed has died", hint) from error
    finally:
        stop.set()
        executor.shutdown(wait=True, cancel_futures=True)


class _Worker:
    """What a process of ours knows."""

    scene: Scene
    is_stopped: Callable[[], bool]


def _begin_work(scene: Scene, stop: Any) -> None:
    from threadpoolctl import threadpool_limits

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal: only the first decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    import scipy.linalg  # noqa: F401 - its BLAS must be there when threads are limited

    threadpool_limits(1)
    _Worker.scene, _Worker.is_stopped = scene, stop.is_set
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(task: Task) -> Rehearsed:
    index, seed = task
    return rehearse(_Worker.scene, _Worker.scene.configurations[index], seed, _Worker.is_stopped)


# -- a cluster ------------------------------------------------------------------------------------------------


@contextmanager
def _on_cluster(scene: Scene, tasks: Sequence[Task], address: str) -> Iterator[Iterator[Rehearsed]]:
    try:
        from distributed import Client
        from distributed import as_completed as completed
    except ImportError as error:
        raise MissingExtra("distributed", "cluster") from error
    try:
        client = Client(address, timeout="10s", set_as_default=False)
    except Exception as error:
        raise LabError(f"no Dask scheduler answers at {address}: {error}", "start one: dask scheduler") from error
    with client:
        there = client.scatter(scene, broadcast=True)
        futures = [client.submit(_work_there, there, task, pure=False) for task in tasks]
        try:
            yield (future.result() for future in completed(futures, loop=client.loop))
        finally:
            client.cancel(futures)


def _work_there(scene: Scene, task: Task) -> Rehearsed:
    from matloop.models.threads import one_thread

    index, seed = task
    with one_thread():
        return rehearse(scene, scene.configurations[index], seed)
