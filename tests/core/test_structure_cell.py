"""Structures: what is written is read back, wrapping moves nothing, and what is unsound is named."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matloop.core.structure import Structure, StructureError

ELEMENTS = st.sampled_from(["H", "O", "Na", "Cl", "Fe", "U"])
FRACTIONAL = arrays(float, st.tuples(st.integers(1, 8), st.just(3)), elements=st.floats(-3, 3, width=32))


@st.composite
def crystals(draw: st.DrawFn) -> Structure:
    """Any cell that is not flat, with sites anywhere, some of them shared by two elements or empty in part."""
    lattice = np.diag(draw(arrays(float, 3, elements=st.floats(3, 20)))) + draw(
        arrays(float, (3, 3), elements=st.floats(-0.9, 0.9))
    )  # the diagonal outweighs each row's rest, so that no cell is flat
    fractional = draw(FRACTIONAL)
    sites = []
    for _ in fractional:
        one, two = draw(st.lists(ELEMENTS, min_size=2, max_size=2, unique=True))
        share = draw(st.sampled_from([1.0, 0.5, 1 / 3, 0.9]))
        sites.append({one: 1.0} if share == 1 else {one: share, two: draw(st.sampled_from([1 - share, 0.05]))})
    return Structure(lattice, fractional @ lattice, tuple(sites))


@given(crystals())
def test_json_keeps_every_digit(structure: Structure) -> None:
    """A structure written as JSON and read again is the same to the last bit, vacancies aside."""
    again = Structure.from_json(structure.to_json())
    assert again.lattice is not None
    assert structure.lattice is not None
    assert np.array_equal(again.lattice, structure.lattice)
    assert np.array_equal(again.positions, structure.positions)
    assert again.occupancy == structure.occupancy
    assert again.periodic == structure.periodic


@given(crystals())
def test_wrapping_moves_sites_by_whole_vectors(structure: Structure) -> None:
    """Wrapped sites lie in [0, 1) of the cell, each a whole number of vectors from where it was."""
    wrapped = structure.wrapped()
    assert (wrapped.fractional >= 0).all()
    assert (wrapped.fractional < 1).all()
    moved = wrapped.fractional - structure.fractional
    assert np.abs(moved - np.round(moved)).max() < 1e-9
    assert np.abs(wrapped.wrapped().fractional - wrapped.fractional).max() < 1e-9


@settings(max_examples=40)
@given(crystals())
def test_wrapping_changes_no_property(structure: Structure) -> None:
    """Formula and volume are those of the crystal, wherever its sites are written."""
    wrapped = structure.wrapped()
    assert wrapped.formula == structure.formula
    assert wrapped.volume == structure.volume


def test_a_site_just_below_zero_lands_inside() -> None:
    """A coordinate of -1e-17 would round up to 1, which is outside: it becomes 0."""
    structure = Structure.of(np.eye(3) * 4.0, ["Na"], [[-1e-17, 4 - 1e-16, 2]])
    assert ((structure.wrapped().fractional >= 0) & (structure.wrapped().fractional < 1)).all()


def test_a_slab_is_wrapped_only_along_its_periodic_directions() -> None:
    """What lies above a slab stays above it."""
    slab = Structure.of(np.diag([3.0, 3.0, 10.0]), ["Cu"], [[4.0, -1.0, 12.0]], periodic=(True, True, False))
    assert slab.wrapped().positions[0] == pytest.approx([1.0, 2.0, 12.0])


@settings(max_examples=40)
@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_close_sites_are_found_as_by_looking_at_all_pairs(n: int, seed: int) -> None:
    """The sweep along one axis finds a pair nearer than 0.5 Å exactly where a look at all pairs and images does."""
    rng = np.random.default_rng(seed)
    lattice = np.eye(3) * rng.uniform(3, 12) + rng.uniform(-1, 1, (3, 3))
    fractional = rng.uniform(size=(n, 3))
    images = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3), -1).reshape(-1, 3)
    apart = (fractional[:, None] - fractional[None])[:, :, None] + images
    distance = np.linalg.norm(apart @ lattice, axis=-1).min(axis=2)[~np.eye(n, dtype=bool)]
    found = Structure.of(lattice, ["C"] * n, fractional @ lattice).problem()
    assert (found is not None) == bool(len(distance) and distance.min() < 0.5)


CUBE = np.eye(3) * 4.0


@pytest.mark.parametrize(
    ("structure", "problem"),
    [
        (Structure.of(None, ["H"], [[0, 0, 0]]), "it has no cell"),
        (Structure.of(CUBE, [], []), "it has no sites"),
        (Structure.of(CUBE, ["Na"], [[np.nan, 0, 0]]), "a coordinate is not a finite number"),
        (Structure.of(np.full((3, 3), np.inf), ["Na"], [[0, 0, 0]]), "a coordinate is not a finite number"),
        (Structure.of(np.ones((3, 3)), ["Na"], [[0, 0, 0]]), "its cell has no volume"),
        (Structure.of(np.diag([4, 4, 0.3]), ["Na"], [[0, 0, 0]]), "its cell is thinner than 1 Å"),
        (Structure.of(CUBE, ["Xx"], [[0, 0, 0]]), "there is no element 'Xx'"),
        (Structure.of(CUBE, ["Na", "Cl"], [[0, 0, 0], [0, 0, 3.9]]), "sites 1 and 2 are 0.1 Å apart"),
        (Structure(CUBE, np.zeros((1, 3)), ({"Fe": 0.9, "Co": 0.5},)), "site 1 is occupied to 140 %"),
    ],
)
def test_what_is_unsound_is_named(structure: Structure, problem: str) -> None:
    """A structure of which nothing can be computed says why."""
    assert structure.problem() == problem


def test_disordered_sites_may_share_a_place() -> None:
    """Two halves of one atom, split over two positions, are no mistake."""
    structure = Structure(CUBE, np.array([[0, 0, 0], [0, 0, 0.2]]), ({"O": 0.5}, {"O": 0.5}))
    assert structure.problem() is None


def test_a_molecule_needs_no_cell_where_none_is_asked_for() -> None:
    """XYZ files of molecules are sound as long as no two atoms stand in one place."""
    water = Structure.of(None, ["O", "H", "H"], [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
    assert water.problem(needs_cell=False) is None
    assert water.formula == "H2O"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", "7", '"x"', "[" * 5000, '{"species": [], "species_at_sites": ["a"]}', '{"species": 3}'],
)
def test_what_is_no_structure_is_refused(text: str) -> None:
    """Any text that is no structure raises StructureError, nothing else."""
    with pytest.raises(StructureError):
        Structure.from_json(text)


def test_optimade_fields_of_others_are_understood() -> None:
    """A missing cell is null or a list of nulls; vacancies are no element; unknown fields do no harm."""
    fields = {
        "lattice_vectors": [[None] * 3] * 3,
        "cartesian_site_positions": [[0, 0, 0]],
        "species_at_sites": ["half"],
        "species": [{"name": "half", "chemical_symbols": ["O", "vacancy"], "concentration": [0.5, 0.5], "mass": [16]}],
        "nsites": 1,
    }
    structure = Structure.from_json(json.dumps(fields))
    assert structure.lattice is None
    assert structure.occupancy == ({"O": 0.5},)
    assert not structure.is_ordered
