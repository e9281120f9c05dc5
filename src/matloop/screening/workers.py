"""Who sifts the chunks: this process, several processes, or a Dask cluster. The answers come in order and are equal."""

from __future__ import annotations

import pickle
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from matloop.core.errors import LabError, MatloopError, MissingExtra
from matloop.processes import executor, processes
from matloop.screening.work import Work

#: Chunks that are under way or wait at the workers, for each of them.
AHEAD = 2
#: How long a scheduler may take to answer.
PATIENCE = "10s"
_RESUMES = "the same command goes on from here"


class Workers(Protocol):
    """Carries out methods of a Work."""

    def in_order(self, method: str, items: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """The results in the order of the items, of which only a few are taken ahead."""

    def as_they_end(self, method: str, items: Iterable[tuple[Any, ...]]) -> Iterator[tuple[tuple[Any, ...], Any]]:
        """Each item with its result, as soon as it is there; DIED where a cluster lost several workers by it."""


#: In place of a result.
DIED = object()


@contextmanager
def workers(work: Work, n: int, dask: str | None = None) -> Iterator[Workers]:
    """This process for n = 1, n processes, or the cluster at an address. Leaving the context ends what is under way."""
    if dask is not None:
        with _cluster(work, dask) as crew:
            yield crew
    elif n > 1:
        with _processes(work, n) as crew:
            yield crew
    else:
        yield Here(work)


class Here:
    """This process."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def in_order(self, method: str, items: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        return (getattr(self._work, method)(*item) for item in items)

    def as_they_end(self, method: str, items: Iterable[tuple[Any, ...]]) -> Iterator[tuple[tuple[Any, ...], Any]]:
        return ((item, getattr(self._work, method)(*item)) for item in items)


class _Elsewhere:
    """Other processes: `submit(method, item)` gives a future, `first_ended` the next of some that is done."""

    def __init__(
        self,
        submit: Callable[..., Any],
        first_ended: Callable[[list[Any]], Any],
        n: int,
        killed: tuple[type[Exception], ...] = (),
    ) -> None:
        self._submit, self._first_ended, self._ahead, self._killed = submit, first_ended, AHEAD * n, killed

    def in_order(self, method: str, items: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        waiting: deque[Any] = deque()
        for item in items:
            waiting.append(self._submit(method, item))
            if len(waiting) >= self._ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def as_they_end(self, method: str, items: Iterable[tuple[Any, ...]]) -> Iterator[tuple[tuple[Any, ...], Any]]:
        running: dict[Any, tuple[Any, ...]] = {}
        left = iter(items)
        while True:
            while len(running) < self._ahead and (item := next(left, None)) is not None:
                running[self._submit(method, item)] = item
            if not running:
                return
            future = self._first_ended(list(running))
            try:
                result = future.result()
            except self._killed:
                result = DIED
            yield running.pop(future), result


# -- processes of this machine --------------------------------------------------------------------------------


class _Own:
    """What a process of ours knows."""

    work: Work


def _know(work: bytes) -> None:
    _Own.work = pickle.loads(work)  # from our own first process


def begun() -> Work:
    """In a process of ours: what it was sent."""
    return _Own.work


def _do(method: str, item: tuple[Any, ...]) -> Any:
    return getattr(begun(), method)(*item)


def sent(work: Work) -> bytes:
    """The work, to be sent to processes of this machine. Raises MatloopError where it cannot be."""
    from joblib.externals.loky.backend.reduction import dumps

    try:
        return bytes(dumps(work))
    except Exception as error:
        raise MatloopError(f"the screen cannot be sent to another process: {error}", "use --workers 1") from error


def executor_of(work: bytes, n: int) -> Any:
    """Processes that know the work; they end with this one."""
    return executor(n, _know, work)


@contextmanager
def _processes(work: Work, n: int) -> Iterator[Workers]:
    with processes(n, _know, sent(work)) as (own, broken):
        try:
            yield _Elsewhere(lambda method, item: own.submit(_do, method, item), _first_ended, n)
        except broken as error:
            hint = f"perhaps memory ran out: take fewer --workers, or a smaller chunk; {_RESUMES}"
            raise MatloopError("a process that screened has died", hint) from error


def _first_ended(futures: list[Any]) -> Any:
    from concurrent.futures import FIRST_COMPLETED, wait

    return next(iter(wait(futures, return_when=FIRST_COMPLETED).done))


# -- a cluster ------------------------------------------------------------------------------------------------


def _do_there(work: Work, method: str, item: tuple[Any, ...]) -> Any:
    return getattr(work, method)(*item)


def _sent(client: Any, work: Work, address: str) -> Any:
    """The screen, on the workers of the cluster: as a task, which is done again where those that had it have died."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of large tasks
            there = client.submit(pickle.loads, sent(work), pure=False)
        if (error := there.exception()) is not None:
            raise error
        return there
    except Exception as error:
        hint = "they need the same matloop and the packages of its models, with the same Python"
        raise LabError(f"the workers at {address} cannot take the screen: {error}", hint) from error


@contextmanager
def _cluster(work: Work, address: str) -> Iterator[Workers]:
    try:
        from distributed import Client, wait
        from distributed.scheduler import KilledWorker
    except ImportError as error:
        raise MissingExtra("distributed", "cluster") from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except Exception as error:
        raise LabError(f"no Dask scheduler answers at {address}: {error}", "start one: dask scheduler") from error
    with client:
        try:
            n = sum(client.ncores().values())
            if not n:
                raise LabError(f"the Dask scheduler at {address} has no workers", f"start one: dask worker {address}")
            there = _sent(client, work, address)

            def first_ended(futures: list[Any]) -> Any:
                with client.as_current():
                    return next(iter(wait(futures, return_when="FIRST_COMPLETED").done))

            yield _Elsewhere(
                lambda method, item: client.submit(_do_there, there, method, item, pure=False),
                first_ended,
                n,
                killed=(KilledWorker,),
            )
        except MatloopError:
            raise
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "distributed":
                raise
            raise MatloopError(f"the Dask cluster gave up: {type(error).__name__}: {error}", _RESUMES) from error
