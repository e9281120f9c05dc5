"""Work divided among processes is done whatever becomes of some of it."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from matloop.division import chunks_of, divided
from matloop.processes import processes


def double(cells: list[Any]) -> list[Any]:
    if "deadly" in cells:
        os._exit(9)
    return [2 * cell for cell in cells]


@pytest.mark.parametrize("n", [1, 2])
def test_what_ends_its_process_costs_only_itself(n: int) -> None:
    """Each other cell is worked on, whatever chunk it was in."""
    cells: list[Any] = [*range(10), "deadly", *range(11, 17), "deadly", 18]
    made = dict(divided(double, cells, chunks_of(len(cells), 4), n))
    done = {i: result for chunk, its in made.items() if its is not None for i, result in zip(chunk, its, strict=True)}
    assert done == {i: 2 * i for i in range(19) if i not in (10, 17)}
    assert [chunk for chunk, its in made.items() if its is None] == [range(10, 11), range(17, 18)]


def test_a_mistake_of_the_function_is_raised() -> None:
    with pytest.raises(TypeError):
        list(divided(sum, [1, "a"], chunks_of(2, 2), 1))


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C reaches processes in another way there")
def test_ctrl_c_ends_no_other_process_however_early_it_comes() -> None:
    """It reaches every process of a terminal, and those that have just begun would each write a traceback there."""
    with processes(2) as (executor, _):
        for pid in list(executor._processes):
            os.kill(pid, signal.SIGINT)
        assert executor.submit(double, [1]).result() == [2]


def test_what_is_left_in_the_midst_complains_of_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    doing = divided(double, list(range(100)), chunks_of(100, 1), 2)
    next(doing)
    doing.close()
    assert capfd.readouterr().err == ""
