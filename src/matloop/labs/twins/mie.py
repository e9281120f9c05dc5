"""Light and a sphere: absorption and scattering by Mie's solution of Maxwell's equations.

Formulas and algorithm: Bohren & Huffman 1983, Absorption and Scattering of Light by Small Particles, ch. 4 and
appendix A (doi:10.1002/9783527618156). Fields go as exp(−iωt): absorbing matter has a positive imaginary part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def efficiencies(size: ArrayLike, index: ArrayLike) -> tuple[Array, Array]:
    """Extinction and scattering cross sections over the geometric one, each of the shape of both together.

    `size` is x = π diameter / wavelength in the medium, above 0; `index` is m, the complex refractive index of the
    sphere relative to the medium. Q_ext = 2/x² Σ (2n + 1) Re(a_n + b_n) and Q_sca = 2/x² Σ (2n + 1)(|a_n|² + |b_n|²),
    eq. 4.61 and 4.62.
    """
    x, m = np.broadcast_arrays(np.asarray(size, float), np.asarray(index, complex))
    if not ((x > 0) & np.isfinite(x)).all():
        raise ValueError("the size parameter of a sphere must be positive")
    extinction, scattering = np.zeros(x.shape), np.zeros(x.shape)
    for n, a, b in _coefficients(x, m):
        extinction += (2 * n + 1) * (a + b).real
        scattering += (2 * n + 1) * (np.abs(a) ** 2 + np.abs(b) ** 2)
    return 2 * extinction / x**2, 2 * scattering / x**2


def n_orders(size: float) -> int:
    """So many orders count: the integer nearest to x + 4 x^(1/3) + 2 (appendix A, after Wiscombe 1980)."""
    return round(size + 4 * size ** (1 / 3) + 2)


def _coefficients(x: Array, m: NDArray[np.complex128]) -> list[tuple[int, NDArray, NDArray]]:
    """(n, a_n, b_n) by eq. 4.88 from logarithmic derivatives D_n(mx), and ψ_n(x) and ξ_n(x) = ψ_n(x) − iχ_n(x).

    ψ_n comes from its own logarithmic derivative, which recurs downwards and is stable also for n > x.
    """
    most = n_orders(float(x.max()))
    inside, outside = _logarithmic_derivatives(m * x, most), _logarithmic_derivatives(x, most)
    psi, chi, chi_before = np.sin(x), np.cos(x), -np.sin(x)
    found = []
    for n in range(1, most + 1):
        psi_before, psi = psi, psi / (outside[n] + n / x)
        chi_before, chi = chi, (2 * n - 1) / x * chi - chi_before
        xi_before, xi = psi_before - 1j * chi_before, psi - 1j * chi
        electric, magnetic = inside[n] / m + n / x, inside[n] * m + n / x
        a = (electric * psi - psi_before) / (electric * xi - xi_before)
        b = (magnetic * psi - psi_before) / (magnetic * xi - xi_before)
        found.append((n, a, b))
    return found


def _logarithmic_derivatives(z: NDArray, most: int) -> dict[int, NDArray]:
    """D_n(z) = ψ_n′(z)/ψ_n(z) for n = 1 … most, downwards by D_(n−1) = n/z − 1/(D_n + n/z) (eq. 4.89)."""
    start = max(most, int(np.abs(z).max())) + 16
    derivative, found = np.zeros_like(z), {}
    for n in range(start, 1, -1):
        derivative = n / z - 1 / (derivative + n / z)
        found[n - 1] = derivative
    return found
