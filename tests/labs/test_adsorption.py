"""Adsorption by Monte Carlo: thermodynamics that must hold, and a native library that may come to harm."""

import sys
from pathlib import Path

import numpy as np
import pytest
from known_crystals import lta, mfi, rotated, shifted

from matloop.core.errors import InputError, LabError
from matloop.core.objective import Maximize
from matloop.core.parameter import Real
from matloop.core.space import Space
from matloop.core.structure import Structure
from matloop.labs.calculators import adsorption as module
from matloop.labs.calculators.adsorption import adsorption
from matloop.labs.calculators.force_fields import FORCE_FIELDS, KELVIN, SOURCES, sites_of
from matloop.labs.calculators.gases import GASES, Bead
from matloop.labs.function import FunctionLab

#: A box of 2 x 2 x 2 cells of all-silica LTA, where a run takes a second.
QUICK = {"force_field": "trappe_zeo", "cutoff": 8.0, "cycles": 400, "equilibration": 150}

needs_raspa = pytest.mark.usefixtures("raspa")


@pytest.fixture
def raspa() -> None:
    pytest.importorskip("raspalib", exc_type=ImportError)


@needs_raspa
@pytest.mark.slow
def test_methane_in_silicalite() -> None:
    """At 298 K and 1 bar 0.52 mol/kg with the methane of Martin et al. 2001, as RASPA's own example has it."""
    heavier = GASES["CH4"]._replace(beads=(Bead("CH4", 158.5, 3.72, 0.0, 16.04246),))
    found = adsorption(mfi(), gas=heavier, force_field="trappe_zeo", pressure=1e5, cycles=900, equilibration=400)
    assert found["uptake"] == pytest.approx(0.523, abs=0.05)
    assert 0 < found["uptake_std"] < 0.04
    assert 17 < found["heat_of_adsorption"] < 22  # kJ/mol; calorimeters say 20 to 21


@needs_raspa
def test_units_are_those_of_the_same_molecules() -> None:
    """mg/g by the molar mass of methane, cm³(STP)/cm³ by the framework's density, molecules by its mass."""
    structure = lta()
    found = adsorption(structure, **QUICK, pressure=1e6)
    assert found["uptake_mg_per_g"] == pytest.approx(16.0425 * found["uptake"])
    grams_per_mol = 24 * (28.085 + 2 * 15.999)
    density = grams_per_mol / 0.602214076 / structure.volume
    assert found["uptake_cm3_per_cm3"] == pytest.approx(22.41397 * found["uptake"] * density, rel=1e-3)
    assert found["molecules_per_cell"] == pytest.approx(found["uptake"] * grams_per_mol / 1000, rel=1e-4)


@needs_raspa
@pytest.mark.slow
def test_little_gas_obeys_henry_and_more_pressure_brings_more() -> None:
    """At low pressure uptake is proportional to pressure, to within the errors; then it grows more slowly."""
    pressures, cycles = np.array([2e4, 1e5, 4e6, 4e7]), [1500, 800, 300, 150]
    found = [
        adsorption(lta(), **QUICK | {"cycles": n}, pressure=p, seed=3) for p, n in zip(pressures, cycles, strict=True)
    ]
    uptake, error = (np.array([each[name] for each in found]) for name in ("uptake", "uptake_std"))
    slope = uptake / pressures
    assert abs(slope[0] - slope[1]) < 4 * np.hypot(error[0] / pressures[0], error[1] / pressures[1])
    assert (np.diff(uptake) > 0).all()
    assert slope[3] < 0.5 * slope[2] < slope[1]


@needs_raspa
def test_the_same_seed_gives_the_same_answer() -> None:
    """And another seed another one, within the errors of both."""
    one, same, other = (adsorption(lta(), **QUICK, pressure=2e5, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    apart = abs(one["uptake"] - other["uptake"])
    assert apart < 5 * np.hypot(one["uptake_std"], other["uptake_std"])


@needs_raspa
def test_uptake_belongs_to_the_framework() -> None:
    """Turned, moved out of its cell: the same within the errors."""
    known = adsorption(lta(), **QUICK, pressure=1e6)
    moved = adsorption(rotated(shifted(lta(), (1.3, -0.4, 0.2)), 5), **QUICK, pressure=1e6)
    assert abs(known["uptake"] - moved["uptake"]) < 5 * np.hypot(known["uptake_std"], moved["uptake_std"])


@needs_raspa
@pytest.mark.slow
def test_carbon_dioxide_feels_the_charges_of_the_framework() -> None:
    """Twice those of silica hold it faster than none; and without any it is still bound more strongly than nitrogen."""
    quick = QUICK | {"cycles": 100, "equilibration": 50}
    twice = [3.0 if symbol == "Si" else -1.5 for symbol in lta().symbols]
    charged, neutral = (adsorption(lta(), gas="CO2", **quick, charges=charges) for charges in (twice, "none"))
    nitrogen = adsorption(lta(), gas="N2", **quick, charges="none")
    assert charged["uptake"] > 1.3 * neutral["uptake"]
    assert neutral["uptake"] > 2 * nitrogen["uptake"] > 0


@needs_raspa
def test_a_crash_of_the_library_is_an_error_of_the_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    """matloop lives on, and says how the other process ended and what it said last."""
    program = "import os, sys; sys.stdin.read(); print('out of luck', file=sys.stderr, flush=True); os.abort()"
    monkeypatch.setattr(module, "COMMAND", (sys.executable, "-c", program))
    with pytest.raises(LabError, match="out of luck"):
        adsorption(lta(), **QUICK)


@needs_raspa
def test_a_deadline_ends_it() -> None:
    """A run that takes too long is given up, with a hint."""
    with pytest.raises(LabError, match=r"not done after 0\.5 s") as raised:
        adsorption(lta(), force_field="trappe_zeo", cycles=1_000_000, deadline=0.5)
    assert "deadline" in raised.value.hint


@needs_raspa
def test_it_is_a_lab(tmp_path: Path) -> None:
    """A function of the point: one trial with its value and its uncertainty, one that fails by its own fault."""

    def uptake(pressure: float) -> dict[str, object]:
        found = adsorption(lta(), **QUICK, pressure=pressure)
        return {"uptake": {"value": found["uptake"], "std": found["uptake_std"], "unit": "mol/kg"}}

    lab = FunctionLab(uptake, effect="none")
    lab.prepare(Space(pressure=Real(-1, 1e7, unit="Pa")), [Maximize("uptake", unit="mol/kg")], tmp_path, tmp_path)
    good, bad = lab.rehearse([{"pressure": 1e6}, {"pressure": -1.0}], np.random.default_rng(0))
    assert good.values["uptake"] > 0
    assert 0 < good.std["uptake"] < good.values["uptake"]
    assert "pressure is a positive number" in (bad.failed or "")


OPEN = Structure.of(None, ["Si", "O"], [[0, 0, 0], [0, 0, 1.6]])
SHARED = Structure(np.eye(3) * 12.0, np.zeros((1, 3)), ({"Si": 0.5, "Al": 0.5},))
LARGE = Structure.of(np.diag([1.1, 1.1, 30.0]), ["Si"], [[0, 0, 0]])
WRONG = {
    "no such gas": ({"gas": "CH3"}, "no gas 'CH3'"),
    "no such field": ({"force_field": "ufff"}, "no force field 'ufff'"),
    "element unknown to the field": ({"force_field": {"O": (1, 3)}}, "Si"),
    "no cell": ({"structure": OPEN}, "no cell"),
    "disordered": ({"structure": SHARED}, "disordered"),
    "no structure": ({"structure": "MFI"}, "no structure"),
    "no file": ({"structure": "nowhere.cif"}, "cannot be read"),
    "too large": ({"structure": LARGE, "cutoff": 60.0}, "would have"),
    "no charges": ({"gas": "CO2", "force_field": "uff"}, "does not have"),
    "charges of another framework": ({"charges": [1.0]}, "1 charges for 72 sites"),
    "charged framework": ({"charges": [0.5] * 72}, "sum to 36"),
    "charges by a word": ({"charges": "some"}, "or 'none'"),
    "no pressure": ({"pressure": 0.0}, "pressure is a positive number"),
    "no temperature": ({"temperature": float("nan")}, "temperature is a positive number"),
    "no cycles": ({"cycles": 0}, "at least 5 cycles"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_simulated_is_refused_before(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mistake has its message, and no process is started."""
    monkeypatch.setattr(module, "_simulated", lambda *_: pytest.fail("started"))
    settings, expected = WRONG[wrong]
    with pytest.raises(InputError, match=expected):
        adsorption(**{"structure": lta(), "force_field": "trappe_zeo"} | settings)


def test_a_cif_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that ends in .cif names a file; what is wrong with it is told."""
    pytest.importorskip("pymatgen")
    from pymatgen.io.cif import CifWriter

    from matloop.datasets.conversion import to_pymatgen

    path = tmp_path / "lta.cif"
    CifWriter(to_pymatgen(lta())).write_file(path)
    tasks: list[dict[str, object]] = []
    answer = {"molecules": [8.0, 2.776], "mass": 8e3, "volume": 1e4, "enthalpy": [float("nan"), 0.0]}
    monkeypatch.setattr(module, "_simulated", lambda task, deadline: tasks.append(task) or answer)
    found = adsorption(str(path), force_field="trappe_zeo")
    assert len(tasks[0]["atoms"]) == 72
    assert (found["uptake"], found["uptake_std"]) == (1.0, 0.125)
    assert "heat_of_adsorption" not in found  # there is none without molecules that come and go
    path.write_text("data_nothing\n")
    with pytest.raises(InputError, match=r"lta\.cif: it has no cell"):
        adsorption(path)


def test_the_box_is_twice_as_thick_as_the_cutoff() -> None:
    """Along each vector, also of a slanted cell: no molecule meets its own image."""
    lattice = np.array([[10.0, 0, 0], [8.0, 6.0, 0], [0, 0, 30.0]])
    lengths, angles, copies = module._cell(Structure.of(lattice, ["Si"], [[0, 0, 0]]), 12.0)
    assert lengths == pytest.approx([10, 10, 30])
    assert angles == pytest.approx([90, 90, np.degrees(np.arccos(0.8))])
    assert copies == [4, 4, 1]  # the first two are 6 Å apart


def test_parameters_are_those_of_the_papers() -> None:
    """UFF as in RDKit for all elements that both know; minimum and depth follow from σ and ε."""
    known = pytest.importorskip("rdkit.Chem.rdForceFieldHelpers")
    from rdkit import Chem, rdBase

    compared = 0
    with rdBase.BlockLogs():
        for element, site in FORCE_FIELDS["uff"].items():
            pair = Chem.MolFromSmiles(f"[{element}].[{element}]", sanitize=False)
            Chem.SanitizeMol(pair)
            if (parameters := known.GetUFFVdWParams(pair, 0, 1)) is None:
                continue
            compared += 1
            assert parameters == pytest.approx((site.sigma * 2 ** (1 / 6), site.epsilon / KELVIN), abs=1e-6), element
    assert compared > 25


def test_dreiding_takes_metals_from_uff() -> None:
    """Carbon has its own parameters, zinc those of UFF; each field says where it is from."""
    fields = {name: sites_of(name, {"Zn", "C"}) for name in ("uff", "dreiding")}
    assert fields["uff"]["Zn"] == fields["dreiding"]["Zn"]
    assert fields["dreiding"]["C"].epsilon == pytest.approx(47.856, abs=1e-3)
    assert fields["dreiding"]["C"].sigma == pytest.approx(3.473, abs=1e-3)
    assert set(SOURCES) == set(FORCE_FIELDS)


@pytest.mark.parametrize("gas", GASES)
def test_gases_are_neutral_and_weigh_what_they_weigh(gas: str) -> None:
    """Charges sum to nothing, masses to the molar mass."""
    assert sum(bead.charge for bead in GASES[gas].beads) == pytest.approx(0)
    assert GASES[gas].mass == pytest.approx({"CH4": 16.043, "CO2": 44.010, "N2": 28.013}[gas], abs=0.002)


@needs_raspa
def test_it_is_the_last_stage_of_a_screen(tmp_path: Path) -> None:
    """Found by its name; a framework that the field does not know falls with the reason, the other has its uptake."""
    import pandas as pd

    from matloop.discovery.screen_parts import find_calculator
    from matloop.screening.candidates import Candidates
    from matloop.screening.stage import Scene
    from matloop.screening.stages.calculator import Calculator

    stage = Calculator(calculator="adsorption", settings=QUICK | {"pressure": 1e6})
    strange = Structure.of(np.eye(3) * 12.0, ["Og"], [[0, 0, 0]])
    frame = pd.DataFrame({"id": [1, 2], "structure": [lta().to_json(), strange.to_json()]})
    calculation = stage.ready(Scene(columns=("id", "structure"), find_calculator=find_calculator, base=tmp_path))
    results = [calculation.calculate(given) for given in calculation.given(Candidates(frame))]
    assert results[0]["values"]["uptake"] > 0
    assert "no parameters for Og" in results[1]["failed"]
