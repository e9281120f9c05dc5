"""Enthalpies of alloys by Miedema's semi-empirical model.

De Boer, Boom, Mattens, Miedema and Niessen, Cohesion in Metals (North-Holland 1988); in the form of Zhang, Zhang, He,
Jing and Sheng, Comput. Phys. Commun. 209, 58 (2016), doi 10.1016/j.cpc.2016.08.013.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np

from matloop.core.composition import Amounts
from matloop.features.base import Array, Features
from matloop.features.composition import CompositionFeaturizer, by_count, unknown
from matloop.features.element_table import element_table, rows_of

PROPERTIES = (
    "molar_volume",
    "electron_density",
    "electronegativity",
    "valence_electrons",
    "a_const",
    "R_const",
    "H_trans",
    "compressibility",
    "shear_modulus",
    "melting_point",
    "structural_stability",
)
#: kJ/mol in one eV for each atom.
KILOJOULES = 96.4853
#: How far atoms order: what the model calls γ, of a compound, a glass and a solid solution.
COMPOUND, GLASS, SOLUTION = 8, 5, 0


class Elements(NamedTuple):
    """The parameters of one element in each of g alloys, (g,)."""

    volume: Array
    density: Array
    electronegativity: Array
    valence: Array
    a: Array
    r: Array
    transition: Array
    bulk: Array
    shear: Array
    melting: Array
    stability: Array
    is_transition: Array


class Miedema(CompositionFeaturizer):
    """Formation enthalpies of an intermetallic compound, a glass and a solid solution, in eV for each atom.

    Alloys of several elements are the sum of their pairs. The solid solution is the best of fcc, bcc, hcp and none of
    these. There are parameters for 73 elements; formulas with others are failures, unless `impute` takes the mean of
    all elements, as matminer does.

    Between a transition metal and another element the model has a further attractive term. Transition metals are here
    those of groups 3 to 11; matminer takes all elements with 3 to 11 valence electrons, so that aluminium and silicon
    are among them and their compounds with transition metals come out unstable (NiAl: +7 kJ/mol instead of −48).
    `as_matminer` does the same, and gives matminer's numbers.
    """

    name: ClassVar[str] = "miedema"
    citations = ("10.1016/j.cpc.2016.08.013",)

    def __init__(self, *, impute: bool = False, as_matminer: bool = False, on_failure: str = "raise") -> None:
        super().__init__(on_failure=on_failure)
        self.impute = impute
        self.as_matminer = as_matminer

    @property
    def names(self) -> tuple[str, ...]:
        return ("Miedema enthalpy of compound", "Miedema enthalpy of glass", "Miedema enthalpy of solid solution")

    @property
    def units(self) -> tuple[str | None, ...]:
        return ("eV", "eV", "eV")

    def matrix(self, readings: Amounts) -> Features:
        table = element_table("miedema", PROPERTIES, self.impute)
        order = element_table("electronic", ("electronegativity",), True)[:, 0]
        if self.as_matminer:
            is_transition = np.isin(table[:, PROPERTIES.index("valence_electrons")], range(3, 12))
        else:
            is_transition = np.isin(element_table("magpie", ("Column",))[:, 0], range(3, 12))
        parameters = np.column_stack([table, is_transition])
        values = np.empty((len(readings), 3))
        for rows, elements, fractions in by_count(readings):
            sorting = np.argsort(order[elements], axis=1, kind="stable")
            elements, fractions = (np.take_along_axis(each, sorting, axis=1) for each in (elements, fractions))
            values[rows] = _enthalpies(parameters[elements], fractions)
        return Features(values, unknown(readings, table, PROPERTIES))


def _enthalpies(parameters: Array, fractions: Array) -> Array:
    """Of compound, glass and solid solution, (g, 3), of k elements with parameters (g, k, 12)."""
    each = [Elements(*parameters[:, i].T) for i in range(fractions.shape[1])]
    compound, glass, solution = (np.zeros(len(fractions)) for _ in range(3))
    for i, a in enumerate(each):
        for j in range(i + 1, len(each)):
            c, b = fractions[:, [i, j]].T, each[j]
            compound += _chemical(a, b, c, COMPOUND)
            glass += _chemical(a, b, c, GLASS)
            solution += _chemical(a, b, c, SOLUTION) + _elastic(a, b, c)
    melting = (fractions * parameters[:, :, PROPERTIES.index("melting_point")]).sum(axis=1)
    stability = (fractions * parameters[:, :, PROPERTIES.index("structural_stability")]).sum(axis=1)
    valence = (fractions * parameters[:, :, PROPERTIES.index("valence_electrons")]).sum(axis=1)
    structure = np.minimum(_lattice(valence) - stability, 0)
    return np.column_stack([compound, glass + 3.5 * melting / 1000, solution + structure]) / KILOJOULES


def _chemical(a: Elements, b: Elements, c: Array, ordering: float) -> Array:
    """The chemical term of atoms a and b in the fractions c (2, g), kJ/mol."""

    def surroundings(volumes: tuple[Array, Array]) -> tuple[Array, Array]:
        """How much of the surface of an atom of a touches b, and of b touches a."""
        total = c[0] * volumes[0] + c[1] * volumes[1]
        shares = c[0] * volumes[0] / total, c[1] * volumes[1] / total
        order = 1 + ordering * (shares[0] * shares[1]) ** 2
        return shares[1] * order, shares[0] * order

    step = a.electronegativity - b.electronegativity
    plain = a.volume ** (2 / 3), b.volume ** (2 / 3)
    touching = surroundings(plain)
    volumes = plain[0] * (1 + a.a * touching[0] * step), plain[1] * (1 - b.a * touching[1] * step)
    is_mixed = a.is_transition != b.is_transition
    p = np.where(is_mixed, 12.35, np.where(a.is_transition == 1, 14.1, 10.7))
    r = np.where(is_mixed, a.r * b.r * p, 0.0)
    density = np.cbrt(a.density), np.cbrt(b.density)
    strength = -p * step**2 - r + 9.4 * p * (density[0] - density[1]) ** 2
    interface = 2 * strength / (1 / density[0] + 1 / density[1])
    transition = c[0] * a.transition + c[1] * b.transition
    return surroundings(volumes)[0] * c[0] * volumes[0] * interface + transition


def _elastic(a: Elements, b: Elements, c: Array) -> Array:
    """The energy of squeezing atoms of a among b and the other way round, kJ/mol."""
    step = a.electronegativity - b.electronegativity
    density = 1 / np.cbrt(a.density) + 1 / np.cbrt(b.density)

    def charge(volume: Array) -> Array:
        return 1.5 * np.abs(volume) ** (2 / 3) / density

    first = charge(a.volume + charge(a.volume) * step / a.density)
    second = charge(b.volume - charge(b.volume) * step / b.density)
    a_in_b = _squeezed(a, b, a.volume + first * step / a.density, b.volume + first * step / b.density)
    b_in_a = _squeezed(b, a, b.volume - second * step / b.density, a.volume - second * step / a.density)
    return c[0] * c[1] * (c[1] * a_in_b + c[0] * b_in_a)


def _squeezed(guest: Elements, host: Elements, own: Array, hole: Array) -> Array:
    """The energy of an atom of volume `own` in a hole; 0 where nothing resists."""
    stiffness = 4 * host.shear * own + 3 * guest.bulk * hole
    energy = 2 * guest.bulk * host.shear * (own - hole) ** 2
    return np.divide(energy, stiffness, where=stiffness != 0, out=np.zeros_like(energy))


def _lattice(valence: Array) -> Array:
    """The least structural energy of fcc, bcc and hcp at these mean numbers of valence electrons, (g,)."""
    table = np.array([[float(value) for value in row.values()] for row in rows_of("lattice_stability")]).T
    return np.min([np.interp(valence, table[0], energies) for energies in table[1:]], axis=0)
