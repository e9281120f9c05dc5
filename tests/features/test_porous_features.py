"""Pores against geometry that is known by hand, and the counts of Pardakhti et al."""

import subprocess
import sys
import time
from pathlib import Path

import known_crystals
import numpy as np
import pytest
from known_crystals import fcc, lta, mfi, repeated, rotated, sheared, shifted, simple_cubic
from scipy.spatial import cKDTree

from matloop.core.errors import InputError
from matloop.core.structure import Structure
from matloop.features.mof_chemistry import MofChemistry
from matloop.features.pores import Pores

#: Radii of Zeo++ (CCDC) in angstrom.
RADII = {"Si": 2.1, "O": 1.52}


@pytest.fixture
def pores() -> type[Pores]:
    pytest.importorskip("pyzeo")
    return Pores


def told(featurizer, structure: Structure) -> dict[str, float]:
    values, failures = featurizer.features([structure.to_json()])
    assert not failures, failures
    return dict(zip(featurizer.names, values[0], strict=True))


def test_a_simple_cubic_lattice_has_the_pores_of_geometry(pores) -> None:
    """Spheres of radius R on a cubic lattice a: cavity √3 a - 2R, window √2 a - 2R, surface 4π(R+p)², the rest void."""
    a, probe, radius = 8.0, 1.2, RADII["Si"]
    found = told(pores(probe=probe, volume_samples=100_000), simple_cubic("Si", a))
    assert found["largest cavity diameter"] == pytest.approx(np.sqrt(3) * a - 2 * radius, abs=1e-4)
    assert found["pore limiting diameter"] == pytest.approx(np.sqrt(2) * a - 2 * radius, abs=1e-4)
    sphere = 4 * np.pi * (radius + probe) ** 2
    assert found["accessible surface area per volume"] == pytest.approx(1e4 * sphere / a**3, rel=1e-4)
    void = 1 - sphere * (radius + probe) / 3 / a**3
    assert found["accessible void fraction"] == pytest.approx(void, abs=0.01)
    grams_per_cell = 28.0855 * 1.66054e-24
    assert found["accessible surface area"] == pytest.approx(1e-20 * sphere / grams_per_cell, rel=1e-3)
    assert found["accessible volume"] == pytest.approx(1e-24 * a**3 * void / grams_per_cell, rel=0.02)


def test_radii_can_be_given(pores) -> None:
    """Smaller atoms, larger pores, by twice the difference of the radii."""
    plain, small = (told(pores(radii=radii), simple_cubic("Si", 8.0)) for radii in (None, {"Si": 1.1}))
    assert small["largest cavity diameter"] - plain["largest cavity diameter"] == pytest.approx(2.0, abs=1e-4)


def test_the_window_of_lta_is_its_ring_of_eight_oxygen_atoms(pores) -> None:
    """The limiting diameter follows from the coordinates; the cavity is 4 % too large unless accuracy is asked for."""
    structure = lta()
    window = np.array([0.0, 0.5, 0.5]) * 11.919  # the middle of a face of the cell
    distance = _nearest(structure, window)
    fast, fine = (told(pores(accuracy=accuracy), structure) for accuracy in (None, "S10"))
    for found in (fast, fine):
        assert found["pore limiting diameter"] == pytest.approx(2 * distance, abs=2e-3)
    cavity = 2 * _nearest(structure, np.full(3, 0.5) * 11.919)
    assert fine["largest cavity diameter"] == pytest.approx(cavity, rel=0.003)
    assert 1 <= fast["largest cavity diameter"] / cavity < 1.05


def _nearest(structure: Structure, place: np.ndarray) -> float:
    """The distance from a place to the nearest atom's surface, in all copies of the cell around it."""
    images = np.array(np.meshgrid(*[[-1, 0, 1]] * 3)).reshape(3, -1).T @ structure.lattice
    apart = structure.positions[None] + images[:, None] - place
    free = np.linalg.norm(apart, axis=-1) - np.array([RADII[symbol] for symbol in structure.symbols])
    return float(free.min())


def test_mfi_has_channels_of_ten_rings(pores) -> None:
    """Silicalite-1: density 1.80 g/cm³; windows of 4.5 to 5 Å; a probe's void agrees with a count on a grid."""
    structure = mfi()
    found = told(pores(probe=1.2), structure)
    assert 4.4 < found["pore limiting diameter"] < 5.0
    assert 6.1 < found["largest cavity diameter"] < 6.5
    grid = np.stack(np.meshgrid(*[np.arange(0, 1, 1 / 48)] * 3, indexing="ij"), -1).reshape(-1, 3) @ structure.lattice
    images = np.array(np.meshgrid(*[[-1, 0, 1]] * 3)).reshape(3, -1).T @ structure.lattice
    free = np.full(len(grid), np.inf)
    for symbol, radius in RADII.items():
        atoms = structure.positions[np.array(structure.symbols) == symbol]
        tree = cKDTree((atoms[None] + images[:, None]).reshape(-1, 3))
        free = np.minimum(free, tree.query(grid)[0] - radius)
    assert found["accessible void fraction"] == pytest.approx((free > 1.2).mean(), rel=0.05)
    ratio = found["accessible surface area per volume"] / found["accessible surface area"]
    assert ratio == pytest.approx(1.796, abs=0.002)  # g/cm³


def test_pores_belong_to_the_framework(pores) -> None:
    """Turned, moved, in another cell: the same diameters; surfaces and volumes to the accuracy of sampling."""
    known = told(pores(), lta())
    for other in (rotated(sheared(lta()), 3), shifted(lta(), (0.3, 1.7, -0.2)), repeated(lta(), (1, 1, 2))):
        found = told(pores(), other)
        for name, value in known.items():
            assert found[name] == pytest.approx(value, rel=1e-4 if "diameter" in name else 0.05), name


def test_a_value_does_not_depend_on_what_was_measured_before(pores) -> None:
    """The same random numbers for every structure."""
    alone = pores().features([lta()]).values[0]
    behind_others = pores().features([simple_cubic("Si", 8.0), fcc(), lta()]).values[2]
    assert (alone == behind_others).all()


def test_wrong_settings_are_one_mistake(pores) -> None:
    """They are told before any structure is measured."""
    for wrong in ({"accuracy": "best"}, {"probe": 0.0}, {"deadline": -1}):
        with pytest.raises(InputError):
            pores(**wrong).features([fcc()])


def test_zeopp_may_end_its_process(pores) -> None:
    """It does so where it does not know an element; the structures before and after are measured."""
    values, failures = pores().features([simple_cubic("Si", 8.0), simple_cubic("Og", 8.0), fcc()])
    assert list(failures) == [1]
    assert "Og" in failures[1]
    assert np.isfinite(values[[0, 2]]).all()
    assert values[2, 3:].tolist() == [0, 0, 0, 0]  # nothing enters copper
    _, failures = pores(deadline=0.01).features([lta()])
    assert "not done after 0.01 s" in failures[0]


def framework(**atoms: int) -> Structure:
    """Any arrangement of these atoms."""
    symbols = [symbol for symbol, n in atoms.items() for _ in range(n)]
    side = int(np.ceil(len(symbols) ** (1 / 3)))
    places = np.stack(np.unravel_index(np.arange(len(symbols)), (side,) * 3), axis=-1) * 2.0
    return Structure.of(np.eye(3) * 2.0 * side, symbols, places)


def test_mof_5_is_counted_as_in_the_paper() -> None:
    """Zn4O(C8H4O4)3: 19 degrees of unsaturation, 16.7 % metal, 26 oxygen valences for 4 zinc atoms, 13 of 53 atoms."""
    found = told(MofChemistry(counts=True), framework(Zn=4, O=13, C=24, H=12))
    assert found["degree of unsaturation"] == 19
    assert found["degree of unsaturation per carbon"] == pytest.approx(19 / 24)
    assert found["metallic percentage"] == pytest.approx(100 / 6)
    assert found["oxygen-to-metal ratio"] == 6.5
    assert found["electronegative-to-total ratio"] == pytest.approx(13 / 53)
    assert found["weighted electronegativity per atom"] == pytest.approx(13 * 3.44 / 53)
    assert found["nitrogen-to-oxygen ratio"] == 0
    assert [found[f"number of {symbol}"] for symbol in ("H", "C", "Zn", "Zr")] == [12, 24, 4, 0]


def test_nitrogen_and_halogens_count_in_unsaturation() -> None:
    """Pyridine C5H5N has 4 degrees, chlorobenzene C6H5Cl has 4: as in any textbook, also with deuterium."""
    for atoms in ({"C": 5, "H": 5, "N": 1}, {"C": 6, "H": 5, "Cl": 1}, {"C": 6, "D": 5, "H": 1}):
        assert told(MofChemistry(undefined=0), framework(**atoms))["degree of unsaturation"] == 4


def test_a_ratio_to_nothing_is_named() -> None:
    """ZIF-8 has no oxygen: a failure with this reason, or the value that was asked for."""
    zif = framework(Zn=1, C=8, H=10, N=4)
    assert "no oxygen" in MofChemistry().features([zif]).failures[0]
    assert told(MofChemistry(undefined=0), zif)["nitrogen-to-oxygen ratio"] == 0
    assert "no carbon" in MofChemistry().features([mfi()]).failures[0]


def test_ratios_do_not_grow_with_the_cell() -> None:
    """Only the degree of unsaturation of the cell and the counts do."""
    one = framework(Zn=4, O=13, C=24, H=12)
    values = MofChemistry().features([one, repeated(one, (2, 1, 1))]).values
    np.testing.assert_allclose(values[0, 2:], values[1, 2:])
    assert values[1, 0] == 2 * values[0, 0] - 1


@pytest.mark.skipif(sys.platform != "linux", reason="SIGKILL, and the kernel's word on who has died")
def test_zeopp_does_not_outlive_matloop(pores) -> None:
    """After kill -9 of the process that describes, Zeo++ ends in the middle of its work."""
    psutil = pytest.importorskip("psutil")
    script = f"""
import sys
sys.path.insert(0, {str(Path(known_crystals.__file__).parent)!r})
from known_crystals import mfi
from matloop.features.pores import Pores
Pores(volume_samples=10**9).features([mfi()])
"""
    process = subprocess.Popen([sys.executable, "-c", script])
    first, found = psutil.Process(process.pid), []
    deadline = time.monotonic() + 120
    while not any(sum(each.cpu_times()[:2]) > 2 for each in found) and time.monotonic() < deadline:
        time.sleep(0.1)
        found = first.children()
    process.kill()
    process.wait()
    assert len(found) == 1
    assert psutil.wait_procs(found, timeout=10)[1] == []
