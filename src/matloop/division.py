"""Many pieces of work divided among processes of this machine, where one that ends its process costs only itself.

A library may bring down its process on one cell. The chunk that it was in is then divided until that cell is alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, TypeVar

from matloop.processes import processes

#: The places of cells that are worked on at once.
Chunk = range
#: Chunks that are under way or wait at the processes, for each of them. Of more some would wait where loky, when it is
#: ended in their midst, forgets them and then complains that they are gone.
AHEAD = 2

Result = TypeVar("Result")


def chunks_of(n: int, size: int) -> list[Chunk]:
    """The places of n cells, so many at once."""
    return [range(start, min(start + size, n)) for start in range(0, n, size)]


def divided(
    function: Callable[[list[Any]], Result], cells: Sequence[Any], chunks: Sequence[Chunk], n: int
) -> Iterator[tuple[Chunk, Result | None]]:
    """`function` of the cells of each chunk, in n processes, in the order in which they end.

    None where the process died; then the chunk is a single cell. Raises what pickle does if anything cannot be sent.
    """
    waiting = list(reversed(chunks))
    while waiting:
        suspects: list[Chunk] = []
        yield from _abreast(function, cells, waiting, suspects, n)
        yield from _one_by_one(function, cells, suspects)


def _abreast(
    function: Callable[[list[Any]], Result], cells: Sequence[Any], waiting: list[Chunk], suspects: list[Chunk], n: int
) -> Iterator[tuple[Chunk, Result]]:
    """Take from `waiting` until nothing is left, or until a process dies: what was under way then is suspect."""
    running: dict[Future[Result], Chunk] = {}
    with processes(n) as (executor, broken):
        while waiting or running:
            while waiting and len(running) < n * AHEAD:
                chunk = waiting.pop()
                try:
                    running[executor.submit(function, [cells[i] for i in chunk])] = chunk
                except broken:
                    suspects.extend([chunk, *running.values()])
                    return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                try:
                    result = future.result()
                except broken:
                    suspects.extend(running.values())
                    return
                yield running.pop(future), result


def _one_by_one(
    function: Callable[[list[Any]], Result], cells: Sequence[Any], suspects: Sequence[Chunk]
) -> Iterator[tuple[Chunk, Result | None]]:
    """Chunks in one other process, so that it is known which of them ends it; that one is then halved."""
    waiting = list(reversed(suspects))
    while waiting:
        with processes(1) as (executor, broken):
            while waiting:
                chunk = waiting.pop()
                try:
                    result = executor.submit(function, [cells[i] for i in chunk]).result()
                except broken:
                    break
                yield chunk, result
            else:
                return
        if len(chunk) == 1:
            yield chunk, None
        else:
            middle = len(chunk) // 2
            waiting += [chunk[middle:], chunk[:middle]]
