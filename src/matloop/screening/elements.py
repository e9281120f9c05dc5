"""What a chemistry stage knows of the elements: oxidation states, electronegativities, lists of what to avoid."""

from __future__ import annotations

from functools import lru_cache

from matloop.core.composition import SYMBOLS

#: Oxidation states that are common in inorganic solids, after Greenwood & Earnshaw, Chemistry of the Elements, 2nd ed.
#: 1997 (doi:10.1016/C2009-0-30414-6). Those of peroxides, disulfides, suboxides and intermetallic phases are left out:
#: with them nearly every formula would balance. A screen may give its own.
_STATES = """
H -1 1|Li 1|Be 2|B 3|C -4 4|N -3 3 5|O -2|F -1|Na 1|Mg 2|Al 3|Si -4 4|P -3 3 5|S -2 4 6|Cl -1 1 3 5 7|K 1|Ca 2|Sc 3|
Ti 2 3 4|V 2 3 4 5|Cr 2 3 4 6|Mn 2 3 4 6 7|Fe 2 3|Co 2 3|Ni 2 3|Cu 1 2|Zn 2|Ga 3|Ge -4 2 4|As -3 3 5|Se -2 4 6|
Br -1 1 3 5|Kr 2|Rb 1|Sr 2|Y 3|Zr 4|Nb 3 4 5|Mo 3 4 5 6|Tc 4 7|Ru 3 4|Rh 3 4|Pd 2 4|Ag 1|Cd 2|In 1 3|Sn -4 2 4|
Sb -3 3 5|Te -2 4 6|I -1 1 3 5 7|Xe 2 4 6|Cs 1|Ba 2|La 3|Ce 3 4|Pr 3 4|Nd 3|Pm 3|Sm 2 3|Eu 2 3|Gd 3|Tb 3 4|Dy 3|Ho 3|
Er 3|Tm 3|Yb 2 3|Lu 3|Hf 4|Ta 4 5|W 4 5 6|Re 4 6 7|Os 4 8|Ir 3 4|Pt 2 4|Au 1 3|Hg 1 2|Tl 1 3|Pb 2 4|Bi 3 5|Po -2 2 4|
At -1 1|Fr 1|Ra 2|Ac 3|Th 4|Pa 4 5|U 3 4 5 6|Np 3 4 5 6|Pu 3 4 5 6|Am 3|Cm 3|Bk 3 4|Cf 3|Es 3|Fm 3|Md 2 3|No 2|Lr 3
"""

#: Electronegativities on Pauling's scale: Allred 1961 (doi:10.1016/0022-1902(61)80142-5), and the CRC Handbook of
#: Chemistry and Physics for elements that he leaves out. Helium, neon and argon have none.
_ELECTRONEGATIVITIES = """
H 2.20|Li 0.98|Be 1.57|B 2.04|C 2.55|N 3.04|O 3.44|F 3.98|Na 0.93|Mg 1.31|Al 1.61|Si 1.90|P 2.19|S 2.58|Cl 3.16|K 0.82|
Ca 1.00|Sc 1.36|Ti 1.54|V 1.63|Cr 1.66|Mn 1.55|Fe 1.83|Co 1.88|Ni 1.91|Cu 1.90|Zn 1.65|Ga 1.81|Ge 2.01|As 2.18|Se 2.55|
Br 2.96|Kr 3.00|Rb 0.82|Sr 0.95|Y 1.22|Zr 1.33|Nb 1.6|Mo 2.16|Tc 1.9|Ru 2.2|Rh 2.28|Pd 2.20|Ag 1.93|Cd 1.69|In 1.78|
Sn 1.96|Sb 2.05|Te 2.1|I 2.66|Xe 2.6|Cs 0.79|Ba 0.89|La 1.10|Ce 1.12|Pr 1.13|Nd 1.14|Pm 1.13|Sm 1.17|Eu 1.2|Gd 1.20|
Tb 1.1|Dy 1.22|Ho 1.23|Er 1.24|Tm 1.25|Yb 1.1|Lu 1.27|Hf 1.3|Ta 1.5|W 2.36|Re 1.9|Os 2.2|Ir 2.20|Pt 2.28|Au 2.54|
Hg 2.00|Tl 1.62|Pb 2.33|Bi 2.02|Po 2.0|At 2.2|Rn 2.2|Fr 0.7|Ra 0.9|Ac 1.1|Th 1.3|Pa 1.5|U 1.38|Np 1.36|Pu 1.28|Am 1.3|
Cm 1.3|Bk 1.3|Cf 1.3|Es 1.3|Fm 1.3|Md 1.3|No 1.3|Lr 1.3
"""

#: Lists of elements that a screen may leave out by name.
LISTS: dict[str, frozenset[str]] = {
    # Lead, mercury and cadmium: directive 2011/65/EU (RoHS). Arsenic, beryllium and cadmium: group 1 of the IARC
    # monographs 100C (2012). Thallium: the WHO's Environmental Health Criteria 182 (1996).
    "toxic": frozenset("As Be Cd Hg Pb Tl".split()),
    # Without a stable nuclide in NUBASE2020 (doi:10.1088/1674-1137/abddae); bismuth, with a half-life of 2e19 years,
    # counts as stable.
    "radioactive": frozenset({"Tc", "Pm", *SYMBOLS[83:]}),
    # Below 0.02 mg/kg in the Earth's crust: CRC Handbook of Chemistry and Physics, "Abundance of elements in the
    # Earth's crust and in the sea".
    "scarce": frozenset("Ru Rh Pd Te Re Os Ir Pt Au Bi".split()),
    # IUPAC, Nomenclature of Inorganic Chemistry 2005 (the Red Book), IR-3.5.
    "rare_earths": frozenset({"Sc", "Y", *SYMBOLS[56:71]}),
    "noble_gases": frozenset("He Ne Ar Kr Xe Rn Og".split()),
}

#: Neither metals nor counted as such in an alloy: the nonmetals and metalloids.
NONMETALS = frozenset("H He B C N O F Ne Si P S Cl Ar Ge As Se Br Kr Sb Te I Xe At Rn".split())


@lru_cache(maxsize=1)
def oxidation_states() -> dict[str, tuple[int, ...]]:
    """The common oxidation states of each element that has some."""
    return {symbol: tuple(map(int, states)) for symbol, *states in _entries(_STATES)}


@lru_cache(maxsize=1)
def electronegativities() -> dict[str, float]:
    """The electronegativity of each element that has one, on Pauling's scale."""
    return {symbol: float(value) for symbol, value in _entries(_ELECTRONEGATIVITIES)}


def _entries(text: str) -> list[list[str]]:
    return [entry.split() for entry in text.replace("\n", "").split("|")]
