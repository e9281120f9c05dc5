"""Whether a composition can be neutral: some choice of common oxidation states whose charges cancel.

The screen of Davies et al. 2016 (SMACT, doi:10.1016/j.chempr.2016.09.010): each element takes one of its oxidation
states, the charges sum to zero, and each anion is more electronegative than each cation.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np

from matloop.core.composition import SYMBOLS, Amounts
from matloop.screening.elements import NONMETALS, electronegativities, oxidation_states

#: Charges cancel within this share of the number of atoms: amounts such as 0.333 are rounded.
TOLERANCE = 1e-4
#: Up to so many choices of oxidation states are tried side by side, for all amounts of the same elements.
_MOST_CHOICES = 20_000

States = tuple[tuple[int, ...], ...]


class Balance:
    """A rule by which formulas are neutral or not; `states` are oxidation states in place of the common ones.

    With `is_mixed` the atoms of one element may differ in their oxidation state, as in Fe3O4, but not in its sign. With
    `is_ordered` anions must be more electronegative than cations. With `takes_alloys` what is made of metals alone
    passes.
    """

    def __init__(
        self,
        states: Mapping[str, Sequence[int]] | None = None,
        is_mixed: bool = False,
        is_ordered: bool = True,
        takes_alloys: bool = False,
    ) -> None:
        known = {**oxidation_states(), **{symbol: tuple(given) for symbol, given in (states or {}).items()}}
        self._states: States = tuple(tuple(sorted(set(known.get(symbol, ())))) for symbol in SYMBOLS)
        self._rule = (is_mixed, is_ordered)
        self._takes_alloys = takes_alloys

    def holds(self, amounts: Amounts) -> np.ndarray:
        """Whether each formula can be neutral, boolean (n,)."""
        neutral = np.zeros(len(amounts), bool)
        for rows, elements, quantities in _by_system(amounts):
            if self._takes_alloys and not any(SYMBOLS[e] in NONMETALS for e in elements):
                neutral[rows] = True
            elif len(elements) > 1:
                neutral[rows] = self._of_system(elements, quantities)
        return neutral

    def _of_system(self, elements: tuple[int, ...], quantities: np.ndarray) -> np.ndarray:
        """Which amounts (r, k) of these k elements can be neutral."""
        states = tuple(self._states[e] for e in elements)
        slack = TOLERANCE * quantities.sum(axis=1, keepdims=True)
        is_mixed, is_ordered = self._rule
        found = np.zeros(len(quantities), bool)
        for allowed in _signs(elements, states, is_ordered):
            if is_mixed:
                least, most = (np.array([pick(own) for own in allowed]) for pick in (min, max))
                found |= (quantities @ least <= slack[:, 0]) & (quantities @ most >= -slack[:, 0])
            elif (choices := _choices(allowed)) is not None:
                found |= (np.abs(quantities @ choices) <= slack).any(axis=1)
            else:
                found |= np.array([_cancels(row, allowed, s) for row, s in zip(quantities, slack[:, 0], strict=True)])
        return found


def _by_system(amounts: Amounts) -> Iterator[tuple[np.ndarray, tuple[int, ...], np.ndarray]]:
    """The formulas of each set of elements: their places (r,), the k elements in order, the amounts (r, k)."""
    counts = amounts.counts
    order = np.lexsort((amounts.elements, np.repeat(np.arange(len(amounts)), counts)))
    elements, quantities = amounts.elements[order], amounts.amounts[order]
    for k in np.unique(counts):
        rows = np.flatnonzero(counts == k)
        places = amounts.starts[rows][:, None] + np.arange(k)
        own, own_amounts = elements[places], quantities[places]
        groups: Mapping[bytes, list[int]] = {}
        if k <= 9:  # seven bits an element
            codes = (own.astype(np.int64) << (7 * np.arange(k))).sum(axis=1)
            sorting = np.argsort(codes, kind="stable")
            edges = np.flatnonzero(np.diff(codes[sorting])) + 1
            members = np.split(sorting, edges)
        else:
            for i, row in enumerate(own):
                groups.setdefault(row.tobytes(), []).append(i)  # type: ignore[attr-defined]
            members = [np.array(group) for group in groups.values()]
        for group in members:
            yield rows[group], tuple(own[group[0]].tolist()), own_amounts[group]


def _signs(elements: tuple[int, ...], states: States, is_ordered: bool) -> Iterator[States]:
    """The states that remain for each way to tell cations from anions."""
    positive = [tuple(s for s in own if s > 0) for own in states]
    negative = [tuple(s for s in own if s < 0) for own in states]
    n = len(elements)
    if is_ordered:
        chi = [electronegativities().get(SYMBOLS[e]) for e in elements]
        if any(value is None for value in chi):
            return
        order = sorted(range(n), key=lambda i: chi[i] or 0.0)
        cuts = [set(order[:c]) for c in range(1, n) if chi[order[c - 1]] != chi[order[c]]]
    else:
        cuts = [set(cations) for c in range(1, n) for cations in itertools.combinations(range(n), c)]
    for cations in cuts:
        allowed = tuple(positive[i] if i in cations else negative[i] for i in range(n))
        if all(allowed):
            yield allowed


@lru_cache(maxsize=4096)
def _choices(allowed: States) -> np.ndarray | None:
    """All choices of one state for each element, (k, c); None where they are too many."""
    if np.prod([len(own) for own in allowed], dtype=float) > _MOST_CHOICES:
        return None
    return np.array(list(itertools.product(*allowed)), float).T


def _cancels(quantities: np.ndarray, allowed: States, slack: float) -> bool:
    """The same for one formula, by the sums that can be reached, element after element."""
    sums = np.zeros(1)
    for quantity, own in zip(quantities, allowed, strict=True):
        sums = np.unique(np.round(sums[:, None] + quantity * np.array(own, float), 9))
    return bool((np.abs(sums) <= slack).any())
