"""Features of compositions equal those of matminer and pymatgen, where these have them."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from matloop.core.composition import COLUMN, parse_formula
from matloop.features.alloy import GAS_CONSTANT, Alloy
from matloop.features.charges import likeliest_states
from matloop.features.electronic import Electronic
from matloop.features.ionic import Ionic
from matloop.features.miedema import Miedema
from matloop.features.oxidation import Oxidation
from matloop.features.stoichiometry import Stoichiometry
from matloop.features.valence import Valence

matminer = pytest.importorskip("matminer.featurizers.composition")
pymatgen = pytest.importorskip("pymatgen.core")

COMPOUNDS = (
    "NaCl MgO Fe2O3 Fe3O4 SrTiO3 LiFePO4 CuSO4 Ca10P6O26H2 YBa2Cu3O7 BaBiO3 Pb3O4 Co3O4 CaCO3 NH4Cl K4FeC6N6 TiO2 "
    "CsPbI3 Bi2Te3 GaAs ZnS CdTe SiC BN AlN MoS2 WSe2 In2O3 SnO2 LaMnO3 NdNiO3 UO2 ThO2 CeO2 Eu2O3 LiCoO2 Na2SO4 "
    "Ti2O3 KMnO4 HgS TlBr AgI AuCl3 PtO2 PdO RuO2 ReO3 OsO4 IrO2 XeF2 Si O2 Fe"
).split()
ALLOYS = (
    "CoCrFeMnNi Al0.3CoCrFeNi TiZrHfNbTa Fe0.7C0.01Cr0.18Ni0.11 Cu0.3Ni0.7 AlLi Zr46Cu46Al8 Fe80B20 Mg65Cu25Y10 Pd2Si "
    "Nd2Fe14B SmCo5 Fe0.62C0.0095Mn0.0012Si0.001Cr0.11Ni0.01Mo0.06V0.001N0.002Nb0.0005Co0.1 TiN WC Al Ni3Al NiTi LiH"
).split()


def of_matminer(featurizer: Any, formulas: list[str], convert: Callable[[str], Any] | None = None) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.array([featurizer.featurize((convert or pymatgen.Composition)(f)) for f in formulas], dtype=float)


def test_stoichiometry() -> None:
    """All norms."""
    theirs = matminer.Stoichiometry()
    np.testing.assert_allclose(Stoichiometry().transform(COMPOUNDS), of_matminer(theirs, COMPOUNDS), rtol=1e-9)
    assert list(Stoichiometry().names) == theirs.feature_labels()


def test_valence() -> None:
    """All shells, means and shares, also beyond the end of the table."""
    formulas = [*COMPOUNDS, *ALLOYS, "OgF2", "CnO"]
    theirs = matminer.ValenceOrbital()
    np.testing.assert_allclose(Valence().transform(formulas), of_matminer(theirs, formulas), rtol=1e-9, atol=1e-12)
    assert list(Valence().names) == theirs.feature_labels()


def test_band_center_and_transition_metals() -> None:
    """The band centre and the fraction of transition metals."""
    formulas = [*COMPOUNDS, *ALLOYS]
    ours = Electronic().transform(formulas)
    np.testing.assert_allclose(ours[:, [0]], of_matminer(matminer.BandCenter(), formulas), rtol=1e-9)
    np.testing.assert_allclose(ours[:, [6]], of_matminer(matminer.TMetalFraction(), formulas), atol=1e-9)


def test_atomic_orbitals() -> None:
    """Energies and shells of the highest filled and lowest empty orbitals, of compounds in whole numbers."""
    ours = Electronic().transform(COMPOUNDS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = [matminer.AtomicOrbitals().featurize(pymatgen.Composition(formula)) for formula in COMPOUNDS]
    for row, (h_shell, _, h_energy, l_shell, _, l_energy, gap) in zip(ours, theirs, strict=True):
        assert row[1:6] == pytest.approx(
            [h_energy, "spdf".index(h_shell), l_energy, "spdf".index(l_shell), gap], abs=1e-9
        )


def test_ionic_character() -> None:
    """Whether a compound is possible, and its ionic characters; of alloys with decimal amounts the characters alone."""
    formulas = [pymatgen.Composition(formula).reduced_formula for formula in COMPOUNDS]
    np.testing.assert_allclose(Ionic().transform(formulas), of_matminer(matminer.IonProperty(), formulas), rtol=1e-9)
    noble = ["HeNe", "KrF2", "CuNi3"]
    np.testing.assert_allclose(Ionic().transform(noble), of_matminer(matminer.IonProperty(), noble), rtol=1e-9)
    assert Ionic().transform(["La0.83Sr0.17MnO3", "La0.83Sr0.17F4"])[:, 0].tolist() == [1, 0]  # matminer raises here


@pytest.mark.parametrize("formula", [formula for formula in COMPOUNDS if len(parse_formula(formula)) > 1])
def test_oxidation_states_are_pymatgens(formula: str) -> None:
    """Each atom gets the state that pymatgen guesses, or none of them where it finds no neutral choice."""
    composition = pymatgen.Composition(formula).reduced_composition
    guessed = composition._get_oxi_state_guesses(False, None, None, 0)[1]
    expected = (
        sorted((COLUMN[e], int(state)) for e, states in guessed[0].items() for state in states) if guessed else None
    )
    elements, atoms = zip(*((COLUMN[e.symbol], int(n)) for e, n in composition.items()), strict=True)
    found = likeliest_states(elements, atoms)
    ours = None if found is None else sorted((ion.element, ion.state) for ion in found for _ in range(ion.atoms))
    assert ours == expected


def test_oxidation_statistics() -> None:
    """Statistics of the oxidation states, and of the electronegativity differences of what is ionic."""
    charged = {f: pymatgen.Composition(f).reduced_composition.add_charges_from_oxi_state_guesses() for f in COMPOUNDS}
    ionic = [f for f, c in charged.items() if any(s.oxi_state > 0 for s in c)]
    assert len(ionic) > 40
    ours = Oxidation().transform(ionic)
    states = of_matminer(matminer.OxidationStates.from_preset("deml"), ionic, charged.__getitem__)
    np.testing.assert_allclose(ours[:, 1:5], states, rtol=1e-9, atol=1e-9)
    differences = of_matminer(matminer.ElectronegativityDiff(), ionic, charged.__getitem__)
    np.testing.assert_allclose(ours[:, 5:10], differences, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("is_imputed", [False, True])
def test_alloys(is_imputed: bool) -> None:
    """The measures of Wen et al. and of Yang & Zhang; matminer's entropy is negative, with R = 8.314 J/mol/K."""
    known = [formula for formula in ALLOYS if formula != "LiH"]  # nobody knows the cohesive energy of hydrogen
    formulas = [*ALLOYS, "FeO", "NiS2", "CoCl2", "PuNe"] if is_imputed else known
    theirs = matminer.WenAlloys(impute_nan=is_imputed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = [theirs.featurize(pymatgen.Composition(formula)) for formula in formulas]
    expected = {name: np.array([row[i] for row in rows]) for i, name in enumerate(theirs.feature_labels())}
    made = Alloy(impute=is_imputed)
    ours = dict(zip(made.names, made.transform(formulas).T, strict=True))
    gas = GAS_CONSTANT / 8.314
    same = {
        "radius delta": expected["Yang delta"],
        "omega": expected["Yang omega"] * gas,
        "radius local mismatch": expected["Radii local mismatch"],
        "radius gamma": expected["Radii gamma"],
        "mixing entropy": -1000 * gas * expected["Configuration entropy"],
        "electronegativity delta": expected["Electronegativity delta"],
        "electronegativity local mismatch": expected["Electronegativity local mismatch"],
        "VEC": expected["VEC mean"],
        "cohesive energy": expected["Mean cohesive energy"],
        "shear modulus": expected["Shear modulus mean"],
        "shear modulus delta": expected["Shear modulus delta"],
        "shear modulus local mismatch": expected["Shear modulus local mismatch"],
        "shear modulus strength": expected["Shear modulus strength model"],
    }
    for name, values in same.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-9, atol=1e-9, err_msg=name)
    enthalpy = np.abs(ours["mixing enthalpy"])
    np.testing.assert_allclose(np.maximum(enthalpy, 1e-6), expected["Mixing enthalpy"], rtol=1e-9)
    is_spread = ours["radius delta"] > 1e-9
    entropy = -1000 * gas * expected["Lambda entropy"]
    np.testing.assert_allclose(ours["lambda"][is_spread], entropy[is_spread], rtol=1e-9)


@pytest.mark.parametrize("is_imputed", [False, True])
def test_miedema(is_imputed: bool) -> None:
    """The enthalpies of compound, glass and solid solution, with matminer's idea of a transition metal."""
    formulas = ALLOYS if not is_imputed else [*ALLOYS, "FeO", "NiS2"]
    expected = of_matminer(matminer.Miedema(impute_nan=is_imputed), formulas)
    ours = Miedema(impute=is_imputed, as_matminer=True).transform(formulas)
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-12)
