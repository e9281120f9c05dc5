"""Tolerance factors of ABX3: whether ions of these sizes can make a perovskite.

Goldschmidt 1926 (doi:10.1007/BF01507527): t = (rA + rX) / (√2 (rB + rX)).
Bartel et al. 2019 (doi:10.1126/sciadv.aav0693): τ = rX/rB − nA (nA − (rA/rB) / ln(rA/rB)).
The radii are those of Shannon 1976 (doi:10.1107/S0567739476001551), which pymatgen carries: six neighbours for B and X,
and for A as near to twelve as they were measured.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from matloop.core.errors import MissingExtra
from matloop.screening.elements import electronegativities, oxidation_states

#: The anions of which perovskites are made.
ANIONS = {"O": -2, "S": -2, "Se": -2, "F": -1, "Cl": -1, "Br": -1, "I": -1}
_ROMAN = {name: i + 1 for i, name in enumerate("I II III IV V VI VII VIII IX X XI XII XIII XIV".split())}


class Factors(NamedTuple):
    """Which cation is on A, the larger site, and which on B, their charges, and both tolerance factors."""

    a: str
    b: str
    charges: tuple[int, int]
    goldschmidt: float
    tau: float


def require_radii() -> None:
    """Raises MissingExtra where the radii are not at hand."""
    try:
        import pymatgen.core  # noqa: F401
    except ImportError as error:
        raise MissingExtra("pymatgen", "structures") from error


def factors_of(amounts: Mapping[str, float] | None) -> Factors | str:
    """The tolerance factors of a composition, or why it has none."""
    anion = next((x for x in ANIONS if x in (amounts or {})), None)
    if amounts is None or anion is None or len(amounts) != 3:
        return "is not ABX3"
    unit = amounts[anion] / 3
    cations = [symbol for symbol in amounts if symbol != anion]
    if any(abs(amounts[symbol] - unit) > 1e-6 * unit for symbol in cations):
        return "is not ABX3"
    return _factors(*sorted(cations), anion)


@lru_cache(maxsize=65536)
def _factors(one: str, other: str, anion: str) -> Factors | str:
    total = -3 * ANIONS[anion]
    states = oxidation_states()
    pairs = itertools.product(states.get(one, ()), states.get(other, ()))
    balanced = [pair for pair in pairs if sum(pair) == total and min(pair) > 0]
    if not balanced:
        return f"no oxidation states of {one} and {other} fit {anion}3"
    chi = electronegativities()
    # of several pairs, the one in which the more electropositive cation has the lower charge
    charges = min(balanced, key=lambda pair: pair[0] if chi[one] <= chi[other] else pair[1])
    n, m = charges
    found = [_with_a(one, other, n, m, anion), _with_a(other, one, m, n, anion)]
    known = [factors for factors in found if factors is not None]
    return known[0] if known else f"no radii of {one} and {other} that could be A and B"


def _with_a(a: str, b: str, n_a: int, n_b: int, anion: str) -> Factors | None:
    """The factors with this cation on A; None where it is not the larger one, or has no radius."""
    r_a, r_b, r_x = radius(a, n_a, 12), radius(b, n_b, 6), radius(anion, ANIONS[anion], 6)
    if r_a is None or r_b is None or r_x is None or r_a <= r_b or r_b <= 0:
        return None
    other_a, other_b = radius(b, n_b, 12), radius(a, n_a, 6)
    if other_a is not None and other_b is not None and other_a > r_a:
        return None
    ratio = r_a / r_b
    goldschmidt = (r_a + r_x) / (math.sqrt(2) * (r_b + r_x))
    return Factors(a, b, (n_a, n_b), goldschmidt, r_x / r_b - n_a * (n_a - ratio / math.log(ratio)))


@lru_cache(maxsize=4096)
def radius(symbol: str, charge: int, neighbours: int) -> float | None:
    """The ionic radius after Shannon in angstrom, of high spin, at the known number of neighbours nearest to this."""
    from pymatgen.core import Element

    known: Mapping[str, Any] = Element(symbol).data.get("Shannon radii", {}).get(str(charge), {})
    by_number: dict[int, Any] = {}
    for name, spins in known.items():  # 'IVSQ' and 'IIIPY' are flat and pyramidal: only where there is nothing else
        by_number.setdefault(_ROMAN.get(name.removesuffix("SQ").removesuffix("PY"), 0), spins)
    by_number |= {_ROMAN[name]: spins for name, spins in known.items() if name in _ROMAN}
    if not by_number:
        return None
    spins = by_number[min(by_number, key=lambda n: (abs(n - neighbours), -n))]
    chosen = spins.get("High Spin") or spins.get("") or next(iter(spins.values()))
    return float(chosen["ionic_radius"])
