"""Which oxidation states make a formula neutral: the likeliest choice by how often each is seen in crystals.

Every atom may have a state of its own, as in Fe3O4. For formulas of few atoms the choice is pymatgen's
(`Composition.oxi_state_guesses` of the reduced formula): the highest sum, over all atoms, of the number of times that
the ICSD holds the state. pymatgen tries all choices; here the best one for each total charge of each element is found
step by step, and kept, and then combined. For all other formulas it is the same in the limit of many atoms.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matloop.core.composition import SYMBOLS
from matloop.features.element_table import rows_of

Integers = NDArray[np.int64]
#: Formulas with more atoms than this, in whole numbers, are taken as those of many atoms.
MOST_ATOMS = 60
#: Charges that differ by less cancel, of fractions that sum to 1.
NEUTRAL = 1e-9
_IMPOSSIBLE = np.iinfo(np.int64).min // 4


class Charged(NamedTuple):
    """So many atoms of an element, or such a share of all atoms, in one oxidation state."""

    element: int
    state: int
    atoms: float


# -- few atoms ----------------------------------------------------------------------------------------------------


class _Sums(NamedTuple):
    """For each total charge that n atoms of an element can have: the best score, with how many atoms in which state.

    `ranks` say at which place the charge comes first when all choices are tried in order.
    """

    scores: dict[int, int]
    counts: dict[int, tuple[int, ...]]
    ranks: dict[int, int]


def likeliest_states(elements: Sequence[int], atoms: Sequence[int]) -> list[Charged] | None:
    """The likeliest neutral choice for these elements (columns of a fraction matrix); None where none is neutral."""
    tables = [_sums(element, n) for element, n in zip(elements, atoms, strict=True)]
    left = -sum(next(iter(table.scores)) for table in tables if len(table.scores) == 1)
    several = [table for table in tables if len(table.scores) > 1]
    behind = [{0: 0}]  # the best scores of all later tables, by the sum of their charges
    for table in reversed(several[1:]):
        behind.append(_joined(table.scores, behind[-1]) if len(behind) > 1 else table.scores)
    chosen: dict[int, int] = {}
    for i, table in enumerate(several):
        rest = behind[len(several) - 1 - i]
        possible = [
            (-score - rest[left - s], table.ranks[s], s) for s, score in table.scores.items() if left - s in rest
        ]
        if not possible:
            return None
        chosen[id(table)] = min(possible)[2]
        left -= chosen[id(table)]
    if left:
        return None
    ions: list[Charged] = []
    for element, table in zip(elements, tables, strict=True):
        counts = table.counts[chosen.get(id(table), next(iter(table.scores)))]
        ions += [Charged(element, s, n) for s, n in zip(_states(element), counts, strict=True) if n]
    return ions


@lru_cache(maxsize=4096)
def _sums(element: int, n: int) -> _Sums:
    states = _states(element)
    scores, counts = _best(states, _weights(element), n)
    _, first = _best(states, (0,) * len(states), n)
    places = np.flatnonzero(scores > _IMPOSSIBLE // 2).tolist()
    charges = {place: n * min(states) + place for place in places}
    order = sorted(places, key=lambda place: tuple(-first[place]))
    return _Sums(
        {charges[place]: int(scores[place]) for place in places},
        {charges[place]: tuple(counts[place].tolist()) for place in places},
        {charges[place]: rank for rank, place in enumerate(order)},
    )


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


def _joined(a: dict[int, int], b: dict[int, int]) -> dict[int, int]:
    """The best sum of two scores for each sum of two charges."""
    if len(a) > len(b):
        a, b = b, a
    low = min(b)
    scores = np.full(max(b) - low + 1, _IMPOSSIBLE, dtype=np.int64)
    scores[[charge - low for charge in b]] = list(b.values())
    first = min(a)
    joined = np.full(max(a) - first + len(scores), _IMPOSSIBLE, dtype=np.int64)
    for charge, score in a.items():
        part = joined[charge - first : charge - first + len(scores)]
        np.maximum(part, scores + score, out=part)
    return {low + first + i: best for i, best in enumerate(joined.tolist()) if best >= 0}


# -- many atoms ---------------------------------------------------------------------------------------------------


def likeliest_mixture(elements: Sequence[int], fractions: Sequence[float]) -> list[Charged] | None:
    """The same for atomic fractions, of which any part may have any state; None where no mixture is neutral.

    All elements start in their lowest state; then they are raised where that gains most, until the charge is zero.
    """
    hulls = [_hull(element) for element in elements]
    missing = -sum(fraction * hull[0][0] for fraction, hull in zip(fractions, hulls, strict=True))
    raised = [0.0] * len(hulls)
    steps = [
        ((after[1] - before[1]) / (after[0] - before[0]), fraction * (after[0] - before[0]), i)
        for i, (fraction, hull) in enumerate(zip(fractions, hulls, strict=True))
        for before, after in pairwise(hull)
    ]
    for _, charge, i in sorted(steps, key=lambda step: -step[0]):
        taken = min(charge, max(missing, 0.0))
        raised[i] += taken
        missing -= taken
    if abs(missing) > NEUTRAL:
        return None
    return [
        ion
        for element, fraction, hull, charge in zip(elements, fractions, hulls, raised, strict=True)
        for ion in _mixed(element, fraction, hull, charge)
    ]


def _mixed(element: int, fraction: float, hull: list[tuple[int, int]], charge: float) -> list[Charged]:
    """An element that was raised by this charge: two neighbouring states at most."""
    for (low, _), (high, _) in pairwise(hull):
        room = fraction * (high - low)
        if charge < room - NEUTRAL:
            share = charge / (high - low)
            parts = [Charged(element, low, fraction - share), Charged(element, high, share)]
            return [part for part in parts if part.atoms > NEUTRAL]
        charge -= room
    return [Charged(element, hull[-1][0], fraction)]


@lru_cache(maxsize=118)
def _hull(element: int) -> list[tuple[int, int]]:
    """The states with their weights between which no mixture of others weighs more, from the lowest to the highest."""
    hull: list[tuple[int, int]] = []
    for state, weight in sorted(zip(_states(element), _weights(element), strict=True)):
        while len(hull) > 1 and _is_below(hull[-2], hull[-1], (state, weight)):
            hull.pop()
        hull.append((state, weight))
    return hull


def _is_below(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    """Whether b lies on or below the line from a to c."""
    return (b[1] - a[1]) * (c[0] - a[0]) <= (c[1] - a[1]) * (b[0] - a[0])


# -- whether there is any choice ----------------------------------------------------------------------------------


def can_be_neutral(elements: Sequence[int], atoms: Sequence[int]) -> bool:
    """Whether some choice of common oxidation states, atom by atom, is neutral."""
    reached = 1
    offset = 0
    for element, n in zip(elements, atoms, strict=True):
        states = common_states(element)
        if not states:
            return False
        low = min(states)
        offset += n * low
        if len(states) > 1:
            reached = _shifted(reached, _reachable(tuple(state - low for state in states), n))
    return offset <= 0 and bool(reached >> -offset & 1)


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


def whole_atoms(fractions: NDArray[np.float64], most: int = MOST_ATOMS) -> Integers:
    """Fractions (g, k) as the smallest whole numbers in their ratio; rows of 0 where these exceed `most` in all."""
    whole = np.zeros(fractions.shape, dtype=np.int64)
    ratios = fractions / fractions.min(axis=1, keepdims=True)
    rows = np.arange(len(fractions))
    for factor in range(1, most + 1):
        rows = rows[factor * ratios[rows].sum(axis=1) <= most + 0.5]
        if not len(rows):
            break
        scaled = factor * ratios[rows]
        near = np.rint(scaled)
        is_whole = (np.abs(scaled - near) <= 1e-6 * near).all(axis=1)
        whole[rows[is_whole]] = near[is_whole]
        rows = rows[~is_whole]
    divisors = np.gcd.reduce(whole, axis=1, keepdims=True)
    reduced: Integers = whole // np.maximum(divisors, 1)
    return reduced


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
