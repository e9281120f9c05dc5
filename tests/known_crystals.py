"""Structures whose features are known, and what must not change them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from matloop.core.structure import Structure

#: Silicalite-1, van Koningsveld, van Bekkum and Jansen 1987 (doi:10.1107/S0108768187098173), space group Pnma.
MFI_CELL = (20.022, 19.899, 13.383)
MFI_SITES = {
    "Si": """.42238 .0565 -.33598, .30716 .02772 -.1893, .27911 .06127 .0312, .12215 .06298 .0267,
        .07128 .02722 -.18551, .18641 .05896 -.32818, .42265 -.1725 -.32718, .30778 -.13016 -.18548,
        .27554 -.17279 .03109, .12058 -.1731 .02979, .07044 -.13037 -.182, .18706 -.17327 -.31933""",
    "O": """.3726 .0534 -.2442, .3084 .0587 -.0789, .2007 .0592 .0289, .0969 .0611 -.0856, .1149 .0541 -.2763,
        .2435 .0553 -.246, .3742 -.1561 -.2372, .3085 -.1552 -.0728, .198 -.1554 .0288, .091 -.1614 -.0777,
        .1169 -.1578 -.2694, .2448 -.1594 -.2422, .3047 -.051 -.1866, .0768 -.0519 -.1769, .4161 .1276 -.3896,
        .4086 -.0017 -.4136, .402 -.1314 -.4239, .1886 .1298 -.3836, .194 .0007 -.4082, .1951 -.1291 -.419,
        -.0037 .0502 -.208, -.004 -.1528 -.2078, .4192 -.25 -.354, .1884 -.25 -.3538, .2883 -.25 .0579,
        .1085 -.25 .0611""",
}


def mfi() -> Structure:
    """Silicalite-1: 96 SiO2 in the cell."""

    def pnma(x: float, y: float, z: float) -> list[tuple[float, float, float]]:
        half = [(x, y, z), (0.5 - x, -y, z + 0.5), (-x, y + 0.5, -z), (x + 0.5, 0.5 - y, 0.5 - z)]
        return half + [(-a, -b, -c) for a, b, c in half]

    symbols: list[str] = []
    places: list[np.ndarray] = []
    for symbol, text in MFI_SITES.items():
        for site in text.split(","):
            x, y, z = map(float, site.split())
            copies = np.unique(np.round(np.array(pnma(x, y, z)) % 1.0, 6) % 1.0, axis=0)
            symbols += [symbol] * len(copies)
            places.append(copies)
    return Structure.of(np.diag(MFI_CELL), symbols, np.vstack(places) * MFI_CELL)


def lta() -> Structure:
    """The all-silica LTA framework with one T atom, Pm-3m, a = 11.919 Å (idealized: Si-O 1.61 Å)."""
    a = 11.919
    sites = {"Si": [(0, 0.1823, 0.3684)], "O": [(0, 0.2122, 0.5), (0, 0.2987, 0.2987), (0.1103, 0.1103, 0.3384)]}
    symbols, places = [], []
    for symbol, first in sites.items():
        found = np.unique(np.round(np.vstack([_cubic(site) for site in first]), 6) % 1.0, axis=0)
        symbols += [symbol] * len(found)
        places.append(found)
    return Structure.of(np.eye(3) * a, symbols, np.vstack(places) * a)


def _cubic(site: Sequence[float]) -> np.ndarray:
    """A site under the 48 operations of m-3m."""
    signs = np.array(np.meshgrid([1, -1], [1, -1], [1, -1])).reshape(3, -1).T
    orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    return np.array([sign * np.array(site)[list(order)] for sign in signs for order in orders]) % 1.0


def rocksalt(one: str = "Na", two: str = "Cl", a: float = 5.64) -> Structure:
    corners = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    return Structure.of(np.eye(3) * a, [one] * 4 + [two] * 4, np.vstack([corners, corners + 0.5]) * a)


def fcc(symbol: str = "Cu", a: float = 3.61) -> Structure:
    return Structure.of(np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]) * a, [symbol], [[0, 0, 0]])


def simple_cubic(symbol: str = "Po", a: float = 3.35) -> Structure:
    return Structure.of(np.eye(3) * a, [symbol], [[0, 0, 0]])


@st.composite
def disturbed(draw: st.DrawFn) -> Structure:
    """A few atoms of some elements in a slanted cell, none too near to another: neither symmetry nor order."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    lattice = np.eye(3) * 5.0 + rng.uniform(-0.8, 0.8, (3, 3))
    grid = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5], [0.5, 0.5, 0.5]])
    n = draw(st.integers(1, 5))
    places = grid[:n] + rng.uniform(-0.08, 0.08, (n, 3))
    return Structure.of(lattice, rng.choice(["Na", "Cl", "O", "Ti"], n).tolist(), places @ lattice)


def rotated(structure: Structure, seed: int) -> Structure:
    """Turned by any rotation."""
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    return Structure(structure.lattice @ turn, structure.positions @ turn, structure.occupancy, structure.periodic)


def shifted(structure: Structure, by: Sequence[float]) -> Structure:
    """All atoms moved by these fractions of the cell's vectors; none is put back into the cell."""
    positions = structure.positions + np.asarray(by) @ structure.lattice
    return Structure(structure.lattice, positions, structure.occupancy, structure.periodic)


def reordered(structure: Structure, seed: int) -> Structure:
    order = np.random.default_rng(seed).permutation(len(structure.positions))
    occupancy = tuple(structure.occupancy[i] for i in order)
    return Structure(structure.lattice, structure.positions[order], occupancy, structure.periodic)


def repeated(structure: Structure, times: Sequence[int]) -> Structure:
    """A supercell, so many times as large along each vector."""
    copies = np.array(np.meshgrid(*[np.arange(n) for n in times], indexing="ij")).reshape(3, -1).T
    positions = (structure.positions[None] + (copies @ structure.lattice)[:, None]).reshape(-1, 3)
    lattice = structure.lattice * np.array(times)[:, None]
    return Structure(lattice, positions, structure.occupancy * len(copies), structure.periodic)


def sheared(structure: Structure) -> Structure:
    """The same crystal in another cell of the same lattice."""
    other = np.array([[1, 0, 0], [1, 1, 0], [0, -1, 1]])
    return Structure(other @ structure.lattice, structure.positions, structure.occupancy, structure.periodic)


def scaled(structure: Structure, factor: float) -> Structure:
    lattice, positions = structure.lattice * factor, structure.positions * factor
    return Structure(lattice, positions, structure.occupancy, structure.periodic)
