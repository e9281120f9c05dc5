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
    two places that hold it straight, which is the whole strut when nothing touches.
    """

    length: Array
    sine: Array
    cosine: Array
    gap: Array
    fusion: Array
    free: Array


def strut(n: Array, theta: Array, r: Array, height: float, circle: float) -> Strut:
    """Lay out straight struts between two circles of radius `circle`, `height` apart, twisted by `theta` degrees.

    The axes are rulings of a hyperboloid whose waist has radius ρ = R |cos(θ/2)|. Neighbours are skew lines a
    turn 2π/n apart; with s = sin(π/n), inclination α, the triple product of their directions gives
    gap = 2 ρ s cos α / √(1 − s² sin² α), reached u₀ = ρ sin α sin(2π/n) / (1 + cos γ) from the waist, where
    cos γ = 1 − 2 s² sin² α is the cosine of the angle between them.
    """
    half = np.deg2rad(theta) / 2
    chord = 2 * circle * np.sin(half)
    length = np.hypot(height, chord)
    sine, cosine = chord / length, height / length
    waist, s = circle * np.abs(np.cos(half)), np.sin(np.pi / n)
    gap = 2 * waist * s * cosine / np.sqrt(1 - (s * sine) ** 2)
    fusion = np.maximum(1 - (gap / (2 * r)) ** 2, 0.0)
    cross = 1 - 2 * (s * sine) ** 2
    nearest = waist * sine * np.sin(2 * np.pi / n) / (1 + cross)
    hub = nearest + 2 * r * np.sqrt(fusion) / np.sqrt(np.maximum(1 - cross**2, 1e-6))
    return Strut(length, sine, cosine, gap, fusion, _free_length(length, hub, fusion, r))


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
    """A hollow circle: area, second moment of area, plastic section modulus (arrays over designs)."""

    area: Array
    second_moment: Array
    plastic_modulus: Array


def section(r: Array, t: Array) -> Section:
    """Section of a tube of outer radius `r` and wall `t` <= `r` (Gere and Goodno, Mechanics of Materials, appendix)."""
    bore = r - t
    return Section(np.pi * (r**2 - bore**2), np.pi / 4 * (r**4 - bore**4), 4 / 3 * (r**3 - bore**3))


def axial_stiffness(shape: Strut, tube: Section, modulus: float) -> Array:
    """Vertical stiffness k of one strut (N/mm), both ends clamped, platforms kept from turning.

    Castigliano for a clamped inclined bar, whose ends approach by δ cos α along it and δ sin α across it:
    k = E A cos² α / L + Σ 12 E I sin² α / ℓ³, the free lengths ℓ (L/ℓ of them) sharing the sway in series.
    """
    axial = modulus * tube.area * shape.cosine**2 / shape.length
    sway = 12 * modulus * tube.second_moment * shape.sine**2 / (shape.length * shape.free**2)
    return axial + sway


def buckling_reduction(free: Array, tube: Section, modulus: float, strength: float) -> Array:
    """Share of the squash load at which a clamped strut buckles, 0 to 1: Perry–Robertson.

    Euler's stress for clamped ends is 4 π² E I / (A ℓ²); imperfection 0.21 (λ − 0.2), which is curve a of
    EN 1993-1-1:2005, section 6.3.1.2 (hollow sections).
    """
    euler = 4 * np.pi**2 * modulus * tube.second_moment / (tube.area * free**2)
    slenderness = np.sqrt(strength / euler)
    half = 0.5 * (1 + 0.21 * np.maximum(slenderness - 0.2, 0.0) + slenderness**2)
    return 1 / (half + np.sqrt(half**2 - slenderness**2))


def bow_mechanism(rotation: Array, free: Array, ratio: Array) -> tuple[Array, Array]:
    """Plastic folding of a clamped strut about hinges at both ends and the middle.

    rotation: φ of each half, radian, shape (..., m) from 0; free: ℓ, mm; ratio: c = M_p / N_p, mm.
    Returns the axial force as a share p of N_p, and the shortening (mm), both (..., m).

    A thin tube carries M = M_p cos(π p / 2) together with N = p N_p (stress blocks of a ring; Chen and Atsuta,
    Theory of Beam-Columns, vol. 1, 1976). Equilibrium of one half bowed by w = (ℓ/2) sin φ is N w = 2 M, solved by
    Newton from above and kept within 0 to 1. The hinges turn
    φ, 2 φ, φ and, by the normality rule, shorten by (π/2) c sin(π p / 2) per radian, so that
    dΔ = [ℓ sin φ + 2 π c sin(π p / 2)] dφ and the work N dΔ is exactly what the hinges dissipate.
    """
    slope = free * np.sin(rotation) / (4 * ratio)
    share = np.ones_like(slope)
    for _ in range(6):
        residual = share * slope - np.cos(np.pi / 2 * share)
        share = np.clip(share - residual / (slope + np.pi / 2 * np.sin(np.pi / 2 * share)), 0.0, 1.0)
    rate = free * np.sin(rotation) + 2 * np.pi * ratio * np.sin(np.pi / 2 * share)
    return share, running_integral(rate, rotation)


def running_integral(values: Array, along: Array) -> Array:
    """Trapezoidal integral of `values` from the first entry of the last axis; same shape, first entry 0."""
    steps = (values[..., 1:] + values[..., :-1]) / 2 * np.diff(along)
    return np.concatenate([np.zeros((*steps.shape[:-1], 1)), np.cumsum(steps, axis=-1)], axis=-1)
