"""The colloid twin obeys electrodynamics: limits, energy balance, additivity, and the bands that colloids have."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import spherical_jn, spherical_yn

from matloop.core.objective import Match
from matloop.core.parameter import Real
from matloop.core.space import Space
from matloop.labs.twin import TwinLab
from matloop.labs.twins.gold_silver_colloid import (
    ABSOLUTE_NOISE,
    GLYCEROL,
    RELATIVE_NOISE,
    WATER,
    WAVELENGTHS,
    absorbance,
    medium_index,
    simulate,
    specific_absorbance,
)
from matloop.labs.twins.metals import GOLD, SILVER
from matloop.labs.twins.mie import efficiencies, n_orders

sizes = st.floats(0.01, 8)
indices = st.complex_numbers(min_magnitude=0.2, max_magnitude=4).map(lambda z: complex(abs(z.real) + 0.1, abs(z.imag)))
SPACE = Space(
    gold_diameter=Real(10, 100, unit="nm"),
    silver_diameter=Real(10, 80, unit="nm"),
    gold=Real(2, 50, unit="mg/L"),
    silver=Real(0.5, 10, unit="mg/L"),
    glycerol=Real(0, 0.8),
)


def spectrum(gold_diameter=40.0, silver_diameter=30.0, gold=20.0, silver=4.0, glycerol=0.0):
    return absorbance(*(np.array([float(v)]) for v in (gold_diameter, silver_diameter, gold, silver, glycerol)))[0]


def by_bessel_functions(x, m):
    """Extinction and scattering by eq. 4.53 of Bohren & Huffman, with SciPy's spherical Bessel functions."""
    extinction = scattering = 0.0
    for n in range(1, n_orders(x) + 1):
        inner, inner_slope = spherical_jn(n, m * x), spherical_jn(n, m * x, True)
        j, j_slope = spherical_jn(n, x), spherical_jn(n, x, True)
        h, h_slope = j + 1j * spherical_yn(n, x), j_slope + 1j * spherical_yn(n, x, True)
        psi, xi, inside = j + x * j_slope, h + x * h_slope, inner + m * x * inner_slope
        a = (m**2 * inner * psi - j * inside) / (m**2 * inner * xi - h * inside)
        b = (inner * psi - j * inside) / (inner * xi - h * inside)
        extinction += 2 / x**2 * (2 * n + 1) * (a + b).real
        scattering += 2 / x**2 * (2 * n + 1) * (abs(a) ** 2 + abs(b) ** 2)
    return extinction, scattering


@given(sizes, indices)
def test_recurrences_agree_with_bessel_functions(x, m):
    """The algorithm and the textbook formula are two ways to the same coefficients."""
    extinction, scattering = efficiencies(x, m)
    expected = by_bessel_functions(x, m)
    assert float(extinction) == pytest.approx(expected[0], rel=1e-7, abs=1e-13)
    assert float(scattering) == pytest.approx(expected[1], rel=1e-7, abs=1e-13)


@given(sizes, st.floats(1.05, 3))
def test_a_sphere_that_absorbs_nothing_scatters_all_that_it_takes(x, m):
    """Energy balance: extinction equals scattering where the index is real."""
    extinction, scattering = efficiencies(x, m)
    assert float(extinction) == pytest.approx(float(scattering), rel=1e-9, abs=1e-14)


@given(sizes, indices)
def test_no_sphere_gives_light_back(x, m):
    """Extinction is at least scattering, and both are positive."""
    extinction, scattering = efficiencies(x, m)
    assert 0 <= scattering <= extinction * (1 + 1e-9) + 1e-14


@given(st.floats(1e-3, 0.02), indices)
def test_small_spheres_are_those_of_rayleigh(x, m):
    """Q_abs = 4x Im((m² − 1)/(m² + 2)) and Q_sca = 8/3 x⁴ |(m² − 1)/(m² + 2)|² (Bohren & Huffman, §5.1)."""
    polarizability = (m**2 - 1) / (m**2 + 2)
    extinction, scattering = efficiencies(x, m)
    if abs(m**2 + 2) > 0.5 and polarizability.imag > 0.05:
        assert float(extinction - scattering) == pytest.approx(4 * x * polarizability.imag, rel=0.02)
        assert float(scattering) == pytest.approx(8 / 3 * x**4 * abs(polarizability) ** 2, rel=0.02)


def test_large_spheres_take_twice_their_shadow():
    """The extinction paradox: Q_ext tends to 2."""
    extinction, _ = efficiencies(300.0, 1.5 + 0.1j)
    assert float(extinction) == pytest.approx(2.0, abs=0.1)


def test_a_sphere_of_the_medium_is_not_seen():
    np.testing.assert_allclose(efficiencies([0.1, 1.0, 5.0], 1.0 + 0j), 0, atol=1e-12)


def test_a_sphere_without_size_is_refused():
    with pytest.raises(ValueError, match="positive"):
        efficiencies(0.0, 1.5)


@given(st.floats(300, 1000), st.sampled_from([GOLD, SILVER]), st.floats(3, 100))
def test_metals_absorb_and_small_particles_of_them_more(wavelength, metal, radius):
    """Im ε > 0 (passive matter), and collisions with the surface add to it."""
    bulk, small = metal.permittivity(wavelength), metal.permittivity(wavelength, radius)
    assert 0 < bulk.imag < small.imag


@pytest.mark.parametrize(("wavelength", "real", "imaginary"), [(500, -2.3, 3.7), (600, -8.4, 1.4), (700, -16.5, 1.1)])
def test_gold_is_roughly_that_of_johnson_and_christy(wavelength, real, imaginary):
    """Read off their tables: within 1 of ε there."""
    epsilon = GOLD.permittivity(wavelength)
    assert epsilon.real == pytest.approx(real, abs=1.0)
    assert epsilon.imag == pytest.approx(imaginary, abs=1.0)


@pytest.mark.parametrize(
    ("metal", "diameter", "low", "high"),
    [(GOLD, 20, 518, 528), (GOLD, 50, 528, 540), (GOLD, 100, 565, 580), (SILVER, 20, 388, 402), (SILVER, 60, 418, 438)],
)
def test_bands_lie_where_colloids_in_water_have_them(metal, diameter, low, high):
    """The colours on the labels of bottles: gold 520 to 575 nm, silver 392 to 430 nm, as diameters grow."""
    above = np.greater(WAVELENGTHS, 450 if metal is GOLD else 0)
    band = specific_absorbance(metal, np.array([float(diameter)]), np.array([WATER]))[0][above]
    assert low <= WAVELENGTHS[above][band.argmax()] <= high


def test_gold_at_400_nm_tells_its_concentration():
    """0.5 mmol/L of gold has an absorbance of about 1.2 there, nearly whatever the size (Hendel et al. 2014,
    doi:10.1021/ac502053s): within 20 % for 15 to 50 nm."""
    at = np.flatnonzero(WAVELENGTHS == 400)[0]
    found = 98.5 * specific_absorbance(GOLD, np.array([15.0, 20.0, 30.0, 50.0]), np.full(4, WATER))[:, at]
    np.testing.assert_allclose(found, 1.2, rtol=0.2)


@given(st.floats(10, 100), st.floats(10, 80), st.floats(0, 50), st.floats(0, 10))
def test_colloids_add_up(gold_diameter, silver_diameter, gold, silver):
    """Lambert and Beer: the spectrum is linear in both concentrations."""
    both = spectrum(gold_diameter, silver_diameter, gold, silver)
    parts = spectrum(gold_diameter, silver_diameter, gold, 0) + spectrum(gold_diameter, silver_diameter, 0, silver)
    np.testing.assert_allclose(both, parts, atol=1e-12)


def test_glycerol_moves_the_bands_to_the_red():
    """A denser medium softens the plasmon; the rule of mixing has its two liquids at the ends."""
    plain, thick = spectrum(silver=0), spectrum(silver=0, glycerol=0.8)
    above = WAVELENGTHS > 450
    assert WAVELENGTHS[above][thick[above].argmax()] > WAVELENGTHS[above][plain[above].argmax()]
    np.testing.assert_allclose(medium_index(np.array([0.0, 1.0])), [WATER, GLYCEROL])


@pytest.mark.parametrize(
    "wrong", [{"gold": -1.0}, {"glycerol": 1.5}, {"gold_diameter": 0.0}, {"silver_diameter": float("nan")}]
)
def test_what_cannot_be_mixed_is_refused(wrong):
    with pytest.raises(ValueError, match=r"concentrations|fraction|diameters"):
        spectrum(**wrong)


def test_the_lab_reports_spectra_with_the_noise_that_the_twin_states():
    """One factor of 1 % for a whole spectrum, and 0.002 at each wavelength; without noise, the equations."""
    point = {"gold_diameter": 40.0, "silver_diameter": 30.0, "gold": 20.0, "silver": 4.0, "glycerol": 0.0}
    wish = Match("absorbance", (WAVELENGTHS, spectrum()))
    lab = TwinLab("gold_silver_colloid")
    lab.prepare(SPACE, [wish], ".", ".")
    outcomes = lab.rehearse([point] * 400, np.random.default_rng(0))
    ratio = np.array([o.curves["absorbance"].y for o in outcomes]) / spectrum()
    factors = np.median(ratio, axis=1)
    assert factors.std() == pytest.approx(RELATIVE_NOISE, rel=0.2)
    white = (ratio / factors[:, None] - 1) * spectrum()
    assert white.std() == pytest.approx(ABSOLUTE_NOISE, rel=0.2)
    quiet = TwinLab("gold_silver_colloid", noise=0)
    quiet.prepare(SPACE, [wish], ".", ".")
    assert quiet.rehearse([point], np.random.default_rng(0))[0].values["absorbance"] == pytest.approx(0, abs=1e-12)


def test_columns_in_spectra_out():
    given_columns = SPACE.columns(SPACE.points(SPACE.from_unit(np.random.default_rng(0).random((120, 5)))))
    told = simulate(given_columns)["absorbance"]
    assert np.shape(told["y"]) == (120, len(told["x"]))
    assert (np.asarray(told["y"]) > 0).all()
