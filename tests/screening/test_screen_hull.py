"""Energies above the hull of known phases are those of thermodynamics, and what a screen makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stand_in import screened

from matloop.core.composition import COLUMN, read_formulas
from matloop.core.errors import InputError, SpecError
from matloop.core.structure import Structure
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.screening.phases import Mixture, Phases, System

#: eV/atom; rounded from common tables, which is enough to count with.
LITHIUM_OXIDES = {"Li2O": -2.0, "Li2O2": -1.6, "LiO2": -0.9}
BARIUM_TITANATE = {"BaO": -2.8, "TiO2": -3.2, "Ti2O3": -3.1, "BaTiO3": -3.4, "Ba2TiO4": -3.2, "Ti": 0.0}

_elements = st.sampled_from(["Li", "O", "Fe", "Ti"])
_formula = st.dictionaries(_elements, st.integers(1, 4), min_size=1).map(
    lambda amounts: "".join(f"{symbol}{n}" for symbol, n in amounts.items())
)
_phases = st.dictionaries(_formula, st.floats(-4, 2), min_size=1, max_size=12)


def _known(phases: dict[str, float]) -> Phases:
    return Phases(read_formulas(list(phases))[0], np.array(list(phases.values())), list(phases))


def _least(phases: Phases, formula: str) -> Mixture:
    amounts, _ = read_formulas([formula])
    return phases.among(amounts.elements.tolist()).least(amounts.fractions)


@pytest.mark.parametrize(
    ("formula", "energy", "shares"),
    [
        ("Li2O", -2.0, {"Li2O": 1.0}),
        ("Li4O2", -2.0, {"Li2O": 1.0}),
        ("Li3O", -1.5, {"Li2O": 0.75, "Li": 0.25}),
        ("LiO3", -0.8, {"Li2O2": 0.5, "O": 0.5}),  # LiO2 lies above what Li2O2 and oxygen have together
        ("Li", 0.0, {"Li": 1.0}),
    ],
)
def test_a_composition_falls_apart_by_the_lever_rule(formula: str, energy: float, shares: dict[str, float]) -> None:
    found = _least(_known(LITHIUM_OXIDES), formula)
    assert found.energy == pytest.approx(energy)
    assert found.shares == pytest.approx(shares)


@settings(max_examples=50)
@given(_phases, _formula, _formula)
def test_the_hull_is_convex_and_lies_above_no_phase_and_no_element(phases: dict[str, float], a: str, b: str) -> None:
    known = _known(phases)
    energies = {name: _least(known, name).energy for name in (*phases, a, b)}
    assert all(energies[name] <= min(energy, 0) + 1e-7 for name, energy in phases.items())
    atoms = [read_formulas([formula])[0].amounts.sum() for formula in (a, b)]
    both = energies[a] * atoms[0] + energies[b] * atoms[1]
    assert _least(known, a + b).energy <= both / sum(atoms) + 1e-7


@settings(max_examples=50)
@given(_phases, _formula)
def test_what_a_composition_falls_apart_into_has_its_atoms_and_energy(phases: dict[str, float], formula: str) -> None:
    found = _least(_known(phases), formula)
    atoms = sum(read_formulas([name])[0].matrix[0] * share for name, share in found.shares.items())
    assert atoms == pytest.approx(read_formulas([formula])[0].matrix[0], abs=1e-5)
    assert sum(phases.get(name, 0) * share for name, share in found.shares.items()) <= found.energy + 1e-4


def test_it_is_the_hull_of_pymatgen() -> None:
    pytest.importorskip("pymatgen")
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
    from pymatgen.core import Composition

    rng = np.random.default_rng(0)
    symbols = ["Li", "Fe", "P", "O"]
    drawn = ["".join(f"{s}{n}" for s, n in zip(symbols, row, strict=True) if n) for row in rng.integers(0, 4, (60, 4))]
    formulas = [formula for formula in drawn if formula]
    phases = dict(zip(formulas, rng.uniform(-3, 0.5, len(formulas)), strict=True))
    entries = [PDEntry(Composition(f), e * Composition(f).num_atoms) for f, e in phases.items()]
    diagram = PhaseDiagram([*entries, *(PDEntry(Composition(symbol), 0.0) for symbol in symbols)])
    known = _known(phases)
    for row in rng.integers(1, 9, (40, 4)):
        formula = "".join(f"{s}{n}" for s, n in zip(symbols, row, strict=True))
        composition = Composition(formula)
        theirs = diagram.get_hull_energy(composition) / composition.num_atoms
        assert _least(known, formula).energy == pytest.approx(theirs, abs=1e-7)


@settings(max_examples=50)
@given(_phases, _formula)
def test_it_is_the_optimum_of_linear_programming(phases: dict[str, float], formula: str) -> None:
    from scipy.optimize import linprog

    rows = read_formulas([*phases, "Li", "O", "Fe", "Ti"])[0].matrix
    energies = [*phases.values(), 0, 0, 0, 0]
    best = linprog(energies, A_eq=rows.T, b_eq=read_formulas([formula])[0].matrix[0])
    assert _least(_known(phases), formula).energy == pytest.approx(best.fun, abs=1e-6)


@pytest.mark.parametrize("gap", [0, 1e-12, 1e-9, 1e-7, 1e-5])
def test_phases_that_are_alike_to_the_last_digits_are_one(gap: float) -> None:
    """Rounded amounts make such phases; a pivot between two of them is noise, and must neither go on nor mislead."""
    rng = np.random.default_rng(0)
    kinds = rng.dirichlet(np.ones(4), 20)
    near = np.repeat(kinds, 5, axis=0) * (1 + gap * rng.random((100, 4)))
    energies = rng.uniform(-3, 0, 100)
    names = [str(i) for i in range(104)]
    nearly = System(
        np.concatenate([np.eye(4), near / near.sum(axis=1, keepdims=True)]), np.append(np.zeros(4), energies), names
    )
    lowest = energies.reshape(20, 5).min(axis=1)
    exactly = System(np.concatenate([np.eye(4), kinds]), np.append(np.zeros(4), lowest), names)
    for fractions in rng.dirichlet(np.full(4, 3.0), 50):
        assert nearly.least(fractions).energy == pytest.approx(exactly.least(fractions).energy, abs=1e-7 + 20 * gap)


def test_of_polymorphs_the_most_stable_counts_however_its_formula_is_written() -> None:
    amounts, _ = read_formulas(["TiO2", "Ti2O4", "O2Ti", "BaO"])
    found = Phases(amounts, np.array([-3.2, -3.3, -3.1, -2.8]), ["rutile", "anatase", "brookite", "BaO"])
    least = _least(found, "TiO2")
    assert least.energy == pytest.approx(-3.3)
    assert least.shares == pytest.approx({"anatase": 1.0})


def test_energies_beyond_all_measure_are_still_a_hull() -> None:
    assert _least(_known(LITHIUM_OXIDES | {"Li3O": -1e25}), "Li3O").energy == pytest.approx(-1e25)


# -- in a screen ----------------------------------------------------------------------------------------------


def _candidates(unit: str | None = "eV") -> Any:
    frame = pd.DataFrame(
        {
            "formula": ["BaTiO3", "BaTi2O5", "Ba3TiO5", "BaZnO2", "huh", "TiO2"],
            "energy": [-3.42, -3.3, -2.0, -2.0, -2.0, np.nan],
        }
    )
    return Dataset(frame, [Column("formula", role="material", kind="composition"), Column("energy", unit=unit)])


def _phases_in(folder: Path, phases: dict[str, float] = BARIUM_TITANATE, header: str = "energy (eV)") -> str:
    pd.DataFrame({"formula": list(phases), header: list(phases.values())}).to_csv(folder / "phases.csv", index=False)
    return "phases.csv"


def _screened(folder: Path, state: str = "state", models: tuple[str, ...] = (), **stage: Any) -> Any:
    stage = {"kind": "stability", "hull": 0.05, "phases": "phases.csv"} | stage
    if not models:
        stage.setdefault("column", "energy")
    return screened([stage], _candidates(), folder / state, models, base=folder, units={"energy": "eV"})


def test_near_the_hull_it_stays_and_the_table_says_what_it_competes_with(tmp_path: Path) -> None:
    _phases_in(tmp_path)
    frame, funnel, _ = _screened(tmp_path)
    assert frame["formula"].tolist() == ["BaTiO3", "BaTi2O5"]
    # BaTi2O5 = (5 BaTiO3 + 3 TiO2) / 8 atoms
    assert frame["energy_above_hull"].tolist() == pytest.approx([-0.02, -3.3 + (5 * 3.4 + 3 * 3.2) / 8])
    assert frame["competing_phases"].tolist() == ["BaTiO3", "0.625 BaTiO3 + 0.375 TiO2"]
    assert funnel[-1].title == "energy above the hull of phases.csv at most 0.05"
    assert funnel[-1].reasons == {
        "energy_above_hull above 0.05": 1,
        "no known phase contains Zn": 1,
        "no number for energy_above_hull": 1,
    }


@pytest.mark.parametrize("header", ["energy (meV)", "enthalpy (meV)"])
def test_the_energies_of_the_phases_may_have_another_unit_and_name(tmp_path: Path, header: str) -> None:
    _phases_in(tmp_path, {name: 1000 * energy for name, energy in BARIUM_TITANATE.items()}, header)
    frame, _, _ = _screened(tmp_path, energies=header.split()[0], hull=50, unit="meV")
    assert frame["energy_above_hull"].tolist() == pytest.approx([-0.02, 0.025])


def test_a_prediction_must_be_as_sure_as_is_asked(tmp_path: Path) -> None:
    """The stand-in predicts the mean atomic number, give or take a tenth of it."""
    _phases_in(tmp_path, dict.fromkeys(["BaO", "TiO2", "BaTiO3"], 1.0), "energy")  # so the elements are the hull
    hull = {"models": ("number",), "prediction": "number", "energies": "energy"}
    mean = (56 + 22 + 3 * 8) / 5
    sure, _, _ = _screened(tmp_path, "sure", **hull, hull=1.1 * mean, confidence=0.95)
    unsure, funnel, _ = _screened(tmp_path, "unsure", **hull, hull=1.1 * mean, confidence=0.96)
    assert "BaTiO3" in sure["formula"].tolist()
    assert "BaTiO3" not in unsure["formula"].tolist()
    assert f"energy_above_hull with probability below 0.96 at most {1.1 * mean:g}" in funnel[-1].reasons


def test_what_the_model_cannot_judge_falls_where_that_is_asked(tmp_path: Path) -> None:
    """The stand-in knows its way up to a mean atomic number of 40."""
    _phases_in(tmp_path, dict.fromkeys(["BaO", "TiO2", "BaTiO3"], 1.0), "energy")
    candidates = pd.DataFrame({"formula": ["BaTiO3", "Ba5O"], "energy": 0.0})
    stage = {"kind": "stability", "hull": 99, "phases": "phases.csv", "prediction": "number", "energies": "energy"}
    how: dict[str, Any] = {"models": ("number",), "base": tmp_path}
    frame, funnel, _ = screened([stage | {"domain": "required"}], candidates, tmp_path / "state", **how)
    assert frame["formula"].tolist() == ["BaTiO3"]
    assert funnel[-1].reasons == {"outside the domain of number": 1}


def test_other_phases_are_another_screen(tmp_path: Path) -> None:
    _phases_in(tmp_path)
    _screened(tmp_path)
    _phases_in(tmp_path, BARIUM_TITANATE | {"BaTi2O5": -3.9})
    with pytest.raises(InputError, match="stages"):
        _screened(tmp_path)


@pytest.mark.parametrize(
    ("phases", "stage", "message"),
    [
        ({"Ba": -1.9, "Ti": -7.8, "O": -4.9, "BaTiO3": -8.1}, {}, "those of the elements are not 0"),
        ({"x1": -1.0}, {}, "1 of the phases in phases.csv cannot be read"),
        (BARIUM_TITANATE, {"energies": "energie"}, "no column 'energie'"),
        (BARIUM_TITANATE, {"energies": "formula"}, "has no numbers"),
    ],
)
def test_a_table_that_gives_no_hull_says_why(
    phases: dict[str, float], stage: dict[str, Any], message: str, tmp_path: Path
) -> None:
    _phases_in(tmp_path, phases)
    with pytest.raises(InputError, match=message):
        _screened(tmp_path, **stage)


@pytest.mark.parametrize(
    ("theirs", "own", "message"),
    [
        ("eV/f.u.", "eV", "eV/f.u. is no unit of the energy per atom"),
        ("kJ/mol", "kJ/mol", "kJ/mol is no unit of the energy per atom"),
        ("eV", "eV/atom", "'energy' of phases.csv is in eV, the energy of the candidates in eV/atom"),
        ("kJ/mol/atom", "eV/atom", "in kJ/mol/atom, the energy of the candidates in eV/atom"),
    ],
)
def test_energies_of_other_amounts_than_an_atom_are_refused(
    theirs: str, own: str, message: str, tmp_path: Path
) -> None:
    """The hull of energies of a formula unit is none of thermodynamics, though numbers would come out."""
    _phases_in(tmp_path, header=f"energy ({theirs})")
    stage = {"kind": "stability", "hull": 0.05, "phases": "phases.csv", "column": "energy"}
    with pytest.raises(InputError, match=message):
        screened([stage], _candidates(own), tmp_path / "state", base=tmp_path, units={"energy": own})


def test_candidates_may_be_structures_beside_phases_that_are_formulas(tmp_path: Path) -> None:
    """A table of phases has formulas; what is relaxed has structures."""
    structure = Structure.of(np.eye(3) * 4, ["Ba", "O"], np.eye(3)[:2] * 2).to_json()
    frame = pd.DataFrame({"structure": [structure], "energy": [-2.5]})
    dataset = Dataset(frame, [Column("structure", role="material", kind="structure"), Column("energy", unit="eV")])
    _phases_in(tmp_path)
    stage = {"kind": "stability", "hull": 1, "phases": "phases.csv", "column": "energy"}
    made = screened([stage], dataset, tmp_path / "s", (), "structure", "structure", base=tmp_path)
    assert made[0]["competing_phases"].tolist() == ["BaO"]
    assert made[0]["energy_above_hull"].tolist() == pytest.approx([2.8 - 2.5])


def test_a_file_that_is_not_there_is_a_mistake_of_the_screen(tmp_path: Path) -> None:
    _phases_in(tmp_path)
    with pytest.raises(SpecError) as caught:
        _screened(tmp_path, phases="phase.csv")
    assert caught.value.mistakes[0].hint == "did you mean 'phases.csv'?"


@pytest.mark.parametrize(
    "stage", [{"hull": None, "tau": 4.18}, {"column": None}, {"phases": None, "energies": "energy"}]
)
def test_what_does_not_belong_together_is_refused(stage: dict[str, Any], tmp_path: Path) -> None:
    _phases_in(tmp_path)
    with pytest.raises(ValueError, match="phases"):
        _screened(tmp_path, **stage)


def test_every_element_of_a_formula_is_known_by_its_symbol() -> None:
    assert _known(BARIUM_TITANATE).elements == {COLUMN["Ba"], COLUMN["Ti"], COLUMN["O"]}
