"""Work divided among processes is done whatever becomes of some of it."""

from __future__ import annotations

import os
from typing import Any

import pytest

from matloop.division import chunks_of, divided


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
