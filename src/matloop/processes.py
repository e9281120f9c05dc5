"""Other processes of this machine, which end with the one that started them, however that one ends."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any

#: So often a process looks whether the first one is still there, in seconds.
PARENT_EVERY = 1.0
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of linux/prctl.h


def n_cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def executor(n: int, begin: Callable[..., None] | None = None, *told: Any) -> Any:
    """An executor of n processes, each of which calls `begin(*told)` first; whoever made it shuts it down.

    They are loky's, which scikit-learn uses too: not forked, so that no lock is inherited locked, and a script needs no
    `if __name__ == "__main__"`.
    """
    from joblib.externals.loky.process_executor import ProcessPoolExecutor

    made = ProcessPoolExecutor(n, initializer=_begin, initargs=(os.getpid(), begin, told), env=_ONE_THREAD)
    with _without_interrupts():
        made.submit(os.getpid)  # they start with the first task that they are given
    return made


@contextmanager
def processes(n: int, begin: Callable[..., None] | None = None, *told: Any) -> Iterator[tuple[Any, type[Exception]]]:
    """An executor, and the error of its futures where a process of it has died; leaving ends them all."""
    from joblib.externals.loky.process_executor import BrokenProcessPool

    made = executor(n, begin, *told)
    try:
        yield made, BrokenProcessPool
    finally:
        made.shutdown(wait=True, kill_workers=True)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """No Ctrl-C reaches what is started here, also before it can say so itself: a process imports for a second."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it would let interrupts in again where it had to begin meanwhile
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(parent: int, begin: Callable[..., None] | None, told: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal: only the first decides
    end_with(parent)
    if begin is not None:
        begin(*told)


def end_with(parent: int) -> None:
    """From now on, this process ends when its parent with this id is gone, also by a signal that lets it tell nobody.

    On Linux the kernel sees to it, which reaches a library that lets no thread of Python run; elsewhere a thread does.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    if os.name == "nt":
        first = multiprocessing.parent_process()
        if first is None:
            return
        first.join()
    else:
        while os.getppid() == parent:
            time.sleep(PARENT_EVERY)
    os._exit(1)
