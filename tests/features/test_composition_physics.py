"""What must hold of features of compositions whatever the elements."""

import numpy as np
import pytest
from formulas import FORMULAS, scaled
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from matloop.core.composition import COLUMN, SYMBOLS, read_formulas
from matloop.features.alloy import GAS_CONSTANT, Alloy
from matloop.features.base import FeatureError, Featurizer
from matloop.features.charges import can_be_neutral, likeliest_mixture, likeliest_states, whole_atoms
from matloop.features.electronic import Electronic
from matloop.features.ionic import Ionic
from matloop.features.miedema import Miedema
from matloop.features.oxidation import Oxidation
from matloop.features.stoichiometry import Stoichiometry
from matloop.features.valence import Valence

METALS = "Al Ti V Cr Mn Fe Co Ni Cu Zr Nb Mo Hf Ta W".split()


def described(featurizer: Featurizer, formula: str) -> dict[str, float]:
    return dict(zip(featurizer.names, featurizer.transform([formula])[0].tolist(), strict=True))


@given(FORMULAS)
def test_norms_fall_with_their_order(parts: dict[str, int]) -> None:
    """A higher norm is smaller, all but the zeroth lie in (0, 1], and all are 1 for an element alone."""
    counted, *norms = Stoichiometry().transform([scaled(parts, 1)])[0]
    assert counted == len(parts)
    assert np.all(np.diff(norms) <= 1e-12)
    assert 0 < norms[-1] <= norms[0] <= 1 + 1e-12
    if len(parts) == 1:
        assert np.allclose(norms, 1)


def test_norms_are_not_negative() -> None:
    """There is no norm of negative order."""
    with pytest.raises(FeatureError, match="no -1-norm"):
        Stoichiometry(p=(2, -1)).transform(["Fe"])


@given(FORMULAS)
def test_shares_of_shells_sum_to_one(parts: dict[str, int]) -> None:
    """Every valence electron is in one of the shells s, p, d, f."""
    values = Valence().transform([scaled(parts, 1)])[0]
    assert values[4:].sum() == pytest.approx(1)
    assert np.allclose(values[:4], values[4:] * values[:4].sum())


@given(st.dictionaries(st.sampled_from(SYMBOLS[2:92]), st.integers(1, 6), min_size=1, max_size=4))
def test_electrons_fill_orbitals_from_below(parts: dict[str, int]) -> None:
    """The lowest empty orbital is never below the highest filled one, none is unbound; the gap is their distance."""
    values, failures = Electronic().features([scaled(parts, 1)])
    assume(not failures)
    _, homo, _, lumo, _, gap, _ = values[0]
    assert homo <= lumo <= 0
    assert gap == pytest.approx(lumo - homo)


def test_half_filled_shells_have_no_gap() -> None:
    """Sodium's outermost electron is alone in its orbital; in NaCl that electron fills chlorine's."""
    assert described(Electronic(), "Na")["atomic orbital gap"] == 0
    salt = described(Electronic(), "NaCl")
    assert (salt["HOMO shell"], salt["LUMO shell"]) == (1, 0)
    assert salt["atomic orbital gap"] > 0


def test_where_orbitals_are_not_known() -> None:
    """Beyond uranium stands uranium, and an empty orbital that is not bound lies at zero; or both are failures."""
    assert described(Electronic(), "Ne")["LUMO energy"] == 0
    assert described(Electronic(), "NpO2")["HOMO energy"] == described(Electronic(), "UO2")["HOMO energy"]
    failures = Electronic(impute=False).features(["Ne", "MgO", "NpO2"]).failures
    assert failures == {0: "has no empty orbital", 2: "Np has no known orbital energies"}


@given(FORMULAS)
def test_ionic_character_is_a_share(parts: dict[str, int]) -> None:
    """Ionic characters lie between 0 and 1, and are 0 for an element alone."""
    _, most, mean = Ionic().transform([scaled(parts, 1)])[0]
    assert 0 <= mean <= most < 1
    assert (most == 0) or len(parts) > 1


@given(st.dictionaries(st.sampled_from("O S N F Fe Mn V Ti Na Ca Cu C P".split()), st.integers(1, 9), min_size=2))
def test_ions_are_neutral_together(parts: dict[str, int]) -> None:
    """The chosen oxidation states use every atom once, and their charges cancel; or there is no choice."""
    elements, atoms = [COLUMN[symbol] for symbol in parts], list(parts.values())
    ions = likeliest_states(elements, atoms)
    if ions is None:
        return
    assert sum(ion.state * ion.atoms for ion in ions) == 0
    for element, n in zip(elements, atoms, strict=True):
        assert sum(ion.atoms for ion in ions if ion.element == element) == n


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from("Na Fe Cu Mn O F Cl S".split()), st.integers(1, 4), min_size=2, max_size=3))
def test_neutral_choices_are_found_by_trying_all(parts: dict[str, int]) -> None:
    """Whether a formula can be neutral is what trying every state for every atom says."""
    from itertools import combinations_with_replacement, product

    from matloop.features.charges import common_states

    elements, atoms = [COLUMN[symbol] for symbol in parts], list(parts.values())
    sums = [
        {sum(c) for c in combinations_with_replacement(common_states(e), n)}
        for e, n in zip(elements, atoms, strict=True)
    ]
    assert can_be_neutral(elements, atoms) == any(sum(choice) == 0 for choice in product(*sums))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_whole_atoms_keep_ratios(amounts: list[int]) -> None:
    """Fractions become the smallest whole numbers in the same ratio."""
    total, divisor = sum(amounts), np.gcd.reduce(amounts)
    found = whole_atoms(np.array([amounts]) / total, most=200)
    assert found[0].tolist() == [amount // divisor for amount in amounts]


def test_mixed_valence() -> None:
    """In magnetite two thirds of the iron are Fe3+; in an alloy and in a steel nothing is charged."""
    magnetite = described(Oxidation(), "Fe3O4")
    assert (magnetite["minimum oxidation state"], magnetite["maximum oxidation state"]) == (-2, 3)
    assert magnetite["cation fraction"] == pytest.approx(3 / 7)
    assert magnetite["charge balanced"] == 1
    assert not any(described(Oxidation(), "CuNi").values())
    assert not any(described(Oxidation(), "Fe0.7312C0.0127Cr0.2561").values())


@given(st.dictionaries(st.sampled_from("O S N F Fe Mn V Ti Na Ca Cu C P".split()), st.floats(0.01, 1), min_size=2))
def test_mixtures_are_neutral_together(parts: dict[str, float]) -> None:
    """The states of decimal amounts use all of each element, and their charges cancel; or there is no choice."""
    elements, total = [COLUMN[symbol] for symbol in parts], sum(parts.values())
    ions = likeliest_mixture(elements, [amount / total for amount in parts.values()])
    if ions is None:
        return
    assert sum(ion.state * ion.atoms for ion in ions) == pytest.approx(0, abs=1e-6)
    for element, amount in zip(elements, parts.values(), strict=True):
        assert sum(ion.atoms for ion in ions if ion.element == element) == pytest.approx(amount / total, abs=1e-6)


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from("O F Fe Mn V Cu Na".split()), st.integers(1, 3), min_size=2, max_size=3))
def test_many_atoms_gain_most(parts: dict[str, int]) -> None:
    """No linear program finds a likelier neutral mixture of oxidation states."""
    from scipy.optimize import linprog

    from matloop.features.charges import _states, _weights

    elements, total = [COLUMN[symbol] for symbol in parts], sum(parts.values())
    fractions = [amount / total for amount in parts.values()]
    options = [(i, s, w) for i, e in enumerate(elements) for s, w in zip(_states(e), _weights(e), strict=True)]
    rows = [[float(i == j) for i, _, _ in options] for j in range(len(elements))] + [[float(s) for _, s, _ in options]]
    best = linprog([-w for _, _, w in options], A_eq=rows, b_eq=[*fractions, 0.0])
    ions = likeliest_mixture(elements, fractions)
    assert (ions is None) == (not best.success)
    if ions is not None:
        score = sum(
            ion.atoms * dict(zip(_states(ion.element), _weights(ion.element), strict=True))[ion.state] for ion in ions
        )
        assert score == pytest.approx(-best.fun, rel=1e-6)


def test_a_doping_is_a_mixture() -> None:
    """Of La0.83Sr0.17MnO3, whose strontium oxidizes manganese, lanthanum keeps its three charges."""
    formula = read_formulas(["La0.83Sr0.17MnO3"])[0]
    ions = likeliest_mixture(formula.elements.tolist(), formula.fractions.tolist())
    assert ions is not None
    states = {SYMBOLS[ion.element]: ion.state for ion in ions if SYMBOLS[ion.element] != "Mn"}
    assert states == {"La": 3, "Sr": 2, "O": -2}
    manganese = sum(ion.state * ion.atoms for ion in ions if SYMBOLS[ion.element] == "Mn")
    assert 5 * manganese == pytest.approx(6 - 3 * 0.83 - 2 * 0.17)


@given(st.lists(st.sampled_from(METALS), min_size=1, max_size=6, unique=True))
def test_equal_shares_mix_best(metals: list[str]) -> None:
    """The mixing entropy of n elements in equal shares is R ln n, and no other shares of them have more."""
    n = len(metals)
    even = described(Alloy(), "".join(metals))
    uneven = described(Alloy(), "".join(f"{metal}{i + 1}" for i, metal in enumerate(metals)))
    assert even["mixing entropy"] == pytest.approx(GAS_CONSTANT * np.log(n), abs=1e-12)
    assert uneven["mixing entropy"] <= even["mixing entropy"] + 1e-12


@given(st.sampled_from(METALS))
def test_a_metal_alone_mixes_nothing(metal: str) -> None:
    """Of a pure metal, all that tells of mixing and mismatch is zero, and the size ratio is one."""
    pure = described(Alloy(), metal)
    spreads = [
        name for name in pure if "delta" in name or "mismatch" in name or "mixing" in name or "deviation" in name
    ]
    assert len(spreads) == 9
    assert not any(pure[name] for name in [*spreads, "omega", "lambda", "shear modulus strength"])
    assert pure["radius gamma"] == pytest.approx(1)


def test_equal_radii_leave_lambda_finite() -> None:
    """Copper and nickel have the same radius: what would be divided by zero is zero."""
    assert described(Alloy(), "Cu0.3Ni0.7")["lambda"] == 0


def test_known_alloys() -> None:
    """The Cantor alloy mixes with nearly no heat; aluminium and nickel attract each other, silver and copper do not."""
    cantor = described(Alloy(), "CoCrFeMnNi")
    assert cantor["mixing enthalpy"] == pytest.approx(-4.16, abs=0.01)  # Takeuchi & Inoue's pairs, as often published
    assert cantor["VEC"] == pytest.approx(8)
    assert described(Alloy(), "AlNi")["mixing enthalpy"] < -20
    assert described(Alloy(), "AgCu")["mixing enthalpy"] > 0
    # De Boer et al. 1988: −48, −32 and −43 kJ/mol
    for formula, published in (("NiAl", -48), ("FeAl", -32), ("CoAl", -43)):
        enthalpy = 96.4853 * described(Miedema(), formula)["Miedema enthalpy of compound"]
        assert enthalpy == pytest.approx(published, abs=0.6)
    assert described(Miedema(), "AgCu")["Miedema enthalpy of solid solution"] > 0


def test_what_alloys_have_no_data_for_is_named() -> None:
    """An oxide is no alloy: the element without data and what is lacking are named."""
    assert "O has no known electronegativity" in Alloy().features(["FeO"]).failures[0]
    assert "O has no known molar_volume" in Miedema().features(["FeO"]).failures[0]
    assert not Alloy(impute=True).features(["FeO"]).failures
