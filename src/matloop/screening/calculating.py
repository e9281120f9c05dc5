"""Costly calculations, each in a process that has nothing else to do: one that dies or hangs costs only itself."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from matloop.core.errors import MatloopError
from matloop.screening.calculations import DEADLINE, Calculations, append
from matloop.screening.work import Work
from matloop.screening.workers import DIED, begun, executor_of, sent, workers

#: A calculation whose process dies is tried so often: it may have been somebody else's doing.
TRIES = 3

#: What the function is given, by the key of the calculation.
Missing = Mapping[str, Mapping[str, Any]]


@contextmanager
def calculators(
    work: Work, known: Calculations, n: int, dask: str | None, deadline: float | None
) -> Iterator[Calculators]:
    """Who carries the only step of `work` out; a result is on disk when it is told. Raises MatloopError."""
    if dask is None and (n > 1 or deadline is not None):
        apart = _Apart(work, known, n, deadline)
        try:
            yield apart
        finally:
            apart.end()
    else:
        with workers(work, n, dask) as crew:
            yield _Crew(work, crew, known)


class _Crew:
    """This process, or a cluster: the results are put on disk here."""

    def __init__(self, work: Work, crew: Any, known: Calculations) -> None:
        self._work, self._crew, self._known = work, crew, known

    def results(self, missing: Missing) -> Iterator[str]:
        """The key of each, as soon as its result is kept.

        What a cluster lost workers by, or what was beside it there, is calculated in a process of this machine.
        """
        suspects: dict[str, Mapping[str, Any]] = {}
        for (key, given), result in self._crew.as_they_end("calculate", missing.items()):
            if result is DIED:
                suspects[key] = given
                continue
            self._known.keep(key, result)
            yield key
        if suspects:
            apart = _Apart(self._work, self._known, 1, None)
            try:
                yield from apart.results(suspects)
            finally:
                apart.end()


class _Begun(NamedTuple):
    key: str
    executor: Any
    at: float


class _Apart:
    """A process for each calculation under way, `n` of them; they put results on disk themselves.

    So a result is kept even where the first process is gone before it could take it.
    """

    def __init__(self, work: Work, known: Calculations, n: int, deadline: float | None) -> None:
        self._work, self._known, self._n, self._deadline = sent(work), known, n, deadline
        self._idle: list[Any] = []
        self._running: dict[Any, _Begun] = {}

    def results(self, missing: Missing) -> Iterator[str]:
        """The key of each, as soon as its result is kept."""
        waiting = list(missing)[::-1]
        deaths = dict.fromkeys(missing, 0)
        self._prepare(min(self._n, len(waiting)))
        while waiting or self._running:
            while waiting and self._idle:
                key, executor = waiting.pop(), self._idle.pop()
                future = executor.submit(_calculate, self._known.path, key, missing[key])
                self._running[future] = _Begun(key, executor, time.monotonic())
            for key, result in self._ended():
                if result is None:
                    deaths[key] += 1
                    if deaths[key] < TRIES:
                        waiting.append(key)
                        continue
                    self._known.keep(key, {"failed": f"its process died, {TRIES} times"})
                yield key
            self._prepare(min(self._n, len(waiting) + len(self._running)))

    def _ended(self) -> Iterator[tuple[str, Any]]:
        """Each calculation that is over, with its result, which is kept; None where its process died."""
        from concurrent.futures import FIRST_COMPLETED, wait

        from joblib.externals.loky.process_executor import BrokenProcessPool

        first = min(each.at for each in self._running.values())
        patience = None if self._deadline is None else max(0.0, first + self._deadline - time.monotonic())
        for future in wait(self._running, timeout=patience, return_when=FIRST_COMPLETED).done:
            key, executor, _ = self._running.pop(future)
            try:
                result = future.result()
            except BrokenProcessPool:
                _end(executor)
                yield key, None
                continue
            self._idle.append(executor)
            self._known.note(key, result)
            yield key, result
        for future, (key, executor, at) in list(self._running.items()):
            if self._deadline is not None and time.monotonic() - at >= self._deadline and not future.done():
                del self._running[future]
                _end(executor)
                result = {"failed": f"took longer than {self._deadline:g} s", DEADLINE: self._deadline}
                self._known.keep(key, result)
                yield key, result

    def _prepare(self, n: int) -> None:
        """Have n processes that are ready: what starting them takes is no part of a calculation."""
        from joblib.externals.loky.process_executor import BrokenProcessPool

        new = [executor_of(self._work, 1) for _ in range(n - len(self._idle) - len(self._running))]
        self._idle += new
        try:
            for ready in [executor.submit(os.getpid) for executor in new]:
                ready.result()
        except BrokenProcessPool as error:
            raise MatloopError("a process for calculations died before it began", "use --workers 1") from error

    def end(self) -> None:
        for executor in [*self._idle, *(each.executor for each in self._running.values())]:
            _end(executor)


#: Whoever calculates: `results(missing)` gives the keys, one after another.
Calculators = _Crew | _Apart


def _calculate(path: Path, key: str, given: Mapping[str, Any]) -> Any:
    result = begun().calculate(key, given)
    append(path, key, result)
    return result


def _end(executor: Any) -> None:
    executor.shutdown(wait=True, kill_workers=True)
