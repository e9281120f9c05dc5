"""Structures: a cell, what stands on each site and where; read from and written to the text of a table's cell.

That text is JSON with the structure fields of OPTIMADE 1.1 (https://www.optimade.org): `lattice_vectors`,
`cartesian_site_positions`, `species`, `species_at_sites`, `dimension_types`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from matloop.core.composition import COLUMN, canonical_formula
from matloop.core.errors import InputError

#: Atoms nearer to each other than this, and cells thinner or longer than that, are mistakes; in angstrom. Libraries
#: search for neighbours in a cell as long as 1e200 Å without end.
NEAREST, THINNEST, LONGEST = 0.5, 1.0, 1e5
#: A site that is empty in part has the rest of its occupancy here.
VACANCY = "vacancy"
#: A fractional coordinate so near to a whole number is one: -1e-17 lies in the cell, not below it.
_NOISE = 1e-12
_ROUNDED = 1e-3  # occupancies of 0.333 sum to 0.999


class StructureError(InputError):
    """What cannot be read as a structure."""


@dataclass(frozen=True, eq=False)
class Structure:
    """Sites with their elements, in a periodic cell or, where `lattice` is None, without one.

    `lattice` has the cell's vectors as rows (3, 3) and `positions` are cartesian (n, 3), both in angstrom. `occupancy`
    names for each site how much of which element is on it; `symbols` the one that there is most of.
    """

    lattice: np.ndarray | None
    positions: np.ndarray
    occupancy: tuple[Mapping[str, float], ...]
    periodic: tuple[bool, bool, bool] = field(default=(True, True, True))

    @staticmethod
    def of(lattice: Any, symbols: Sequence[str], positions: Any, periodic: Any = None) -> Structure:
        """A structure with one element on each site; periodic in all directions where it has a cell."""
        cell = None if lattice is None else np.asarray(lattice, float)
        along = (cell is not None,) * 3 if periodic is None else tuple(bool(way) for way in periodic)
        places = np.asarray(positions, float).reshape(-1, 3)
        return Structure(cell, places, tuple({symbol: 1.0} for symbol in symbols), along)  # type: ignore[arg-type]

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        return tuple(max(site, key=lambda name: site[name]) if site else "X" for site in self.occupancy)

    @property
    def is_ordered(self) -> bool:
        """Whether each site is wholly one element."""
        return all(len(site) == 1 and abs(sum(site.values()) - 1) < _ROUNDED for site in self.occupancy)

    @cached_property
    def composition(self) -> dict[str, float]:
        """The amount of each element in the cell."""
        amounts: dict[str, float] = {}
        for site in self.occupancy:
            for symbol, share in site.items():
                amounts[symbol] = amounts.get(symbol, 0.0) + share
        return {symbol: amount for symbol, amount in amounts.items() if amount > 0}

    @property
    def formula(self) -> str:
        """The reduced formula, elements in alphabetical order."""
        return canonical_formula("".join(f"{symbol}{amount:.8f}" for symbol, amount in self.composition.items()))

    @property
    def volume(self) -> float:
        """Of the cell, in cubic angstrom; nan where there is none."""
        return float("nan") if self.lattice is None else float(abs(np.linalg.det(self.lattice)))

    @cached_property
    def fractional(self) -> np.ndarray:
        """Positions in units of the cell's vectors, (n, 3); whole ones without the noise of floating point.

        Raises StructureError where there is no cell.
        """
        if self.lattice is None:
            raise StructureError("a structure without a cell has no fractional coordinates")
        try:
            return _without_noise(np.linalg.solve(self.lattice.T, self.positions.T).T, _NOISE)
        except np.linalg.LinAlgError as error:
            raise StructureError("its cell has no volume") from error

    def wrapped(self) -> Structure:
        """The same structure with all fractional coordinates in [0, 1) along the directions in which it is periodic.

        What lies within 1e-10 of a border is put onto it, so that computing the coordinates again finds them inside.
        """
        if self.lattice is None or not any(self.periodic):
            return self
        along = np.array(self.periodic)
        snapped = _without_noise(self.fractional, 100 * _NOISE)
        inside = np.where(along, snapped - np.floor(snapped), self.fractional)
        return Structure(self.lattice, inside @ self.lattice, self.occupancy, self.periodic)

    def problem(self, needs_cell: bool = True) -> str | None:
        """Why nothing can be computed from this structure; None where it is sound."""
        if not len(self.positions):
            return "it has no sites"
        if not np.isfinite(self.positions).all() or not (self.lattice is None or np.isfinite(self.lattice).all()):
            return "a coordinate is not a finite number"
        unknown = sorted({name for site in self.occupancy for name in site} - set(COLUMN))
        if unknown:
            return f"there is no element '{unknown[0][:20]}'"
        if self.lattice is None:
            return "it has no cell" if needs_cell else _too_close(self, None)
        if np.abs(self.lattice).max() > LONGEST:
            return f"its cell is longer than {LONGEST:g} Å"
        flat = _heights(self.lattice)
        if not self.volume or flat.min() < THINNEST:
            return f"its cell is thinner than {THINNEST:g} Å" if self.volume else "its cell has no volume"
        over = next((i for i, site in enumerate(self.occupancy) if sum(site.values()) > 1 + 10 * _ROUNDED), None)
        if over is not None:
            return f"site {over + 1} is occupied to {100 * sum(self.occupancy[over].values()):.4g} %"
        return _too_close(self, self.lattice)

    def to_json(self) -> str:
        """The text of a table's cell; numbers to their last digit."""
        kinds = {_species_name(site): dict(site) for site in self.occupancy}
        return json.dumps(
            {
                "lattice_vectors": None if self.lattice is None else self.lattice.tolist(),
                "cartesian_site_positions": self.positions.tolist(),
                "species_at_sites": [_species_name(site) for site in self.occupancy],
                "species": [_species(name, site) for name, site in kinds.items()],
                "dimension_types": [int(way) for way in self.periodic],
            },
            separators=(",", ":"),
        )

    @staticmethod
    def from_json(text: str | Mapping[str, Any]) -> Structure:
        """The structure of a cell's text, or of the OPTIMADE fields themselves. Raises StructureError."""
        try:
            return _from_fields(json.loads(text) if isinstance(text, str) else text)
        except StructureError:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
            raise StructureError(
                "this is no structure", "a structure is JSON with lattice_vectors, cartesian_site_positions and species"
            ) from error


def _from_fields(fields: Mapping[str, Any]) -> Structure:
    kinds = {kind["name"]: _occupancy(kind) for kind in fields["species"]}
    sites = [kinds[name] for name in fields["species_at_sites"]]
    positions = np.array(fields["cartesian_site_positions"], float).reshape(-1, 3)
    if len(positions) != len(sites):
        raise StructureError(f"it has {len(positions)} positions for {len(sites)} sites")
    cell = fields.get("lattice_vectors")
    lattice = None if cell is None or any(v is None or None in v for v in cell) else np.array(cell, float)
    if lattice is not None and lattice.shape != (3, 3):
        raise StructureError("a cell has three vectors of three numbers")
    given = fields.get("dimension_types") or [int(lattice is not None)] * 3
    along = tuple(bool(way) for way in given)
    if len(along) != 3:
        raise StructureError("its dimension_types are not three")
    return Structure(lattice, positions, tuple(sites), (along[0], along[1], along[2]))


def _occupancy(species: Mapping[str, Any]) -> dict[str, float]:
    shares: dict[str, float] = {}
    for symbol, share in zip(species["chemical_symbols"], species["concentration"], strict=True):
        if symbol != VACANCY:
            shares[str(symbol)] = shares.get(str(symbol), 0.0) + float(share)
    return shares


def _species_name(site: Mapping[str, float]) -> str:
    return "".join(symbol if share == 1 else f"{symbol}{share!r}" for symbol, share in site.items()) or VACANCY


def _species(name: str, site: Mapping[str, float]) -> dict[str, Any]:
    symbols, shares = list(site), list(site.values())
    if (rest := 1 - sum(shares)) > _ROUNDED:
        symbols, shares = [*symbols, VACANCY], [*shares, rest]
    return {"name": name, "chemical_symbols": symbols, "concentration": shares}


def _without_noise(fractional: np.ndarray, noise: float) -> np.ndarray:
    """Coordinates (n, 3) with those that are all but whole made whole."""
    whole = np.round(fractional)
    return np.where(np.abs(fractional - whole) < noise, whole, fractional)


def _heights(lattice: np.ndarray) -> np.ndarray:
    """How thick the cell is along each of its vectors, (3,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        faces = np.cross(lattice[[1, 2, 0]], lattice[[2, 0, 1]])
        return np.abs(np.linalg.det(lattice)) / np.linalg.norm(faces, axis=1)


def _too_close(structure: Structure, lattice: np.ndarray | None) -> str | None:
    """Two sites that would stand in each other's place; those of a disorder, which share one atom, may.

    Sites are sorted along one axis, and each is compared with those behind it as far as `NEAREST` reaches. In a cell
    thicker than twice that, the nearest image is the one with every fractional difference below one half.
    """
    n = len(structure.positions)
    if lattice is None:
        scale, places, period = np.eye(3), structure.positions, np.inf
        thickness = 1.0
    else:
        scale, places, period = lattice, structure.fractional % 1.0, 1.0
        thickness = float(_heights(lattice)[0])
    order = np.argsort(places[:, 0], kind="stable")
    sorted_places, shares = places[order], np.array([sum(structure.occupancy[i].values()) for i in order])
    for step in range(1, n):
        behind = np.roll(np.arange(n), -step)
        gap = sorted_places[behind, 0] - sorted_places[:, 0]
        gap = np.where(gap < 0, gap + period, gap)
        near = np.flatnonzero((gap * thickness < NEAREST) & (shares + shares[behind] > 1 + _ROUNDED))
        if not len(near) and (gap * thickness >= NEAREST).all():
            return None
        apart = sorted_places[behind[near]] - sorted_places[near]
        if lattice is not None:
            apart -= np.round(apart)
        distance = np.linalg.norm(apart @ scale, axis=1)
        if len(distance) and distance.min() < NEAREST:
            i = near[distance.argmin()]
            one, two = sorted((int(order[i]), int(order[behind[i]])))
            return f"sites {one + 1} and {two + 1} are {distance.min():.2g} Å apart"
    return None
