"""Absorbance spectrum of a colloid of gold and silver spheres in water with glycerol, from Mie theory.

Light that crosses 1 cm of a dilute colloid loses ln 10 · A = Σ N C_ext · 1 cm, where N is the number of particles in a
volume and C_ext the extinction cross section of one, absorption and scattering together (`mie.py`), with the metals'
own dielectric functions (`metals.py`). The spheres of either metal have diameters spread log-normally by 10 %. Each
metal brings its plasmon band, near 400 nm for silver and 520 nm for gold; both move to the red and broaden with the
diameter and with the refractive index of the medium. What is not in it: coupling between particles, shells, facets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matloop.labs.twins.metals import GOLD, SILVER, Metal
from matloop.labs.twins.mie import efficiencies

Array = NDArray[np.float64]

RELATIVE_NOISE = 0.01
"""Error of dispensing: one factor for a whole spectrum, drawn anew for each trial. An assumption: of the size of what
ISO 8655-2:2022 allows an adjustable pipette of 1000 µL (0.8 % systematic, 0.3 % random at full volume; at half of it
1.6 % and 0.6 %), two or three of which fill a sample."""

ABSOLUTE_NOISE = 0.002
"""White noise of absorbance at each wavelength: an assumption without a source, a round figure for a benchtop
spectrometer with a fibre. It does not grow with absorbance, as it would where little light comes through."""

#: What the spectrometer covers, nm, and the usual cuvette, cm: a choice.
WAVELENGTHS, PATH = np.arange(350.0, 801.0, 5.0), 1.0
#: The standard deviation of the logarithm of diameters: an assumption, of the kind of what good syntheses reach.
SPREAD = 0.1

#: Refractive indices at 589 nm and 20 °C, CRC Handbook of Chemistry and Physics. That they hold at every wavelength is
#: an assumption: water's is 0.010 higher at 400 nm and 0.005 lower at 800 nm (IAPWS R9-97).
WATER, GLYCEROL = 1.333, 1.474

#: Gauss-Hermite nodes and weights of a standard normal: five give the average over diameters to 1e-5.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
#: Points at a time, so that memory stays small.
_AT_ONCE = 100


def simulate(columns: Mapping[str, ArrayLike]) -> dict[str, Any]:
    """The twin's entry point: columns of shape (n,) in; absorbance as x (91,) in nm and y (n, 91), noise-free, out.

    gold_diameter and silver_diameter: medians, nm; gold and silver: mg of metal in a litre; glycerol: volume fraction.
    """
    names = ("gold_diameter", "silver_diameter", "gold", "silver", "glycerol")
    given = [np.atleast_1d(np.asarray(columns[name], float)) for name in names]
    return {"absorbance": {"x": WAVELENGTHS, "y": absorbance(*given)}}


def absorbance(gold_diameter: Array, silver_diameter: Array, gold: Array, silver: Array, glycerol: Array) -> Array:
    """Spectra (n, 91) of n colloids; all arguments (n,). Raises ValueError for what cannot be mixed."""
    medium = medium_index(glycerol)
    if (np.minimum(gold, silver) < 0).any():
        raise ValueError("concentrations cannot be negative")
    spectra = gold[:, None] * specific_absorbance(GOLD, gold_diameter, medium)
    return spectra + silver[:, None] * specific_absorbance(SILVER, silver_diameter, medium)


def specific_absorbance(metal: Metal, diameter: Array, medium: Array) -> Array:
    """Absorbance of 1 mg/L in 1 cm, (n, 91), of spheres of median diameters (n,) in media of these indices (n,)."""
    if not ((diameter >= 1) & (diameter <= 500)).all():
        raise ValueError("diameters must be 1 to 500 nm")
    parts = range(0, len(diameter), _AT_ONCE)
    return np.concatenate([_specific(metal, diameter[i : i + _AT_ONCE], medium[i : i + _AT_ONCE]) for i in parts])


def medium_index(glycerol: ArrayLike) -> Array:
    """Refractive index of water with this volume fraction of glycerol, by the rule of Lorentz and Lorenz."""
    share = np.asarray(glycerol, float)
    if not ((share >= 0) & (share <= 1)).all():
        raise ValueError("glycerol is a volume fraction, 0 to 1")
    polarizability = (1 - share) * _lorentz(WATER) + share * _lorentz(GLYCEROL)
    return np.asarray(np.sqrt((1 + 2 * polarizability) / (1 - polarizability)))


def _lorentz(index: float) -> float:
    return (index**2 - 1) / (index**2 + 2)


def _specific(metal: Metal, diameter: Array, medium: Array) -> Array:
    """Mean cross section over mean volume, so that a milligram stays a milligram however the diameters spread."""
    diameters = diameter[:, None, None] * np.exp(SPREAD * _NODES)
    wavelength = WAVELENGTHS[:, None]
    index = np.sqrt(metal.permittivity(wavelength, diameters / 2)) / medium[:, None, None]
    extinction, _ = efficiencies(np.pi * diameters * medium[:, None, None] / wavelength, index)
    section = (extinction * np.pi / 4 * diameters**2) @ _WEIGHTS
    volume = (np.pi / 6 * diameters**3) @ _WEIGHTS
    # section/volume in 1/nm = 1e7/cm; 1 mg/L = 1e-6 g/cm³
    return 1e7 * 1e-6 * PATH / (metal.density * np.log(10)) * section / volume
