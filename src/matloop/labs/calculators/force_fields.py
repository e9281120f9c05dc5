"""What a framework's atoms do to a gas: Lennard-Jones parameters by element, and charges where a field has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from matloop.core.errors import InputError, did_you_mean

#: Kelvin for a kilocalorie per mole.
KELVIN = 503.21966
#: From the distance of the minimum to σ.
_SIGMA = 2.0 ** (-1 / 6)


class Site(NamedTuple):
    """Lennard-Jones ε/k (kelvin) and σ (Å) of an element; its charge (e), None where the field has none."""

    epsilon: float
    sigma: float
    charge: float | None = None


#: The universal force field, Rappé et al. 1992 (doi:10.1021/ja00051a040), table 1: distance of the minimum in Å and
#: depth in kcal/mol.
_UFF = """H 2.886 .044, Li 2.451 .025, Be 2.745 .085, B 4.083 .18, C 3.851 .105, N 3.66 .069, O 3.5 .06, F 3.364 .05,
Na 2.983 .03, Mg 3.021 .111, Al 4.499 .505, Si 4.295 .402, P 4.147 .305, S 4.035 .274, Cl 3.947 .227, K 3.812 .035,
Ca 3.399 .238, Sc 3.295 .019, Ti 3.175 .017, V 3.144 .016, Cr 3.023 .015, Mn 2.961 .013, Fe 2.912 .013, Co 2.872 .014,
Ni 2.834 .015, Cu 3.495 .005, Zn 2.763 .124, Ga 4.383 .415, Ge 4.28 .379, As 4.23 .309, Se 4.205 .291, Br 4.189 .251,
Rb 4.114 .04, Sr 3.641 .235, Y 3.345 .072, Zr 3.124 .069, Nb 3.165 .059, Mo 3.052 .056, Tc 2.998 .048, Ru 2.963 .056,
Rh 2.929 .053, Pd 2.899 .048, Ag 3.148 .036, Cd 2.848 .228, In 4.463 .599, Sn 4.392 .567, Sb 4.42 .449, Te 4.47 .398,
I 4.5 .339, Cs 4.517 .045, Ba 3.703 .364, La 3.522 .017, Ce 3.556 .013, Pr 3.606 .01, Nd 3.575 .01, Pm 3.547 .009,
Sm 3.52 .008, Eu 3.493 .008, Gd 3.368 .009, Tb 3.451 .007, Dy 3.428 .007, Ho 3.409 .007, Er 3.391 .007, Tm 3.374 .006,
Yb 3.355 .228, Lu 3.64 .041, Hf 3.141 .072, Ta 3.17 .081, W 3.069 .067, Re 2.954 .066, Os 3.12 .037, Ir 2.84 .073,
Pt 2.754 .08, Au 3.293 .039, Hg 2.705 .385, Tl 4.347 .68, Pb 4.297 .663, Bi 4.37 .518, Th 3.396 .026, U 3.395 .022"""

#: DREIDING, Mayo, Olafson and Goddard 1990 (doi:10.1021/j100389a010), table 2; UFF stands in for the other elements.
_DREIDING = """H 3.195 .0152, B 4.02 .095, C 3.8983 .0951, N 3.6621 .0774, O 3.4046 .0957, F 3.472 .0725, Al 4.39 .31,
Si 4.27 .31, P 4.15 .32, S 4.03 .344, Cl 3.9503 .2833, Ga 4.39 .4, Ge 4.27 .4, As 4.15 .41, Se 4.03 .43, Br 3.95 .37,
In 4.59 .55, Sn 4.47 .55, Sb 4.35 .55, Te 4.23 .57, I 4.15 .51"""


def _sites(table: str) -> dict[str, Site]:
    rows = (row.split() for row in table.replace("\n", " ").split(","))
    return {element: Site(float(depth) * KELVIN, float(minimum) * _SIGMA) for element, minimum, depth in rows}


#: `trappe_zeo` is for all-silica zeolites: Bai, Tsapatsis and Siepmann 2013.
FORCE_FIELDS: dict[str, dict[str, Site]] = {
    "uff": _sites(_UFF),
    "dreiding": _sites(_UFF) | _sites(_DREIDING),
    "trappe_zeo": {"Si": Site(22.0, 2.30, 1.5), "O": Site(53.0, 3.30, -0.75)},
}
SOURCES = {
    "uff": ("10.1021/ja00051a040",),
    "dreiding": ("10.1021/j100389a010", "10.1021/ja00051a040"),
    "trappe_zeo": ("10.1021/jp4074224",),
}


def sites_of(force_field: str | Mapping[str, Site], elements: set[str]) -> dict[str, Site]:
    """The sites of these elements. Raises InputError for an unknown field, and elements that it does not have."""
    if isinstance(force_field, str):
        if force_field not in FORCE_FIELDS:
            raise InputError(f"no force field '{force_field}'", did_you_mean(force_field, FORCE_FIELDS))
        table: Mapping[str, Site] = FORCE_FIELDS[force_field]
    else:
        table = {element: Site(*site) for element, site in force_field.items()}
    missing = sorted(elements - set(table))
    if missing:
        raise InputError(f"the force field has no parameters for {', '.join(missing)}", "'uff' has most elements")
    return {element: table[element] for element in elements}
