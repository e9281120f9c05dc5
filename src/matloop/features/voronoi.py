"""What the Voronoi tessellation of a structure says: after Ward et al. 2017, doi:10.1103/PhysRevB.96.024104."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from matloop.features.crystal import Crystal, CrystalFeaturizer
from matloop.features.tessellation import Tessellation, statistics

_STATISTICS = ("minimum", "maximum", "range", "mean", "avg_dev")
_SHELLS = 3
#: Walks from so many sites are in memory at once.
_BLOCK = 100


class Voronoi(CrystalFeaturizer):
    """Coordination, heterogeneity of bonds and cells, chemical ordering and packing: 18 columns.

    A site's effective coordination number is (ΣA)² / ΣA² over the areas A of its faces; its bond length is the mean
    over its neighbours, weighted by A, and the variation of that the mean absolute deviation over it. Ordering in shell
    s is the mean over sites and elements of |1 - p / x|: p is the weight of all walks of s steps, none of which comes
    to a site twice, that end on the element, x its fraction; 0 where atoms are placed at random. A step is chosen with
    a probability in proportion to A. The packing efficiency is that of the largest spheres inside the cells.
    """

    name: ClassVar[str] = "voronoi"
    citations = ("10.1103/PhysRevB.96.024104",)

    @property
    def names(self) -> tuple[str, ...]:
        return (
            *(f"{name} effective coordination number" for name in _STATISTICS),
            "avg_dev relative bond length",
            "maximum relative bond length",
            "minimum relative bond length",
            *(f"{name} bond length variation" for name in _STATISTICS),
            "avg_dev relative cell volume",
            *(f"ordering in shell {shell}" for shell in range(1, _SHELLS + 1)),
            "maximum packing efficiency",
        )

    def describe(self, crystal: Crystal) -> list[float]:
        tessellation = crystal.tessellation
        lengths = tessellation.mean(tessellation.distance)
        deviation = np.abs(tessellation.distance - lengths[tessellation.site])
        relative = lengths / lengths.mean()
        volumes = tessellation.volumes
        coordination = tessellation.per_site(tessellation.area) ** 2 / tessellation.per_site(tessellation.area**2)
        return [
            *statistics(coordination, _STATISTICS),
            *statistics(relative, ("avg_dev", "maximum", "minimum")),
            *statistics(tessellation.mean(deviation) / lengths, _STATISTICS),
            *statistics(volumes / volumes.mean(), ("avg_dev",)),
            *ordering(tessellation, crystal.structure.symbols),
            4 / 3 * np.pi * float(((tessellation.nearest / 2) ** 3).sum()) / crystal.structure.volume,
        ]


def ordering(tessellation: Tessellation, symbols: tuple[str, ...]) -> list[float]:
    """The chemical ordering in each shell of neighbours; 0 for a structure of one element."""
    elements, which = np.unique(symbols, return_inverse=True)
    if len(elements) == 1:
        return [0.0] * _SHELLS
    n, fractions = tessellation.n_sites, np.bincount(which) / len(which)
    shares = np.zeros((_SHELLS, n, len(elements)))
    for first in range(0, n, _BLOCK):
        walks = _walks(tessellation, first, min(first + _BLOCK, n))
        for share, (origin, end, weight) in zip(shares, walks, strict=True):
            np.add.at(share, (origin, which[end]), weight)
    shares /= shares.sum(axis=2, keepdims=True)
    return [float(np.abs(1 - share / fractions).mean()) for share in shares]


def _walks(
    tessellation: Tessellation, first: int, last: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
    """Origin, end and weight of all walks of one step, of two, … that never come to the same atom twice.

    They begin at the sites from `first` to before `last`.
    """
    starts, total = tessellation.starts, tessellation.per_site(tessellation.area)
    here = slice(starts[first], starts[last])
    origin, end, image = tessellation.site[here], tessellation.neighbour[here], tessellation.image[here]
    weight = tessellation.area[here] / total[origin]
    visited = [(origin, np.zeros_like(image))]
    walks = [(origin, end, weight)]
    for _ in range(_SHELLS - 1):
        visited.append((end, image))
        n_next = starts[end + 1] - starts[end]
        walk = np.repeat(np.arange(len(end)), n_next)
        step = np.arange(len(walk)) - np.repeat(np.cumsum(n_next) - n_next, n_next) + starts[end][walk]
        to, to_image = tessellation.neighbour[step], image[walk] + tessellation.image[step]
        is_new = np.ones(len(walk), bool)
        for site, place in visited:
            is_new &= (to != site[walk]) | (to_image != place[walk]).any(axis=1)
        walk, step, to, to_image = walk[is_new], step[is_new], to[is_new], to_image[is_new]
        area = tessellation.area[step]
        left = np.bincount(walk, area, len(end))
        weight = weight[walk] * area / left[walk]
        visited = [(site[walk], place[walk]) for site, place in visited]
        origin, end, image = origin[walk], to, to_image
        walks.append((origin, end, weight))
    return walks
