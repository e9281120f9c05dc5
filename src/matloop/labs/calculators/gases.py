"""Gases as rigid molecules of the force field TraPPE, with what an equation of state needs to know of them."""

from __future__ import annotations

from typing import NamedTuple


class Bead(NamedTuple):
    """A site of a molecule: Lennard-Jones ε/k (kelvin) and σ (Å), charge (e), mass (g/mol), place on the axis (Å)."""

    name: str
    epsilon: float
    sigma: float
    charge: float
    mass: float
    place: float = 0.0


class Gas(NamedTuple):
    """A linear rigid molecule; critical temperature (K), critical pressure (Pa) and acentric factor; DOIs."""

    beads: tuple[Bead, ...]
    critical_temperature: float
    critical_pressure: float
    acentric_factor: float
    sources: tuple[str, ...]

    @property
    def mass(self) -> float:
        """In g/mol."""
        return sum(bead.mass for bead in self.beads)

    @property
    def is_charged(self) -> bool:
        """Whether its beads carry charges, so that it feels those of a framework."""
        return any(bead.charge for bead in self.beads)


_CARBON, _OXYGEN = ("C_CO2", 27.0, 2.80, 0.70, 12.0107), ("O_CO2", 79.0, 3.05, -0.35, 15.9994)
_NITROGEN, _CENTRE = ("N_N2", 36.0, 3.31, -0.482, 14.0067), ("M_N2", 0.0, 1.0, 0.964, 0.0)
_POTOFF = "10.1002/aic.690470719"

#: CH4 united atom after Martin and Siepmann 1998; CO2 and N2 after Potoff and Siepmann 2001. The critical constants are
#: those of Setzmann and Wagner 1991, Span and Wagner 1996, Span et al. 2000.
GASES = {
    "CH4": Gas(
        (Bead("CH4", 148.0, 3.73, 0.0, 16.0425),),
        *(190.564, 4.5992e6, 0.01142),
        ("10.1021/jp972543+", "10.1063/1.555898"),
    ),
    "CO2": Gas(
        (Bead(*_OXYGEN, place=-1.16), Bead(*_CARBON), Bead(*_OXYGEN, place=1.16)),
        *(304.1282, 7.3773e6, 0.22394),
        (_POTOFF, "10.1063/1.555991"),
    ),
    "N2": Gas(
        (Bead(*_NITROGEN, place=-0.55), Bead(*_CENTRE), Bead(*_NITROGEN, place=0.55)),
        *(126.192, 3.3958e6, 0.0372),
        (_POTOFF, "10.1063/1.1349047"),
    ),
}
