"""pymatgen, matminer and DScribe behind the same face: equal to what they give themselves, and one tessellation."""

import numpy as np
import pytest
from known_crystals import fcc, lta, reordered, repeated, rocksalt, rotated, sheared, shifted

from matloop.core.errors import InputError
from matloop.core.structure import Structure
from matloop.features.base import FeatureError

pytest.importorskip("pymatgen")
pytest.importorskip("matminer")
pytest.importorskip("dscribe")

from matloop.datasets.conversion import from_ase, from_pymatgen, to_ase, to_pymatgen
from matloop.features.crystal import Crystal
from matloop.features.crystal_nn import CrystalNN, near_neighbours
from matloop.features.ewald_matrix import EwaldMatrix
from matloop.features.matminer import Matminer
from matloop.features.mbtr import Mbtr
from matloop.features.sine_matrix import SineMatrix
from matloop.features.soap import Soap
from matloop.features.symmetry import Symmetry
from matloop.features.tessellation import tessellate
from matloop.features.voronoi import Voronoi

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def disordered_cell() -> Structure:
    """Five atoms without any symmetry."""
    lattice = np.array([[5.0, 0, 0], [0.7, 6.0, 0], [-0.4, 0.5, 7.0]])
    places = np.array([[0, 0, 0], [0.3, 0.1, 0], [0.1, 0.5, 0.4], [0.7, 0.5, 0.5], [0.5, 0.9, 0.6]])
    return Structure.of(lattice, ["Ti", "O", "O", "Na", "Cl"], places @ lattice)


def test_the_tessellation_is_that_of_pymatgen() -> None:
    """Area, solid angle, distance and number of corners of every face."""
    from pymatgen.analysis.local_env import VoronoiNN

    structure = disordered_cell()
    found = tessellate(structure)
    theirs = VoronoiNN(cutoff=15).get_all_voronoi_polyhedra(to_pymatgen(structure))
    for site, polyhedron in enumerate(theirs):
        faces = [face for face in polyhedron.values() if face["solid_angle"] > 1e-6]
        known = sorted((2 * f["face_dist"], f["area"], f["solid_angle"], f["n_verts"]) for f in faces)
        here = found.site == site
        columns = (found.distance, found.area, found.solid_angle, found.n_corners)
        np.testing.assert_allclose(sorted(zip(*(c[here] for c in columns), strict=True)), known, rtol=1e-9)


def test_heterogeneity_ordering_and_packing_are_those_of_matminer() -> None:
    """The columns that both have agree; matminer normalizes walks of more than one step in another way."""
    from matminer.featurizers.structure import ChemicalOrdering, MaximumPackingEfficiency, StructuralHeterogeneity

    structure = disordered_cell()
    ours = dict(zip(Voronoi().names, Voronoi().features([structure]).values[0], strict=True))
    theirs = to_pymatgen(structure)
    bonds = ["avg_dev relative bond length", "maximum relative bond length", "minimum relative bond length"]
    spread = [f"{s} bond length variation" for s in ("minimum", "maximum", "range", "mean", "avg_dev")]
    ours_of_bonds = [ours[name] for name in (*bonds, *spread, "avg_dev relative cell volume")]
    np.testing.assert_allclose(ours_of_bonds, StructuralHeterogeneity().featurize(theirs), rtol=1e-9)
    assert ours["ordering in shell 1"] == pytest.approx(ChemicalOrdering(shells=(1,)).featurize(theirs)[0])
    assert ours["maximum packing efficiency"] == pytest.approx(MaximumPackingEfficiency().featurize(theirs)[0])


@pytest.mark.parametrize("structure", [rocksalt(), fcc(), disordered_cell(), lta()], ids=["NaCl", "Cu", "P1", "LTA"])
def test_order_parameters_are_those_of_matminer(structure: Structure) -> None:
    """The fingerprint on the shared tessellation equals that of matminer, which makes one for every site."""
    from matminer.featurizers.structure import SiteStatsFingerprint

    preset = SiteStatsFingerprint.from_preset(
        "CrystalNNFingerprint_ops", stats=("mean", "std_dev", "minimum", "maximum")
    )
    assert CrystalNN().names == tuple(preset.feature_labels())
    found, failures = CrystalNN().features([structure.to_json()])
    assert not failures
    np.testing.assert_allclose(found[0], preset.featurize(to_pymatgen(structure)), atol=1e-9)


def test_neighbours_of_crystal_nn_come_from_the_shared_tessellation() -> None:
    """Sodium in rock salt has six chlorine neighbours, and pymatgen tessellates nothing."""
    crystal = Crystal(rocksalt())
    found = near_neighbours(crystal).get_nn_info(crystal.pymatgen, 0)
    assert [neighbour["site"].specie.symbol for neighbour in found] == ["Cl"] * 6


@pytest.mark.parametrize(
    ("structure", "number", "system", "order", "centred"),
    [(rocksalt(), 225, 6, 48, 1), (fcc(), 225, 6, 48, 1), (lta(), 221, 6, 48, 1), (disordered_cell(), 1, 0, 1, 0)],
)
def test_space_groups_are_found(structure: Structure, number: int, system: int, order: int, centred: int) -> None:
    """Fm-3m, Fm-3m, Pm-3m and P1, in whatever cell."""
    for cell in (structure, sheared(structure), rotated(structure, 1), repeated(structure, (1, 2, 1))):
        told = dict(zip(Symmetry().names, Symmetry().features([cell]).values[0], strict=True))
        found = (told["space group number"], told["crystal system"], told["point group order"])
        assert (*found, told["is centrosymmetric"]) == (number, system, order, centred)


def test_complexity_is_the_information_in_the_choice_of_a_site() -> None:
    """Two kinds of sites of equal number are one bit, one kind is none."""
    values = Symmetry().features([rocksalt(), fcc(), repeated(rocksalt(), (1, 1, 2))]).values
    np.testing.assert_allclose(values[:, -1], [1, 0, 1])


def test_complexity_does_not_depend_on_the_cell() -> None:
    """A supercell whose shape has less symmetry than the crystal has the same kinds of sites: two in quartz."""
    core = pytest.importorskip("pymatgen.core")
    lattice = core.Lattice.hexagonal(4.913, 5.405)
    sites = [[0.4697, 0, 2 / 3], [0.4135, 0.2669, 0.7858]]
    quartz = core.Structure.from_spacegroup("P3_221", lattice, ["Si", "O"], sites)
    larger = quartz.copy()
    larger.make_supercell([2, 1, 1])
    values = Symmetry().features([quartz, larger]).values
    assert len(quartz) == 9
    np.testing.assert_allclose(values[1], values[0])
    np.testing.assert_allclose(values[0, -1], np.log2(3) - 2 / 3)


@pytest.mark.parametrize("featurizer", [Soap(), Soap(average="outer"), Mbtr()], ids=["inner", "outer", "mbtr"])
def test_densities_of_neighbours_belong_to_the_crystal(featurizer) -> None:
    """Turned, moved, renumbered, in another cell and in a supercell: the same values."""
    structure = disordered_cell()
    known = featurizer.fit([structure]).features([structure]).values[0]
    assert len(set(featurizer.names)) == len(known)
    changed = [
        rotated(structure, 4),
        shifted(structure, (0.3, 1.2, -0.7)),
        reordered(structure, 2),
        sheared(structure),
        repeated(structure, (2, 1, 1)),
    ]
    for values in featurizer.features(changed).values:
        np.testing.assert_allclose(values, known, atol=1e-9 * np.abs(known).max())


@pytest.mark.parametrize("featurizer", [SineMatrix(), EwaldMatrix()], ids=["sine", "ewald"])
def test_spectra_do_not_see_names_or_places_of_atoms(featurizer) -> None:
    """Turned, moved and renumbered: the same eigenvalues; a larger cell than fitted is a failure with its reason."""
    structure = disordered_cell()
    known = featurizer.fit([structure, fcc()]).features([structure, fcc()]).values
    assert (known[1, 1:] == 0).all()
    changed = [rotated(structure, 4), shifted(structure, (0.3, 1.2, -0.7)), reordered(structure, 2)]
    for values in featurizer.features(changed).values:
        np.testing.assert_allclose(values, known[0], rtol=1e-7)
    assert "10 atoms" in featurizer.features([repeated(structure, (2, 1, 1))]).failures[0]


def test_the_sine_matrix_is_that_of_matminer() -> None:
    """To the digits of matminer's constants."""
    from matminer.featurizers.structure import SineCoulombMatrix

    structure = disordered_cell()
    theirs = to_pymatgen(structure)
    known = SineCoulombMatrix(flatten=True).fit([theirs]).featurize(theirs)
    np.testing.assert_allclose(SineMatrix().fit_transform([structure])[0], known, rtol=1e-5)


def test_what_was_not_fitted_says_so() -> None:
    """A featurizer that learns its columns has none before, and elements that it has not seen are failures."""
    with pytest.raises(FeatureError, match="no columns yet"):
        Soap().features([fcc()])
    with pytest.raises(FeatureError, match="no structure"):
        Soap().fit(["nonsense", Structure.of(None, ["O"], [[0, 0, 0]])])
    assert "Na, which none" in Soap().fit([fcc()]).features([rocksalt("Na", "Cu")]).failures[0]
    with pytest.raises(InputError, match="average"):
        Soap(average="middle").fit([fcc()])


def test_any_featurizer_of_matminer_has_the_same_face() -> None:
    """Values, names and citations are matminer's; a wrong name is answered with the nearest one."""
    from matminer.featurizers.structure import XRDPowderPattern

    featurizer = Matminer(featurizer="XRDPowderPattern")
    values, failures = featurizer.features([rocksalt().to_json(), "nonsense"])
    assert list(failures) == [1]
    np.testing.assert_allclose(values[0], XRDPowderPattern().featurize(to_pymatgen(rocksalt())))
    assert len(featurizer.names) == values.shape[1]
    assert "10.1016/j.commatsci.2012.10.028" in featurizer.citations
    with pytest.raises(InputError, match="XRDPowder") as raised:
        Matminer(featurizer="XRDPowder").features([rocksalt()])
    assert "XRDPowderPattern" in raised.value.hint
    with pytest.raises(InputError, match="BagofBonds cannot be set up") as raised:
        Matminer(featurizer="BagofBonds").features([rocksalt()])
    assert "fitted" in raised.value.hint


def test_structures_survive_other_packages() -> None:
    """To pymatgen and ASE and back: the same cell, elements and places."""
    structure = shifted(disordered_cell(), (1.2, -0.3, 0))
    for other in (from_pymatgen(to_pymatgen(structure)), from_ase(to_ase(structure))):
        np.testing.assert_allclose(other.lattice, structure.lattice, atol=1e-12)
        np.testing.assert_allclose(other.positions, structure.positions, atol=1e-12)
        assert other.symbols == structure.symbols
    shared = Structure(structure.lattice, structure.positions[:1], ({"Na": 0.25, "Ti": 0.5},))
    assert from_pymatgen(to_pymatgen(shared)).occupancy[0] == {"Na": 0.25, "Ti": 0.5}
