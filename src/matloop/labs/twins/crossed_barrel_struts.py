"""Mechanics of one strut of a crossed barrel: its geometry, its section and how it folds.

Every formula is either elementary geometry, a textbook result named beside it, or derived in the docstring.
All functions are elementwise over NumPy arrays; lengths are in mm, stresses in MPa, hence forces in N.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Strut:
    """Where the struts run and how far they are fused to their neighbours (arrays over designs).

    length: axis length; sine, cosine: of the inclination from the vertical; gap: least distance between the axes
    of neighbours; fusion: 0 where neighbours do not touch, 1 where their axes meet; free: length of strut between
    two places that hold it straight, which is the whole strut when nothing touches; merged: share of the section
    that lies inside a neighbour where they are closest; shared: share of the volume that is counted twice.
    """

    length: Array
    sine: Array
    cosine: Array
    gap: Array
    fusion: Array
    free: Array
    merged: Array
    shared: Array


def strut(n: Array, theta: Array, r: Array, height: float, circle: float) -> Strut:
    """Lay out straight struts between two circles of radius `circle`, `height` apart, twisted by `theta` degrees.

    The axes are rulings of a hyperboloid whose waist has radius ρ = R |cos(θ/2)|. Neighbours are skew lines a
    turn 2π/n apart; with s = sin(π/n), inclination α, the triple product of their directions gives
    gap = 2 ρ s cos α / √(1 − s² sin² α), reached u₀ = ρ sin α sin(2π/n) / (1 + cos γ) from the waist, where
    cos γ = 1 − 2 s² sin² α is the cosine of the angle between them. Two equal circles x diameters apart share
    (2/π)(acos x − x √(1 − x²)) of their area; its mean along a hub is close to 4 fusion² / (3 π).
    """
    half = np.deg2rad(theta) / 2
    chord = 2 * circle * np.sin(half)
    length = np.hypot(height, chord)
    sine, cosine = chord / length, height / length
    waist, s = circle * np.abs(np.cos(half)), np.sin(np.pi / n)
    gap = 2 * waist * s * cosine / np.sqrt(1 - (s * sine) ** 2)
    apart = np.minimum(gap / (2 * r), 1.0)
    fusion = 1 - apart**2
    cross = 1 - 2 * (s * sine) ** 2
    nearest = waist * sine * np.sin(2 * np.pi / n) / (1 + cross)
    hub = nearest + 2 * r * np.sqrt(fusion) / np.sqrt(np.maximum(1 - cross**2, 1e-6))
    merged = 2 / np.pi * (np.arccos(apart) - apart * np.sqrt(fusion))
    shared = 4 / (3 * np.pi) * fusion**2 * np.minimum(2 * hub / length, 1.0)
    return Strut(length, sine, cosine, gap, fusion, _free_length(length, hub, fusion, r), merged, shared)


def _free_length(length: Array, hub: Array, fusion: Array, r: Array) -> Array:
    """Length that can bow: the whole strut, or what a fused hub of half-length `hub` leaves of each half.

    The printed neck between two overlapping cylinders is 2 r √fusion wide; its bracing is taken in proportion to
    that width squared, so that it grows from nothing at first touch. One diameter always stays free: a hinge
    needs it.
    """
    braced = length / 2 - np.minimum(hub, np.maximum(length / 2 - 2 * r, 0.0))
    return length * (1 - fusion) + braced * fusion


@dataclass(frozen=True)
class Section:
    """A hollow circle: outer radius, wall, area, second moment of area, plastic modulus (arrays over designs)."""

    radius: Array
    wall: Array
    area: Array
    second_moment: Array
    plastic_modulus: Array


def section(r: Array, t: Array) -> Section:
    """Section of a tube of outer radius `r` and wall `t` <= `r` (Gere and Goodno, Mechanics of Materials, appendix)."""
    bore = r - t
    return Section(r, t, np.pi * (r**2 - bore**2), np.pi / 4 * (r**4 - bore**4), 4 / 3 * (r**3 - bore**3))


def shear_flexibility(free: Array, tube: Section) -> Array:
    """Φ of a Timoshenko beam, shear over bending deflection of a clamped length ℓ: 12 (4 + 3 ν) I / (A ℓ²).

    The shear coefficient 2 (1 + ν) / (4 + 3 ν) is that of a thin tube, Cowper 1966, doi:10.1115/1.3625046. Poisson's
    ratio ν = 0.35 is an assumption, a usual value for PLA.
    """
    return 12 * (4 + 3 * 0.35) * tube.second_moment / (tube.area * free**2)


def axial_stiffness(shape: Strut, tube: Section, modulus: float) -> Array:
    """Vertical stiffness k of one strut (N/mm), both ends clamped, platforms kept from turning.

    Castigliano for a clamped inclined bar, whose ends approach by δ cos α along it and δ sin α across it:
    k = E A cos² α / L + Σ 12 E I sin² α / ((1 + Φ) ℓ³), the free lengths ℓ (L/ℓ of them) sharing the sway in series.
    """
    axial = modulus * tube.area * shape.cosine**2 / shape.length
    sway = 12 * modulus * tube.second_moment * shape.sine**2 / (shape.length * shape.free**2)
    return axial + sway / (1 + shear_flexibility(shape.free, tube))


def sway_eccentricity(shape: Strut, tube: Section) -> Array:
    """End moment over axial force (mm) of an inclined clamped strut whose ends approach vertically.

    The ends move sin α across for cos α along, so that M = 6 E I δ sin α / ((1 + Φ) ℓ²) comes with N = E A δ cos α / ℓ.
    """
    bending = 6 * tube.second_moment / (tube.area * shape.free)
    return bending * shape.sine / shape.cosine / (1 + shear_flexibility(shape.free, tube))


def euler_stress(free: Array, tube: Section, modulus: float) -> Array:
    """Stress at which a clamped strut of length `free` buckles, 4 π² E I / (A ℓ²)."""
    return 4 * np.pi**2 * modulus * tube.second_moment / (tube.area * free**2)


def yield_reduction(shape: Strut, tube: Section, modulus: float, strength: float) -> Array:
    """Share of the squash load, 0 to 1, at which the most compressed fibre of a clamped strut yields.

    Perry–Robertson: σ + η σ / (1 − σ/σ_E) = strength, where the bending stress per axial stress η is not that of an
    accidental crookedness but of the sway moment, e A r / I. Straight struts squash, or buckle at Euler's stress.
    """
    bending = sway_eccentricity(shape, tube) * tube.area * tube.radius / tube.second_moment
    squared = strength / euler_stress(shape.free, tube, modulus)
    half = (1 + bending + squared) / 2
    return 1 / (half + np.sqrt(((1 + bending - squared) / 2) ** 2 + bending * squared))


def concertina_reduction(tube: Section) -> Array:
    """Share of the squash load, 0 to 1, under which a thin tube crushes fold by fold: 6 σ t √(D t) over π D t σ.

    Alexander 1960, doi:10.1093/qjmam/13.1.10; D is the mean diameter.
    """
    return np.minimum(6 / np.pi * np.sqrt(tube.wall / (2 * tube.radius - tube.wall)), 1.0)


def bow_mechanism(
    rotation: Array, free: Array, ratio: Array, hardening: Array | float = 0.0, eccentricity: Array | float = 0.0
) -> tuple[Array, Array]:
    """Plastic folding of a clamped strut about hinges at both ends and the middle.

    rotation: φ of each half, radian, shape (..., m) from 0; free: ℓ, mm; ratio: c = M_p / N_p, mm; hardening: q, the
    buckling load by the modulus after yield over N_p (Engesser and Shanley: Bažant and Cedolin, Stability of
    Structures, 1991, chapter 8); eccentricity: e, mm, of the axial force.
    Returns the axial force as a share p of N_p, and the shortening (mm), both (..., m).

    A thin tube carries M = M_p cos(π p / 2) together with N = p N_p (stress blocks of a ring; Chen and Atsuta,
    Theory of Beam-Columns, vol. 1, 1976). Equilibrium of one half bowed by w = (ℓ/2) sin φ is
    (N − q N_p) w + 2 N e = 2 M, because hardening hinges resist w as an elastic strut does; it is solved by Newton
    from above and kept within 0 to 1. A strut with q >= 1 is squashed without bowing. The hinges turn
    φ, 2 φ, φ and, by the normality rule, shorten by (π/2) c sin(π p / 2) per radian, so that
    dΔ = [ℓ sin φ + 2 π c sin(π p / 2)] dφ and, where q = e = 0, the work N dΔ is exactly what the hinges dissipate.
    """
    slope = free * np.sin(rotation) / (4 * ratio)
    held, lever = np.minimum(hardening, 1.0) * slope, slope + eccentricity / ratio
    share = np.ones_like(lever)
    for _ in range(6):
        residual = share * lever - held - np.cos(np.pi / 2 * share)
        share = np.clip(share - residual / (lever + np.pi / 2 * np.sin(np.pi / 2 * share)), 0.0, 1.0)
    rate = free * np.sin(rotation) + 2 * np.pi * ratio * np.sin(np.pi / 2 * share)
    return share, running_integral(rate, rotation)


def running_integral(values: Array, along: Array) -> Array:
    """Trapezoidal integral of `values` from the first entry of the last axis; same shape, first entry 0."""
    steps = (values[..., 1:] + values[..., :-1]) / 2 * np.diff(along)
    return np.concatenate([np.zeros((*steps.shape[:-1], 1)), np.cumsum(steps, axis=-1)], axis=-1)
