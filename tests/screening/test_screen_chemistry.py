"""Elements, charges and tolerance factors: against definitions, other packages and published tables."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stand_in import screened

from matloop.core.composition import SYMBOLS, read_formulas
from matloop.core.errors import SpecError
from matloop.screening.balance import Balance
from matloop.screening.elements import LISTS, electronegativities, oxidation_states

COMMON = st.sampled_from(["Li", "Na", "Mg", "Al", "Ti", "Fe", "Cu", "Sn", "O", "S", "Cl", "F", "N", "P", "H", "C"])
FORMULAS = st.dictionaries(COMMON, st.integers(1, 6), min_size=1, max_size=5)


def _neutral(formulas: list[str], **rule: bool) -> list[bool]:
    return Balance(**rule).holds(read_formulas(formulas)[0]).tolist()  # type: ignore[arg-type]


def _by_definition(formula: dict[str, int], is_ordered: bool) -> bool:
    """Every choice of one state each, tried one after another."""
    chi = electronegativities()
    for states in itertools.product(*(oxidation_states()[symbol] for symbol in formula)):
        if sum(n * s for n, s in zip(formula.values(), states, strict=True)) or len(formula) == 1:
            continue
        cations = [chi[e] for e, s in zip(formula, states, strict=True) if s > 0]
        anions = [chi[e] for e, s in zip(formula, states, strict=True) if s < 0]
        if not is_ordered or max(cations) < min(anions):
            return True
    return False


@given(st.lists(FORMULAS, min_size=1, max_size=12), st.booleans())
def test_the_charge_balance_is_what_its_definition_says(formulas: list[dict[str, int]], is_ordered: bool) -> None:
    written = ["".join(f"{e}{n}" for e, n in formula.items()) for formula in formulas]
    assert _neutral(written, is_ordered=is_ordered) == [_by_definition(f, is_ordered) for f in formulas]


@given(FORMULAS, st.integers(1, 5))
def test_only_the_ratio_of_amounts_counts(formula: dict[str, int], factor: int) -> None:
    once = "".join(f"{e}{n}" for e, n in formula.items())
    more = "".join(f"{e}{factor * n}" for e, n in reversed(formula.items()))
    share = "".join(f"{e}{n / 7:.9f}" for e, n in formula.items())
    assert len(set(_neutral([once, more, share]))) == 1


@given(FORMULAS)
def test_mixed_valence_lets_pass_all_that_passes_without(formula: dict[str, int]) -> None:
    written = ["".join(f"{e}{n}" for e, n in formula.items())]
    assert _neutral(written, is_mixed=True) >= _neutral(written)


def test_many_elements_are_balanced_by_sums_as_by_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    formulas = ["LiFeCuSnTiO9", "Li2Fe2Cu2Sn2Ti2O18", "NaMgAlPSClO9", "NaMgAlPSClO8"]
    whole = _neutral(formulas, is_ordered=False)
    monkeypatch.setattr("matloop.screening.balance._MOST_CHOICES", 1)
    from matloop.screening.balance import _choices

    _choices.cache_clear()
    assert _neutral(formulas, is_ordered=False) == whole
    _choices.cache_clear()


def test_well_known_compounds() -> None:
    assert all(_neutral(["NaCl", "Fe2O3", "BaTiO3", "CaCO3", "Cs2AgInCl6", "CsPbI3", "Li0.5FePO4"], is_mixed=True))
    assert not any(_neutral(["NaCl2", "Fe", "BaTiO4", "FeNi"]))
    assert _neutral(["Fe3O4"]) == [False]
    assert _neutral(["Fe3O4"], is_mixed=True) == [True]
    assert _neutral(["FeNi", "FeNiO9"], takes_alloys=True) == [True, False]


def test_the_states_are_among_those_that_are_known_and_the_electronegativities_are_paulings() -> None:
    core = pytest.importorskip("pymatgen.core")
    for symbol, states in oxidation_states().items():
        known = {*core.Element(symbol).oxidation_states, *core.Element(symbol).common_oxidation_states}
        assert set(states) <= known, symbol
    for symbol, chi in electronegativities().items():
        assert chi == pytest.approx(core.Element(symbol).X, abs=0.005), symbol


def test_lists_hold_elements_and_the_radioactive_ones_have_no_stable_isotope() -> None:
    assert all(names <= set(SYMBOLS) for names in LISTS.values())
    assert {"Tc", "Pm", "U", "Po"} <= LISTS["radioactive"]
    assert "Bi" not in LISTS["radioactive"]
    assert len(LISTS["rare_earths"]) == 17


@pytest.mark.parametrize(
    ("stage", "stay"),
    [
        ({"allowed": ["Fe", "O", "Pb"]}, ["Fe2O3", "PbO"]),
        ({"forbidden": ["toxic", "Cl"]}, ["Fe2O3", "CeO2", "LiFePO4"]),
        ({"forbidden": ["rare_earths"], "required": ["O"]}, ["Fe2O3", "PbO", "LiFePO4"]),
        ({"some_of": ["Cl", "P"]}, ["NaCl", "LiFePO4"]),
        ({"n_elements": [3, 4]}, ["LiFePO4"]),
        ({"shares": {"O": [0.55, 0.6]}}, ["Fe2O3", "LiFePO4"]),
        ({"charge_balance": True, "oxidation_states": {"Fe": [5]}}, ["NaCl", "PbO", "CeO2"]),
    ],
)
def test_elements_in_number_and_share(stage: dict[str, object], stay: list[str], tmp_path: Path) -> None:
    candidates = pd.DataFrame({"formula": ["Fe2O3", "NaCl", "PbO", "CeO2", "LiFePO4"], "x": 1})
    frame, _, _ = screened([{"kind": "chemistry"} | stage], candidates, tmp_path)
    assert frame["formula"].tolist() == [formula for formula in candidates["formula"] if formula in stay]


def test_molecules_are_judged_by_their_elements(tmp_path: Path) -> None:
    pytest.importorskip("rdkit")
    candidates = pd.DataFrame({"smiles": ["CCO", "c1ccccc1Cl", "C[Hg]C", "nonsense(", "CC(=O)[O-]"], "x": 1})
    stage = {"kind": "chemistry", "forbidden": ["toxic"], "required": ["O"]}
    frame, funnel, _ = screened([stage], candidates, tmp_path, (), "smiles", "molecule")
    assert frame["smiles"].tolist() == ["CCO", "CC(=O)[O-]"]
    assert funnel[1].reasons == {"has Hg": 1, "has no O": 1, "is no molecule": 1}


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        ({"forbidden": ["Plutonium"]}, "no element 'Plutonium'"),
        ({"shares": {"O": [0.6, 0.2]}}, "above the most"),
        ({}, "asks for nothing"),
    ],
)
def test_a_chemistry_that_makes_no_sense_is_told(stage: dict[str, object], told: str, tmp_path: Path) -> None:
    from matloop.screening.screen import parse_screen

    with pytest.raises(SpecError, match=told):
        parse_screen({"stages": [{"kind": "chemistry"} | stage]})


# -- perovskites ----------------------------------------------------------------------------------------------


@pytest.mark.data
def test_tolerance_factors_are_those_that_bartel_published(published: Path) -> None:
    """Of the 576 compounds in table S1 of Bartel et al. 2019: the same for nine in ten, and its accuracy."""
    pytest.importorskip("pymatgen")
    from matloop.core.composition import parse_formula
    from matloop.screening.perovskite import Factors, factors_of

    table = pd.read_csv(published / "perovskite_abx3_stability" / "TableS1.csv")
    ours = [factors_of(parse_formula(formula)) for formula in table["ABX3"]]
    found = [f for f in ours if isinstance(f, Factors)]
    assert len(found) > 0.95 * len(table)
    known = table[[isinstance(f, Factors) for f in ours]]
    tau, t = np.array([f.tau for f in found]), np.array([f.goldschmidt for f in found])
    same = (abs(tau - known["tau"]) < 0.06) & (abs(t - known["t"]) < 0.011)
    assert same.mean() > 0.9
    is_perovskite = known["exp_label"] == 1
    assert ((tau < 4.18) == is_perovskite).mean() == pytest.approx(0.92, abs=0.01)
    assert (((t > 0.825) & (t < 1.059)) == is_perovskite).mean() == pytest.approx(0.74, abs=0.01)


def test_what_can_be_no_perovskite_says_why(tmp_path: Path) -> None:
    pytest.importorskip("pymatgen")
    formulas = ["SrTiO3", "Ba2Ti2O6", "MgSiO3", "NaCl", "SrTiO4", "LiLiO3", "AuAuO3", "KNeF3"]
    candidates = pd.DataFrame({"formula": formulas, "x": 1})
    frame, funnel, _ = screened([{"kind": "stability", "tau": 4.18}], candidates, tmp_path)
    assert frame["formula"].tolist() == ["SrTiO3", "Ba2Ti2O6"]
    assert frame["goldschmidt"].between(0.9, 1.1).all()
    reasons = funnel[1].reasons
    assert reasons["tau above 4.18"] == 1
    assert reasons["is not ABX3"] == 4
    assert reasons["no oxidation states of K and Ne fit F3"] == 1


def test_the_hull_is_asked_for_in_any_unit(tmp_path: Path) -> None:
    from matloop.datasets.column import Column
    from matloop.datasets.dataset import Dataset

    frame = pd.DataFrame({"formula": ["FeO", "NiO", "CoO"], "energy_above_hull": [0.01, 0.03, np.nan]})
    columns = [Column("formula", role="material", kind="composition"), Column("energy_above_hull", unit="eV")]
    stage = {"kind": "stability", "hull": 20, "unit": "meV"}
    units = {"energy_above_hull": "eV"}
    left, funnel, _ = screened([stage], Dataset(frame, columns), tmp_path, units=units)
    assert left["formula"].tolist() == ["FeO"]
    assert funnel[1].reasons == {"energy_above_hull above 20 meV": 1, "no number for energy_above_hull": 1}
