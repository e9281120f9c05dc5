"""Which oxidation states make a formula neutral: the likeliest choice by how often each is seen in crystals.

Every atom may have a state of its own, as in Fe3O4. The choice is pymatgen's (`Composition.oxi_state_guesses` of the
reduced formula): the highest sum, over all atoms, of the number of times that the ICSD holds the state. pymatgen tries
all choices; here the best one for each total charge of each element is found step by step, and then combined.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matloop.core.composition import SYMBOLS
from matloop.features.element_table import rows_of

Integers = NDArray[np.int64]
#: Formulas with more atoms than this, in whole numbers, are not tried: alloys and dilute dopings.
MOST_ATOMS = 200
_IMPOSSIBLE = np.iinfo(np.int64).min // 4


class Charged(NamedTuple):
    """So many atoms of an element in one oxidation state."""

    element: int
    state: int
    atoms: int


def likeliest_states(elements: Sequence[int], atoms: Sequence[int]) -> list[Charged] | None:
    """The likeliest neutral choice for these elements (columns of a fraction matrix); None where none is neutral."""
    tables = [_sums(element, n) for element, n in zip(elements, atoms, strict=True)]
    ahead = [np.zeros(1, dtype=np.int64)]  # the best scores of the elements behind, for each sum of their charges
    lowest = [0]
    for table in reversed(tables[1:]):
        ahead.append(_joined(table.scores, ahead[-1]))
        lowest.append(lowest[-1] + table.lowest)
    charge, chosen = 0, list[Charged]()
    for element, table, rest, low in zip(elements, tables, reversed(ahead), reversed(lowest), strict=True):
        wanted = -charge - table.lowest - np.arange(len(table.scores)) - low  # what the rest must come to, as an index
        is_there = (wanted >= 0) & (wanted < len(rest))
        scores = np.where(is_there, table.scores + rest[np.clip(wanted, 0, len(rest) - 1)], _IMPOSSIBLE)
        if scores.max() < 0:
            return None
        best = min(np.flatnonzero(scores == scores.max()), key=lambda i, t=table: t.ranks[i])  # type: ignore[misc]
        charge += table.lowest + int(best)
        states = _states(element)
        chosen += [Charged(element, s, int(n)) for s, n in zip(states, table.counts[best], strict=True) if n]
    return chosen


def can_be_neutral(elements: Sequence[int], atoms: Sequence[int]) -> bool:
    """Whether some choice of common oxidation states, atom by atom, is neutral."""
    reached = 1
    offset = 0
    for element, n in zip(elements, atoms, strict=True):
        states = common_states(element)
        if not states:
            return False
        offset += n * min(states)
        mask = _reachable(tuple(state - min(states) for state in states), n)
        reached = _shifted(reached, mask)
    return offset <= 0 and bool(reached >> -offset & 1)


class _Sums(NamedTuple):
    """For each total charge that n atoms of an element can have, from `lowest` on: the best score, with what counts of
    the states (…, s), and at which place such a sum comes first when all choices are tried in order."""

    lowest: int
    scores: Integers
    counts: Integers
    ranks: list[int]


@lru_cache(maxsize=1024)
def _sums(element: int, n: int) -> _Sums:
    states, weights = _states(element), _weights(element)
    scores, counts = _best(states, weights, n)
    _, first = _best(states, (0,) * len(states), n)
    order = sorted(range(len(scores)), key=lambda i: tuple(-first[i]))
    ranks = [0] * len(scores)
    for rank, i in enumerate(order):
        ranks[i] = rank
    return _Sums(n * min(states), scores, counts, ranks)


def _best(states: Sequence[int], weights: Sequence[int], n: int) -> tuple[Integers, Integers]:
    """The best score of n atoms for each sum of states, and its counts; ties go to more atoms in the earlier states.

    best(j, m, s), with states from j on, is the better of one more atom in state j and none further in it.
    """
    low, width = min(states), n * (max(states) - min(states)) + 1
    scores = np.full((n + 1, width), _IMPOSSIBLE, dtype=np.int64)
    counts = np.zeros((n + 1, width, len(states)), dtype=np.int64)
    scores[0, 0] = 0
    for j in range(len(states) - 1, -1, -1):
        shift = states[j] - low
        for m in range(1, n + 1):
            more = np.full(width, _IMPOSSIBLE, dtype=np.int64)
            more[shift:] = scores[m - 1, : width - shift] + weights[j]
            is_better = (more >= scores[m]) & (more >= 0)
            scores[m, is_better] = more[is_better]
            places = np.flatnonzero(is_better)
            counts[m, places] = counts[m - 1, places - shift]
            counts[m, places, j] += 1
    return scores[n], counts[n]


def _joined(a: Integers, b: Integers) -> Integers:
    """The best sum of two scores for each sum of two charges."""
    joined = np.full(len(a) + len(b) - 1, _IMPOSSIBLE, dtype=np.int64)
    short, long = (a, b) if len(a) < len(b) else (b, a)
    for i in np.flatnonzero(short >= 0):
        part = joined[i : i + len(long)]
        np.maximum(part, short[i] + long, out=part)
    return np.maximum(joined, _IMPOSSIBLE)


@lru_cache(maxsize=65536)
def _reachable(steps: tuple[int, ...], n: int) -> int:
    """The sums of n of these steps as the bits of a number."""
    reached, power = 1, sum(1 << step for step in set(steps))
    while n:  # as in raising to a power by squaring
        if n & 1:
            reached = _shifted(reached, power)
        n >>= 1
        if n:
            power = _shifted(power, power)
    return reached


def _shifted(a: int, b: int) -> int:
    """The sums of one number from each of two sets, which are given as bits."""
    short, long = (a, b) if a.bit_count() < b.bit_count() else (b, a)
    total = 0
    while short:
        lowest = short & -short
        total |= long << (lowest.bit_length() - 1)
        short ^= lowest
    return total


def whole_atoms(fractions: Sequence[float], most: int = MOST_ATOMS) -> list[int] | None:
    """Fractions as the smallest whole numbers in their ratio, None where these exceed `most` in all."""
    smallest = min(fractions)
    for factor in range(1, most + 1):
        scaled = [fraction / smallest * factor for fraction in fractions]
        if sum(scaled) > most + 0.5:
            return None
        whole = [round(value) for value in scaled]
        if all(abs(value - near) <= 1e-6 * near for value, near in zip(scaled, whole, strict=True)):
            divisor = math.gcd(*whole)
            return [value // divisor for value in whole]
    return None


# -- the table ----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=118)
def common_states(element: int) -> tuple[int, ...]:
    """The common oxidation states of an element."""
    return _listed(element, "common")


@lru_cache(maxsize=118)
def _states(element: int) -> tuple[int, ...]:
    """Those seen in the ICSD, else the common ones; an element without any, such as helium, stays neutral."""
    return _listed(element, "icsd") or common_states(element) or (0,)


@lru_cache(maxsize=118)
def _weights(element: int) -> tuple[int, ...]:
    """How often each of these states is seen."""
    seen = dict(pair.split(":") for pair in rows_of("oxidation")[element]["occurrence"].split())
    return tuple(int(seen.get(str(state), 0)) for state in _states(element))


def _listed(element: int, column: str) -> tuple[int, ...]:
    row = rows_of("oxidation")[element]
    if row["element"] != SYMBOLS[element]:
        raise ValueError("the table is not in the order of atomic numbers")
    return tuple(int(state) for state in row[column].split())
