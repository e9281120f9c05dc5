"""Adsorption sites: coordination as in the textbook, and energies that never come from test data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_crystals import reordered, rotated, shifted

from matloop.core.errors import InputError
from matloop.core.structure import Structure
from matloop.datasets.conversion import from_ase
from matloop.features.adsorption_site import shells_of, site_cell
from matloop.features.base import FeatureError
from matloop.features.surface_site import SurfaceSite


def slab(face: str, place: str, adsorbate: str = "O", metal: str = "Cu", height: float = 1.3):
    """A surface of ASE with an adsorbate, and its indices."""
    build = pytest.importorskip("ase.build")
    surface = getattr(build, face)(metal, (3, 3, 4), vacuum=8.0)
    n = len(surface)
    build.add_adsorbate(surface, build.molecule(adsorbate) if len(adsorbate) > 1 else adsorbate, height, place)
    return surface, list(range(n, len(surface)))


#: Face and place: neighbours of the adsorbate, and how many neighbours each of these has.
TEXTBOOK = {
    ("fcc111", "ontop"): (1, 9),
    ("fcc111", "bridge"): (2, 9),
    ("fcc111", "fcc"): (3, 9),
    ("fcc111", "hcp"): (3, 9),
    ("fcc100", "ontop"): (1, 8),
    ("fcc100", "bridge"): (2, 8),
    ("fcc100", "hollow"): (4, 8),
    ("fcc110", "ontop"): (1, 7),
    ("fcc110", "shortbridge"): (2, 7),
}


@pytest.mark.parametrize(("face", "place"), TEXTBOOK)
def test_coordination_is_that_of_the_textbook(face: str, place: str) -> None:
    """Top, bridge and hollow sites have 1, 2, 3 or 4 neighbours; atoms of (111), (100), (110) have 9, 8 and 7."""
    shells = shells_of(site_cell(*slab(face, place)))
    first, each = TEXTBOOK[face, place]
    assert shells.first == {"Cu": first}
    assert shells.second == {"Cu": first * each}
    assert shells.elements == {"Cu"}


def test_the_atom_that_binds_is_the_one_at_the_surface() -> None:
    """Carbon monoxide binds by its lower atom, wherever the other one is."""
    assert shells_of(site_cell(*slab("fcc111", "fcc", "CO", height=1.9))).first == {"Cu": 3}


@settings(max_examples=3)
@given(st.integers(0, 1000), st.tuples(*[st.floats(-2, 2)] * 3))
def test_how_a_slab_is_written_changes_nothing(seed: int, by) -> None:
    """Turned, moved through the border of its cell, renumbered."""
    surface, adsorbate = slab("fcc111", "bridge", metal="Pt")
    surface.symbols[[31, 32]] = "Sn"
    known = shells_of(site_cell(surface, adsorbate))
    structure = from_ase(surface)
    structure = Structure(structure.lattice, structure.positions, structure.occupancy)  # periodic along c, too
    changed = shifted(rotated(structure, seed), by)
    assert shells_of(site_cell(changed, adsorbate)) == known
    order = np.random.default_rng(seed).permutation(len(surface))
    where = [int(np.flatnonzero(order == i)[0]) for i in adsorbate]
    assert shells_of(site_cell(reordered(structure, seed), where)) == known


def test_formulas_say_the_same_as_a_structure() -> None:
    """The fingerprint of an alloy's site from its slab, and from its shells written down."""
    surface, adsorbate = slab("fcc111", "fcc", metal="Pt")
    surface.symbols[[27, 30]] = "Sn"
    shells = shells_of(site_cell(surface, adsorbate))
    assert sum(shells.first.values()) == 3
    assert sum(shells.second.values()) == 27
    told = ";".join("".join(f"{symbol}{n}" for symbol, n in shell.items()) for shell in shells[:2])
    featurizer = SurfaceSite(energies={"Pt": -1.5, "Sn": -0.2}).fit([told])
    values, failures = featurizer.features([told, site_cell(surface, adsorbate)])
    assert not failures
    np.testing.assert_array_equal(values[0], values[1])


SITES = ["Cu3;Cu27", "Cu;Cu9", "Cu2;Cu18", "Pt3;Pt27", "Cu2Pt;Cu20Pt7", "CuPt2;Cu9Pt18"]
ENERGIES = [-0.9, -0.5, -0.6, -1.8, -1.2, -1.5]


def test_the_fingerprint_is_that_of_the_paper() -> None:
    """Median energy on the pure metal, atomic number, electronegativity and count, the strongest binding first."""
    featurizer = SurfaceSite().fit(SITES, ENERGIES)
    assert featurizer.medians_ == {"Cu": -0.6, "Pt": -1.8}
    assert featurizer.assumed_ == ()
    row = dict(zip(featurizer.names, featurizer.features(["Cu2Pt;Cu20Pt7"]).values[0], strict=True))
    assert [row[f"first shell 1 {what}"] for what in ("atomic number", "electronegativity", "count")] == [78, 2.28, 1]
    assert row["first shell 1 adsorption energy of the element"] == -1.8
    assert (row["second shell 2 atomic number"], row["second shell 2 count"]) == (29, 20)
    pure = dict(zip(featurizer.names, featurizer.features(["Cu3;Cu27"]).values[0], strict=True))
    filler = [pure[f"first shell 2 {what}"] for what in ("adsorption energy of the element", "atomic number", "count")]
    assert filler == pytest.approx([-1.2, (29 + 78) / 2, 0])


def test_an_element_without_a_pure_surface_has_the_median_of_all() -> None:
    """And the featurizer says of which elements it had to assume that; known energies come first."""
    sites, energies = [*SITES, "Cu2Zn;Cu18Zn9"], [*ENERGIES, 0.1]
    featurizer = SurfaceSite().fit(sites, energies)
    assert featurizer.assumed_ == ("Zn",)
    assert featurizer.medians_["Zn"] == np.median(energies)
    known = SurfaceSite(energies={"Zn": 0.4}).fit(sites, energies)
    assert (known.assumed_, known.medians_["Zn"]) == ((), 0.4)


def test_energies_of_test_sites_are_not_seen() -> None:
    """In cross-validation the medians come from the training folds alone."""
    from sklearn.base import clone
    from sklearn.model_selection import KFold

    energies = np.array(ENERGIES)
    for train, test in KFold(3).split(SITES):
        sites = np.array(SITES)[train]
        one = clone(SurfaceSite()).fit(sites, energies[train]).transform(sites)
        changed = energies.copy()
        changed[test] += 100
        two = clone(SurfaceSite()).fit(sites, changed[train]).transform(sites)
        np.testing.assert_array_equal(one, two)


def test_it_works_in_a_pipeline() -> None:
    """Sites and energies in, energies out."""
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(SurfaceSite(), Ridge(1e-3)).fit(SITES, ENERGIES)
    assert np.abs(model.predict(SITES) - ENERGIES).mean() < 0.2


def bad_cells() -> dict[str, tuple[object, str]]:
    surface, adsorbate = slab("fcc111", "fcc")
    far = surface.copy()
    far.positions[adsorbate[0], 2] += 4.0
    return {
        "no adsorbate named": (from_ase(surface).to_json(), "does not name its adsorbate"),
        "index beyond the sites": (site_cell(surface, [99]), "not among the sites"),
        "nothing but adsorbate": (site_cell(surface, range(len(surface))), "nothing else"),
        "far away": (site_cell(far, adsorbate), "touches no atom"),
        "one shell": ("Cu3", "no surface site"),
        "no formula": ("Cu3;nonsense", "nonsense"),
        "no count": ("Cu0.5Pt0.5;Cu9", "does not count atoms"),
        "new element": ("Au3;Au27", "no adsorption energy is known on Au"),
        "too many elements": ("CuPtZn;Cu27", "no adsorption energy is known on Zn"),
        "missing": (None, "missing"),
        "a number": (3, "int is no structure"),
    }


def test_bad_sites_stop_nobody() -> None:
    """Each has its reason; those around them are described."""
    featurizer = SurfaceSite().fit([*SITES, None, "nonsense"], [*ENERGIES, 0.0, 0.0])
    bad = bad_cells()
    values, failures = featurizer.features([SITES[0], *(cell for cell, _ in bad.values()), SITES[1]])
    assert list(failures) == list(range(1, len(bad) + 1))
    for reason, (name, (_, expected)) in zip(failures.values(), bad.items(), strict=True):
        assert expected in reason, name
    assert np.isfinite(values[[0, -1]]).all()


def test_what_it_cannot_learn_from_is_told() -> None:
    """No sites, no energies, energies of other sites, an energy of no element."""
    for arguments, expected in [
        (([], []), "no site"),
        ((SITES,), "learns from adsorption energies"),
        ((SITES, [1.0]), "1 energies for 6 sites"),
    ]:
        with pytest.raises(FeatureError, match=expected):
            SurfaceSite().fit(*arguments)
    with pytest.raises(FeatureError, match="no columns yet"):
        SurfaceSite().features(SITES)
    with pytest.raises(InputError, match="'Copper' is no element"):
        SurfaceSite(energies={"Copper": 0.1}).fit(SITES)


@pytest.mark.data
def test_published_energies_are_learned(published: Path) -> None:
    """Carbon monoxide on nine metals: the medians are those of the table, and say more than the mean of all does."""
    pytest.importorskip("openpyxl")
    table = pd.read_excel(published / "vlachos_adsorption" / "TM_Data.xlsx", sheet_name="TM_Reduced")
    table = table[table["Ads"] == "CO"]
    second = (table["n_metal"] * table["CN"]).round().astype(int)
    sites = [f"{m}{n};{m}{k}" for m, n, k in zip(table["Metal"], table["n_metal"], second, strict=True)]
    energies = table["Ead"].to_numpy()
    featurizer = SurfaceSite().fit(sites, energies)
    assert featurizer.medians_ == pytest.approx(table.groupby("Metal")["Ead"].median().to_dict())
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(SurfaceSite(), ExtraTreesRegressor(100, random_state=0))
    predicted = cross_val_predict(model, np.array(sites), energies, cv=KFold(5, shuffle=True, random_state=0))
    assert np.abs(predicted - energies).mean() < 0.4 * np.abs(energies - energies.mean()).mean()
