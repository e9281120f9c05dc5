"""Features of a crystal belong to the crystal, not to how somebody wrote it down."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_crystals import (
    disturbed,
    fcc,
    reordered,
    repeated,
    rocksalt,
    rotated,
    scaled,
    sheared,
    shifted,
    simple_cubic,
)

from matloop.core.structure import Structure
from matloop.features.geometry import Geometry
from matloop.features.local_differences import LocalDifferences
from matloop.features.tessellation import tessellate
from matloop.features.voronoi import Voronoi, ordering

FEATURIZERS = [Geometry(), Voronoi(), LocalDifferences()]
each = pytest.mark.parametrize("featurizer", FEATURIZERS, ids=lambda featurizer: featurizer.name)


def of(featurizer, structure: Structure) -> np.ndarray:
    values, failures = featurizer.features([structure.to_json()])
    assert not failures, failures
    return values[0]


@each
@settings(max_examples=12)
@given(disturbed(), st.integers(0, 1000), st.tuples(*[st.floats(-2, 2)] * 3))
def test_how_it_is_written_changes_nothing(featurizer, structure: Structure, seed: int, by) -> None:
    """Turning, moving, renumbering, repeating and choosing another cell leave every feature as it was."""
    known = of(featurizer, structure)
    for other in (
        rotated(structure, seed),
        shifted(structure, by),
        reordered(structure, seed),
        sheared(structure),
        repeated(structure, (2, 1, 3)),
    ):
        np.testing.assert_allclose(of(featurizer, other), known, rtol=1e-7, atol=1e-9)


@each
def test_atoms_outside_the_cell_are_wrapped(featurizer) -> None:
    """Fractional coordinates of 1.2 and -0.3 mean what 0.2 and 0.7 mean."""
    lattice = np.diag([4.0, 5.0, 6.0])
    inside = Structure.of(lattice, ["Na", "Cl"], np.array([[0.2, 0.1, 0.4], [0.7, 0.6, 0.9]]) @ lattice)
    outside = Structure.of(lattice, ["Na", "Cl"], np.array([[1.2, 0.1, 0.4], [-0.3, 1.6, -2.1]]) @ lattice)
    np.testing.assert_allclose(of(featurizer, outside), of(featurizer, inside), rtol=1e-9, atol=1e-12)


@each
@settings(max_examples=8)
@given(disturbed(), st.floats(0.8, 1.6))
def test_scaling_acts_by_the_unit(featurizer, structure: Structure, factor: float) -> None:
    """A larger copy: lengths grow with the factor, volumes with its cube, densities fall, pure numbers stay."""
    powers = {"g/cm^3": -3, "angstrom^3": 3, "angstrom": 1}
    exponent = np.array([float(powers.get(unit, 0)) for unit in featurizer.units])
    for i, name in enumerate(featurizer.names):  # covalent radii do not scale along
        exponent[i] += {True: 1, False: 0}["relative nearest" in name] - 3 * (name == "packing fraction")
    expected = of(featurizer, structure) * factor**exponent
    np.testing.assert_allclose(of(featurizer, scaled(structure, factor)), expected, rtol=1e-7, atol=1e-9)


@each
@settings(max_examples=8)
@given(disturbed(), st.integers(0, 1000))
def test_features_are_continuous(featurizer, structure: Structure, seed: int) -> None:
    """Atoms moved by a millionth of an angstrom change no feature by more than some millionths of its size."""
    moved = structure.positions + np.random.default_rng(seed).uniform(-1e-6, 1e-6, structure.positions.shape)
    other = Structure(structure.lattice, moved, structure.occupancy, structure.periodic)
    np.testing.assert_allclose(of(featurizer, other), of(featurizer, structure), rtol=3e-4, atol=3e-4)


def test_symmetric_crystals_are_as_in_the_textbook() -> None:
    """Coordination 12, 6 and 6, packing 0.7405, 0.5236 and 0.5236 of fcc, simple cubic and rock salt."""
    values = Voronoi().features([fcc().to_json(), simple_cubic().to_json(), rocksalt().to_json()]).values
    told = dict(zip(Voronoi().names, values.T, strict=True))
    np.testing.assert_allclose(told["mean effective coordination number"], [12, 6, 6])
    np.testing.assert_allclose(
        told["maximum packing efficiency"], [np.pi * np.sqrt(2) / 6, np.pi / 6, np.pi / 6], rtol=1e-9
    )
    np.testing.assert_allclose(told["avg_dev relative cell volume"], 0, atol=1e-12)
    np.testing.assert_allclose(told["range bond length variation"], 0, atol=1e-12)
    np.testing.assert_allclose(told["ordering in shell 1"], [0, 0, 1])


def test_ordering_counts_walks_that_never_turn_back() -> None:
    """All three shells agree with walks that are followed one by one, in a cell without symmetry."""
    lattice = np.array([[4.0, 0, 0], [0.5, 5.0, 0], [-0.4, 0.3, 4.5]])
    symbols = ("Na", "Cl", "O")
    structure = Structure.of(lattice, symbols, np.array([[0, 0, 0], [0.4, 0.5, 0.1], [0.1, 0.3, 0.6]]) @ lattice)
    found = tessellate(structure.wrapped())
    steps: dict[int, list[tuple[int, tuple[int, ...], float]]] = {0: [], 1: [], 2: []}
    for site, neighbour, image, area in zip(found.site, found.neighbour, found.image, found.area, strict=True):
        steps[int(site)].append((int(neighbour), tuple(image.tolist()), float(area)))

    def ends(visited: list[tuple[int, tuple[int, ...]]], weight: float, left: int) -> None:
        if not left:
            shares[visited[0][0], visited[-1][0]] += weight
            return
        site, place = visited[-1]
        there = [(to, tuple(np.add(place, image).tolist()), area) for to, image, area in steps[site]]
        allowed = [(to, where, area) for to, where, area in there if (to, where) not in visited]
        total = sum(area for _, _, area in allowed)
        for to, where, area in allowed:
            ends([*visited, (to, where)], weight * area / total, left - 1)

    expected = []
    for shell in (1, 2, 3):
        shares = np.zeros((3, 3))
        for site in range(3):
            ends([(site, (0, 0, 0))], 1.0, shell)
        expected.append(np.abs(1 - shares * 3).mean())
    np.testing.assert_allclose(ordering(found, symbols), expected, rtol=1e-9)


def test_density_is_that_of_the_handbook() -> None:
    """Copper 8.96 g/cm³ (a = 3.615 Å), sodium chloride 2.165 g/cm³ (a = 5.640 Å); half the edge between neighbours."""
    values = Geometry().features([fcc("Cu", 3.615), rocksalt(a=5.640)]).values
    told = dict(zip(Geometry().names, values.T, strict=True))
    np.testing.assert_allclose(told["density"], [8.93, 2.163], rtol=2e-3)
    np.testing.assert_allclose(told["mean nearest-neighbour distance"], [3.615 / np.sqrt(2), 2.82], rtol=1e-9)
    np.testing.assert_allclose(told["volume per atom"], [3.615**3 / 4, 5.64**3 / 8], rtol=1e-9)


def test_a_difference_is_that_between_two_elements() -> None:
    """In rock salt each atom has only neighbours of the other kind."""
    featurizer = LocalDifferences(properties=("Electronegativity",))
    values = dict(zip(featurizer.names, featurizer.features([rocksalt()]).values[0], strict=True))
    assert values["mean local difference in Electronegativity"] == pytest.approx(3.16 - 0.93)
    assert values["range local difference in Electronegativity"] == pytest.approx(0)
    assert np.allclose(featurizer.features([fcc()]).values, 0)
