"""The Voronoi tessellation of a structure: to each site the space that is nearer to it than to any other.

Two sites are neighbours where their cells share a face; the face's area or solid angle says how much so
(O'Keeffe 1979, doi:10.1107/S0567739479001765). One tessellation serves all features that need it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matloop.core.structure import Structure, StructureError

#: Faces seen under less than this (in steradian) are rounding errors at the corners of symmetric cells.
FAINTEST = 1e-6
#: The cells must fill the structure's cell to this relative accuracy.
FILLED = 1e-6
#: Atoms are first looked for within so many mean distances.
_FIRST_REACH = 3.0
_LARGEST_REACH = 1000.0


@dataclass(frozen=True, eq=False)
class Tessellation:
    """The m faces between neighbouring sites, each once from either side, sorted by site.

    `site` and `neighbour` (m,) are indices of sites, `image` (m, 3) says in which copy of the cell the neighbour is,
    `vector` (m, 3) leads to it; `distance` and `area` in angstrom and square angstrom, `solid_angle` in steradian.
    """

    site: NDArray[np.int64]
    neighbour: NDArray[np.int64]
    image: NDArray[np.int64]
    vector: NDArray[np.float64]
    distance: NDArray[np.float64]
    area: NDArray[np.float64]
    solid_angle: NDArray[np.float64]
    n_corners: NDArray[np.int64]
    n_sites: int

    @cached_property
    def volumes(self) -> NDArray[np.float64]:
        """The volume of each site's cell (n,), in cubic angstrom."""
        return self.per_site(self.area * self.distance / 6)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where the faces of each site begin, and at last where they end, (n + 1,)."""
        return np.searchsorted(self.site, np.arange(self.n_sites + 1))

    @cached_property
    def nearest(self) -> NDArray[np.float64]:
        """The distance of each site's nearest neighbour (n,): the nearest atom always shares a face."""
        nearest = np.full(self.n_sites, np.inf)
        np.minimum.at(nearest, self.site, self.distance)
        return nearest

    def per_site(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum over each site's faces (n,) of what is given for each face (m,)."""
        return np.bincount(self.site, values, self.n_sites).astype(float)

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean over each site's faces (n,), weighted by their area, of what is given for each face (m,)."""
        return self.per_site(values * self.area) / self.per_site(self.area)


def tessellate(structure: Structure) -> Tessellation:
    """The tessellation of a structure in a cell, which is taken as periodic. Raises StructureError.

    Copies of the cell's atoms are added as far as they can reach into a cell: twice as far as its farthest corner.
    """
    if structure.lattice is None:
        raise StructureError("it has no cell")
    lattice, positions = structure.lattice, structure.positions
    reach = _FIRST_REACH * (structure.volume / len(positions)) ** (1 / 3)
    while True:
        points, atoms, images = _copies(lattice, positions, structure.fractional, reach)
        faces, farthest = _faces(points, len(positions))
        if 2 * farthest <= reach:
            break
        reach = 2.01 * farthest if np.isfinite(farthest) else 2 * reach
        if reach > _LARGEST_REACH:
            raise StructureError(f"its atoms are more than {_LARGEST_REACH:g} Å apart")
    found = _both_sides(faces, atoms, images, points, len(positions))
    if abs(found.volumes.sum() / structure.volume - 1) > FILLED:
        raise StructureError(f"its tessellation fills {100 * found.volumes.sum() / structure.volume:.6g} % of the cell")
    return found


def _copies(
    lattice: NDArray[Any], positions: NDArray[Any], fractional: NDArray[Any], reach: float
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """All atoms within reach of one in the cell, those in it first: where, which, and in what copy of the cell."""
    from scipy.spatial import cKDTree

    heights = 1 / np.linalg.norm(np.linalg.inv(lattice), axis=0)
    spread = fractional.max(axis=0) - fractional.min(axis=0)
    most = np.floor(reach / heights + spread).astype(int)
    axes = [np.arange(-n, n + 1) for n in most]
    copies = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    copies = copies[(copies != 0).any(axis=1)]
    points = (positions[None] + (copies @ lattice)[:, None]).reshape(-1, 3)
    near = cKDTree(positions).query(points, distance_upper_bound=reach)[0] <= reach
    atoms = np.tile(np.arange(len(positions)), len(copies))[near]
    images = np.repeat(copies, len(positions), axis=0)[near]
    home = np.arange(len(positions))
    return (
        np.vstack([positions, points[near]]),
        np.concatenate([home, atoms]),
        np.vstack([np.zeros((len(home), 3), int), images]),
    )


@dataclass(frozen=True)
class _Faces:
    """Faces between two points each (k, 2); area, solid angle and number of corners (k,)."""

    between: NDArray[Any]
    area: NDArray[Any]
    solid_angle: NDArray[Any]
    n_corners: NDArray[Any]


def _faces(points: NDArray[Any], n: int) -> tuple[_Faces, float]:
    """The faces around the first n points, and the farthest corner from its point; infinite where a cell is open."""
    from scipy.spatial import QhullError, Voronoi

    try:
        diagram = Voronoi(points)
    except QhullError:  # too few points to enclose a cell
        return _Faces(*(np.empty(0),) * 4), np.inf
    ours = np.flatnonzero((diagram.ridge_points < n).any(axis=1))
    corners = [diagram.ridge_vertices[i] for i in ours]
    between = np.sort(diagram.ridge_points[ours], axis=1)  # the one in the cell first
    n_corners = np.array([len(face) for face in corners])
    flat = np.concatenate([np.asarray(face) for face in corners])
    if (flat < 0).any():
        return _Faces(between, *(np.empty(0),) * 3), np.inf
    seen = diagram.vertices[flat] - np.repeat(points[between[:, 0]], n_corners, axis=0)
    area, angle = _polygons(seen, n_corners)
    return _Faces(between, area, angle, n_corners), float(np.sqrt((seen**2).sum(axis=1).max()))


def _polygons(corners: NDArray[Any], n_corners: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Area and solid angle, seen from the origin, of convex polygons with their corners in order (sum of n_corners, 3).

    Each is a fan of triangles; their solid angle after Van Oosterom and Strackee 1983 (doi:10.1109/TBME.1983.325207).
    """
    starts = np.cumsum(n_corners) - n_corners
    face = np.repeat(np.arange(len(n_corners)), n_corners - 2)
    step = np.arange(len(face)) - np.repeat(np.cumsum(n_corners - 2) - (n_corners - 2), n_corners - 2) + 1
    a, b, c = corners[starts[face]], corners[starts[face] + step], corners[starts[face] + step + 1]
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    la, lb, lc = (np.linalg.norm(side, axis=1) for side in (a, b, c))
    triple = np.abs(np.einsum("ij,ij->i", a, np.cross(b, c)))
    dots = [np.einsum("ij,ij->i", x, y) for x, y in ((a, b), (a, c), (b, c))]
    angle = 2 * np.arctan2(triple, la * lb * lc + dots[0] * lc + dots[1] * lb + dots[2] * la)
    n = len(n_corners)
    return np.bincount(face, area, n), np.bincount(face, angle, n)


def _both_sides(faces: _Faces, atoms: NDArray[Any], images: NDArray[Any], points: NDArray[Any], n: int) -> Tessellation:
    """Each face from the side of every point that is in the cell; both see it under the same angle."""
    first, second = faces.between.T
    is_inner = second < n
    face = np.concatenate([np.arange(len(first)), np.flatnonzero(is_inner)])
    here = np.concatenate([first, second[is_inner]])
    there = np.concatenate([second, first[is_inner]])
    vector = points[there] - points[here]
    distance = np.linalg.norm(vector, axis=1)
    angle = faces.solid_angle[face]
    order = np.lexsort((distance, here))
    order = order[angle[order] > FAINTEST]
    face, here, there = face[order], here[order], there[order]
    return Tessellation(
        here,
        atoms[there],
        images[there],
        vector[order],
        distance[order],
        faces.area[face],
        faces.solid_angle[face],
        faces.n_corners[face],
        n,
    )


def statistics(values: NDArray[Any], which: Sequence[str]) -> list[float]:
    """Statistics over the sites (n,): minimum, maximum, range, mean, avg_dev (the mean absolute deviation)."""
    mean = float(values.mean())
    every = {
        "minimum": float(values.min()),
        "maximum": float(values.max()),
        "range": float(values.max() - values.min()),
        "mean": mean,
        "avg_dev": float(np.abs(values - mean).mean()),
    }
    return [every[name] for name in which]
