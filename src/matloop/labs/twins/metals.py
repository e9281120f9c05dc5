"""Dielectric functions of gold and silver between 300 and 1000 nm, of bulk metal and of small particles.

    ε(λ) = ε∞ (1 − 1 / (λ_p² (1/λ² + i/(μ_p λ))))
         + Σ_i A_i/λ_i (e^(iφ_i) / (1/λ_i − 1/λ − i/μ_i) + e^(−iφ_i) / (1/λ_i + 1/λ + i/μ_i))

A Drude metal with critical points for transitions between bands: Etchegoin, Le Ru & Meyer 2006,
doi:10.1063/1.2360270, fitted to Johnson & Christy 1972, doi:10.1103/PhysRevB.6.4370. The constants are the later ones
in Le Ru & Etchegoin 2009, Principles of Surface-Enhanced Raman Spectroscopy (doi:10.1016/B978-0-444-52779-0.X0001-3),
app. E (eq. E.1 and E.2), as its authors' programs (SPlaC 1.0, 2008) have them; the same numbers stand in the R package
`planar` (B. Auguié). Neither gives the constants an uncertainty. Their silver has no critical point: its transitions
between bands lie below 320 nm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

LIGHT = 299_792_458.0  # m/s, exact


@dataclass(frozen=True)
class CriticalPoint:
    """One transition between bands: strength, phase (radian), wavelength and width (nm)."""

    strength: float
    phase: float
    wavelength: float
    width: float


@dataclass(frozen=True)
class Metal:
    """Constants of one metal: wavelengths in nm, density in g/cm³, Fermi velocity in m/s."""

    high_frequency: float
    plasma_wavelength: float
    damping_wavelength: float
    critical_points: tuple[CriticalPoint, ...]
    density: float
    fermi_velocity: float

    def permittivity(self, wavelength: ArrayLike, radius: ArrayLike = np.inf) -> NDArray[np.complex128]:
        """ε (broadcast) at wavelengths in nm; in a sphere of this radius (nm) electrons also collide with its surface.

        That adds v_F / radius to the rate of collisions: Kreibig & Vollmer 1995, Optical Properties of Metal Clusters
        (doi:10.1007/978-3-662-09109-8), §2.1. Their constant A = 1 is an assumption: theories and measurements give
        0.2 to 2, by the surface and what is bound to it. A rate γ stands here as 2πc/γ, in nm.
        """
        k = 1 / np.asarray(wavelength, float)
        surface = self.fermi_velocity / (2 * np.pi * LIGHT * np.asarray(radius, float))
        rate = 1 / self.damping_wavelength + surface
        epsilon = self.high_frequency * (1 - 1 / (self.plasma_wavelength**2 * (k**2 + 1j * rate * k)))
        for point in self.critical_points:
            turn, k0, width = np.exp(1j * point.phase), 1 / point.wavelength, 1 / point.width
            poles = turn / (k0 - k - 1j * width) + np.conj(turn) / (k0 + k + 1j * width)
            epsilon = epsilon + point.strength * k0 * poles
        return np.asarray(epsilon)


# Optical constants: see above. Fermi velocities, of free electrons: Ashcroft & Mermin 1976, Solid State Physics, table
# 2.1. Densities of the bulk: CRC Handbook of Chemistry and Physics, at 25 °C; that particles have them is assumed.
GOLD = Metal(
    high_frequency=1.54,
    plasma_wavelength=177.5,
    damping_wavelength=14_500.0,
    critical_points=(
        CriticalPoint(1.27, -np.pi / 4, 470.0, 1_900.0),
        CriticalPoint(1.10, -np.pi / 4, 325.0, 1_060.0),
    ),
    density=19.3,
    fermi_velocity=1.40e6,
)
SILVER = Metal(
    high_frequency=4.0,
    plasma_wavelength=282.0,
    damping_wavelength=17_000.0,
    critical_points=(),
    density=10.5,
    fermi_velocity=1.39e6,
)
