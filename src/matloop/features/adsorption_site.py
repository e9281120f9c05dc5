"""What surrounds an adsorbate on a surface: the elements in its first and its second coordination shell."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matloop.core.atomic_weights import ATOMIC_WEIGHT
from matloop.core.composition import COLUMN, SYMBOLS, parse_formula
from matloop.core.errors import InputError
from matloop.core.structure import Structure, StructureError
from matloop.datasets.conversion import structure_of
from matloop.features.element_table import element_table
from matloop.features.tessellation import tessellate


class Rule(NamedTuple):
    """Who is a neighbour: his face is seen under at least this share of the largest solid angle, and he is at most so
    many times as far as the sum of the covalent radii, since a face across the vacuum counts for nothing.
    """

    share: float
    reach: float


#: Of the adsorbate, and of an atom of the surface.
TIGHT, LOOSE = Rule(0.8, 1.5), Rule(0.2, 1.25)


class Shells(NamedTuple):
    """How often each element is a neighbour of the adsorbate, and of those neighbours; and all elements of the surface.

    An atom that neighbours two atoms of the first shell counts twice in the second.
    """

    first: Counter[str]
    second: Counter[str]
    elements: frozenset[str]


def site_cell(structure: Any, adsorbate: Sequence[int]) -> str:
    """The text of a table's cell for a surface with an adsorbate, whose atoms are the sites with these indices.

    It is that of the structure with one more field, `adsorbate`: whoever wants the structure alone reads past it.
    """
    fields = json.loads(structure_of(structure).to_json())
    return json.dumps(fields | {"adsorbate": [int(i) for i in adsorbate]}, separators=(",", ":"))


def shells_of(cell: Any) -> Shells:
    """The shells that a cell tells or shows. Raises InputError.

    A cell is the text of `site_cell`, its fields, or the shells themselves as two formulas: 'Cu2Al;Cu12Al6' has two
    copper atoms and one of aluminium around the adsorbate, and 18 around these.
    """
    if isinstance(cell, str) and not cell.lstrip().startswith("{"):
        return _told(cell)
    try:
        fields = json.loads(cell) if isinstance(cell, str) else cell
        structure, adsorbate = structure_of(fields), [int(i) for i in fields["adsorbate"]]
    except InputError:
        raise
    except (ValueError, TypeError, KeyError) as error:
        message = "this is no surface site: it does not name its adsorbate"
        raise StructureError(message, "make it by site_cell(structure, adsorbate)") from error
    return shells_around(structure, adsorbate)


def _told(text: str) -> Shells:
    parts = text.split(";")
    if len(parts) != 2:
        raise InputError(f"'{text[:40]}' is no surface site", "write both shells as formulas: 'Cu2Al;Cu12Al6'")
    first, second = (_counted(part.strip()) for part in parts)
    return Shells(first, second, frozenset(first) | frozenset(second))


def _counted(formula: str) -> Counter[str]:
    amounts = parse_formula(formula)
    if any(amount != round(amount) for amount in amounts.values()):
        raise InputError(f"'{formula}' does not count atoms", "whole numbers of neighbours: 'Cu2Al'")
    return Counter({SYMBOLS[COLUMN[symbol]]: round(amount) for symbol, amount in amounts.items()})


def shells_around(structure: Structure, adsorbate: Sequence[int]) -> Shells:
    """The shells around the atom of the adsorbate that is nearest to the surface; its other atoms are left aside.

    Neighbours share a face of the Voronoi tessellation; those of the second shell on the surface without adsorbate.
    Raises StructureError.
    """
    n = len(structure.positions)
    ours = sorted({i if i >= 0 else i + n for i in adsorbate})
    surface = [i for i in range(n) if i not in set(ours)]
    if not ours or not surface or ours[0] < 0 or ours[-1] >= n:
        raise StructureError("the adsorbate is not among the sites, or there is nothing else")
    if problem := structure.problem():
        raise StructureError(problem)
    if not structure.is_ordered:
        raise StructureError("it is disordered: a site is shared or empty in part")
    binding = ours[int(_distances(structure, ours, surface).min(axis=1).argmin())]
    symbols = [structure.symbols[i] for i in surface]
    first = _neighbours(structure, [*surface, binding], TIGHT)(len(surface))
    if not len(first):
        raise StructureError("the adsorbate touches no atom of the surface")
    on_bare_surface = _neighbours(structure, surface, LOOSE)
    second = [k for j in first for k in on_bare_surface(int(j))]
    return Shells(Counter(symbols[j] for j in first), Counter(symbols[k] for k in second), frozenset(symbols))


def _neighbours(structure: Structure, kept: list[int], rule: Rule) -> Callable[[int], NDArray[np.int64]]:
    """A function that gives, where only these sites are there, the neighbours of one, both by their place in `kept`."""
    symbols = [structure.symbols[i] for i in kept]
    found = tessellate(Structure.of(structure.lattice, symbols, structure.positions[kept]).wrapped())
    radii = element_table("magpie", ("CovalentRadius",))[[COLUMN[symbol] for symbol in symbols], 0] / 100
    is_near = found.distance < rule.reach * (radii[found.site] + radii[found.neighbour])

    def of(site: int) -> NDArray[np.int64]:
        faces = np.arange(*found.starts[site : site + 2])
        faces = faces[is_near[faces]]
        angles = found.solid_angle[faces]
        return found.neighbour[faces[angles > rule.share * angles.max(initial=0.0)]]

    return of


def _distances(structure: Structure, some: list[int], others: list[int]) -> NDArray[np.float64]:
    """From each of some sites to each of the others, in the nearest copies of the cell."""
    assert structure.lattice is not None
    apart = structure.fractional[some][:, None] - structure.fractional[others][None]
    apart -= np.round(apart)
    images = np.array(np.meshgrid(*[[-1, 0, 1]] * 3)).reshape(3, -1).T
    vectors = (apart[:, :, None] + images) @ structure.lattice
    return np.asarray(np.linalg.norm(vectors, axis=-1).min(axis=-1))


def electronegativity(symbol: str) -> float:
    """Pauling's, from the table of Magpie. Raises StructureError where there is none."""
    value = float(element_table("magpie", ("Electronegativity",))[COLUMN[symbol], 0])
    if np.isnan(value):
        raise StructureError(f"nothing is known of the electronegativity of {symbol}")
    return value


def is_element(symbol: Any) -> bool:
    return isinstance(symbol, str) and symbol in ATOMIC_WEIGHT


def known_energies(energies: Mapping[str, float] | None) -> dict[str, float]:
    """Median adsorption energies that were given. Raises InputError for a name that is no element."""
    given = {symbol: float(energy) for symbol, energy in (energies or {}).items()}
    for symbol in given:
        if not is_element(symbol):
            raise InputError(f"'{symbol}' is no element", "as in energies={'Cu': -0.4}")
    return given
