"""Candidates: all compositions of some elements, in whole amounts or on a grid of shares."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from matloop.core.composition import COLUMN, SYMBOLS
from matloop.core.errors import did_you_mean
from matloop.screening.elements import LISTS
from matloop.screening.generate import MOST, Generator

#: So many different sets of amounts can be listed beforehand.
_MOST_AMOUNTS = 1_000_000


class Compositions(Generator):
    """Every composition of `n_elements` of the elements, with amounts from 1 to `amounts` and no common divisor.

    With `steps` in place of amounts, shares are multiples of 1 / steps: the alloys on a grid. With `elements` as a list
    of lists, one element is taken from each: [["Li", "Na"], ["Fe", "Mn", "Co"], ["O"]].
    """

    kind: Literal["compositions"] = "compositions"
    elements: tuple[str, ...] | tuple[tuple[str, ...], ...] = Field(
        min_length=1, description="elements, or lists of them"
    )
    n_elements: tuple[int, int] | None = Field(None, description="[least, most] of a plain list in one composition")
    amounts: int | None = Field(None, ge=1, le=100, description="the highest amount")
    steps: int | None = Field(None, ge=2, le=1000, description="shares are multiples of 1 / steps")
    without: tuple[str, ...] = Field((), description="elements to leave out, by symbol or by a list such as toxic")

    @field_validator("elements", mode="before")
    @classmethod
    def _real_elements(cls, given: Any) -> Any:
        if isinstance(given, str):
            given = [given]
        if not isinstance(given, list | tuple):
            return given
        return tuple(tuple(_named(inner)) for inner in given) if _is_nested(given) else tuple(_named(given))

    @field_validator("n_elements", mode="before")
    @classmethod
    def _one_number(cls, given: Any) -> Any:
        return (given, given) if isinstance(given, int) else given

    @field_validator("without")
    @classmethod
    def _real_without(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        _named(given)
        return given

    @model_validator(mode="after")
    def _makes_sense(self) -> Compositions:
        if (self.amounts is None) == (self.steps is None):
            raise ValueError("needs either amounts, such as 6, or steps, such as 20")
        if self._is_nested == (self.n_elements is not None):
            more = (
                "is for a plain list of elements: of lists one element each is taken"
                if self._is_nested
                else "is missing"
            )
            raise ValueError(f"n_elements {more}")
        least, most = self.n_elements or (1, 1)
        if not 1 <= least <= most:
            raise ValueError("n_elements is [least, most] with 1 <= least <= most")
        if not self._is_nested and len(self._flat) < most:
            raise ValueError(f"{len(self._flat)} elements are fewer than n_elements asks for")
        if self.n > MOST:
            raise ValueError("these are more than 4e18 compositions")
        if not self.n:
            raise ValueError("there is no such composition")
        return self

    @cached_property
    def _is_nested(self) -> bool:
        return _is_nested(self.elements)

    @cached_property
    def _flat(self) -> list[str]:
        left_out = set(_named(self.without))
        return [e for e in self.elements if isinstance(e, str) and e not in left_out]

    @cached_property
    def _lists(self) -> list[list[str]]:
        left_out = set(_named(self.without))
        return [[e for e in inner if e not in left_out] for inner in self.elements if not isinstance(inner, str)]

    @property
    def column(self) -> tuple[str, str]:
        return "formula", "composition"

    @cached_property
    def _blocks(self) -> list[tuple[int, int, list[str]]]:
        """(number of elements, number of systems, the amounts as text by number) of each number of elements."""
        if self._is_nested:
            k = len(self._lists)
            return [(k, math.prod(map(len, self._lists)), self._written(k))]
        least, most = self.n_elements or (1, 1)
        return [(k, math.comb(len(self._flat), k), self._written(k)) for k in range(least, most + 1)]

    def _written(self, k: int) -> list[str]:
        return _amounts_of(k, self.amounts, self.steps)

    @cached_property
    def n(self) -> int:
        return sum(systems * len(amounts) for _, systems, amounts in self._blocks)

    def made(self, places: np.ndarray) -> Sequence[str]:
        made: list[str] = []
        start = 0
        for k, systems, amounts in self._blocks:
            stop = start + systems * len(amounts)
            own = places[(places >= start) & (places < stop)] - start
            if len(own):
                made += self._of_block(k, own // len(amounts), own % len(amounts), amounts)
            start = stop
        return made

    def _of_block(self, k: int, systems: np.ndarray, which: np.ndarray, amounts: list[Any]) -> list[str]:
        distinct, inverse = np.unique(systems, return_inverse=True)
        names = ["%s".join(chosen) + "%s" for chosen in self._systems(k, distinct)]
        return [names[s] % amounts[a] for s, a in zip(inverse.tolist(), which.tolist(), strict=True)]

    def _systems(self, k: int, ranks: np.ndarray) -> Iterator[tuple[str, ...]]:
        """The elements of each system (m,)."""
        if not self._is_nested:
            columns = [[self._flat[i] for i in chosen] for chosen in combinations(len(self._flat), k, ranks).T.tolist()]
        else:
            columns = []
            for options in reversed(self._lists):
                ranks, chosen = np.divmod(ranks, len(options))
                columns.insert(0, [options[i] for i in chosen.tolist()])
        return zip(*columns, strict=True)


def combinations(n: int, k: int, ranks: np.ndarray) -> np.ndarray:
    """The subsets (m, k) of k of n places that have these ranks (m,) in lexicographic order."""
    chosen = np.empty((len(ranks), k), np.int64)
    first, rest = np.zeros(len(ranks), np.int64), ranks.astype(np.int64)
    for j in range(k):
        # how many subsets begin before each place, if all places from 0 on were free
        before = np.array([0, *itertools.accumulate(math.comb(n - p - 1, k - j - 1) for p in range(n))], np.int64)
        place = np.searchsorted(before, rest + before[first], side="right") - 1
        rest -= before[place] - before[first]
        chosen[:, j], first = place, place + 1
    return chosen


def _amounts_of(k: int, most: int | None, steps: int | None) -> list[Any]:
    """Each set of amounts of k elements as texts to stand behind their symbols."""
    if most is not None:
        if most**k > _MOST_AMOUNTS:
            raise ValueError(f"{k} elements in amounts up to {most}: at most {_MOST_AMOUNTS:,} for each system")
        rows = itertools.product(range(1, most + 1), repeat=k)
        return [tuple("" if a == 1 else str(a) for a in row) for row in rows if math.gcd(*row) == 1]
    assert steps is not None
    if math.comb(steps - 1, k - 1) > _MOST_AMOUNTS:
        raise ValueError(f"{k} elements in {steps} steps are too many: at most {_MOST_AMOUNTS:,} for each system")
    cuts = itertools.combinations(range(1, steps), k - 1)
    edges = ((0, *cut, steps) for cut in cuts)
    return [tuple(f"{(b - a) / steps:.6g}" for a, b in itertools.pairwise(edge)) for edge in edges]


def _is_nested(given: Any) -> bool:
    return any(not isinstance(inner, str) for inner in given)


def _named(names: Any) -> list[str]:
    """Symbols, with lists such as rare_earths written out. Raises ValueError for what is no element."""
    found: list[str] = []
    for name in names if not isinstance(names, str) else [names]:
        if name not in LISTS and name not in COLUMN:
            raise ValueError(
                f"there is no element '{str(name)[:40]}': {did_you_mean(name, [*SYMBOLS, *LISTS])}".rstrip(": ")
            )
        found += sorted(LISTS[name], key=SYMBOLS.index) if name in LISTS else [str(name)]
    return list(dict.fromkeys(found))
