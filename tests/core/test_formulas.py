"""Formulas are read right and fast, and refused clearly."""

import pickle
import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matloop.core.composition import (
    COLUMN,
    SYMBOLS,
    FormulaError,
    canonical_formula,
    elements_of,
    fraction_matrix,
    parse_formula,
    read_formulas,
)
from matloop.core.errors import MissingExtra

AMOUNTS = st.one_of(st.integers(1, 20), st.floats(0.001, 20).map(lambda x: round(x, 3)))
PARTS = st.dictionaries(st.sampled_from(SYMBOLS), AMOUNTS, min_size=1, max_size=6)


def written(parts: dict[str, float]) -> str:
    return "".join(f"{symbol}{amount}" for symbol, amount in parts.items())


@given(PARTS)
def test_what_is_written_is_read(parts: dict[str, float]) -> None:
    """Elements with amounts are read as they are written, also decimal ones."""
    assert parse_formula(written(parts)) == parts


@pytest.mark.parametrize(
    ("formula", "amounts"),
    [
        ("Ca(OH)2", {"Ca": 1, "O": 2, "H": 2}),
        ("CuSO4·5H2O", {"Cu": 1, "S": 1, "O": 9, "H": 10}),
        ("K4[Fe(CN)6]", {"K": 4, "Fe": 1, "C": 6, "N": 6}),
        ("Fe₂O₃", {"Fe": 2, "O": 3}),
        ("Fe2 O3", {"Fe": 2, "O": 3}),
        ("SO4^2-", {"S": 1, "O": 4}),
        ("Li0.5CoO2", {"Li": 0.5, "Co": 1, "O": 2}),
        ("LiNi0,8Co0,2O2", {"Li": 1, "Ni": 0.8, "Co": 0.2, "O": 2}),
        ("(Mg0,9Fe0,1)SiO3", {"Mg": 0.9, "Fe": 0.1, "Si": 1, "O": 3}),
        ("C2.5e-1Fe", {"C": 0.25, "Fe": 1}),
        ("CH3COOH", {"C": 2, "H": 4, "O": 2}),
        ("Fe0O2", {"O": 2}),
    ],
)
def test_notations(formula: str, amounts: dict[str, float]) -> None:
    """Brackets, hydrates, subscripts, charges, decimals with point or comma and repeated elements are understood."""
    assert parse_formula(formula) == amounts


@pytest.mark.parametrize(
    ("formula", "why"),
    [
        ("", "is empty"),
        (None, "is no text"),
        ("Xx2", "has no element 'Xx'"),
        ("Ca(OH2", "bracket that is not closed"),
        ("CaOH)2", "closes a bracket that was not opened"),
        ("Fe0", "no element in a positive amount"),
        ("2", "cannot be read"),
        ("Fe1e308O1e308", "amounts beyond all numbers"),
        ("(Fe1e200O)1e200", "amounts beyond all numbers"),
        ("(Fe1e-200O1e-200)1e-200", "no element in a positive amount"),
        ("Na2+", "could also be an amount"),
        ("A" * 501, "longer than 500"),
        ("(" * 30 + "O" + ")" * 30, "brackets within each other"),
    ],
)
def test_refusals(formula: str, why: str) -> None:
    """What is no formula is refused with the reason, one by one and among others."""
    with pytest.raises(FormulaError, match=re.escape(why)):
        parse_formula(formula)
    amounts, failures = read_formulas(["Fe", formula, "O2"])
    assert len(amounts) == 2
    assert list(failures) == [1]
    assert why in failures[1]


LETTERS = st.lists(
    st.sampled_from(
        ["Fe", "O", "H", "D", "Xx", "(", ")", "[", "]", "2", "0.5", ".", "1e3", "·", "+", "^2-", " ", "\n", "₂"]
    ),
    max_size=8,
).map("".join)


@given(st.lists(LETTERS, max_size=12))
def test_many_are_read_like_one(formulas: list[str]) -> None:
    """Reading many formulas at once gives exactly what reading each gives, the reasons of refusals too."""
    amounts, failures = read_formulas(formulas)
    i = 0
    for place, formula in enumerate(formulas):
        expected: dict[int, float] = {}
        if place in failures:
            with pytest.raises(FormulaError, match=re.escape(failures[place])):
                parse_formula(formula)
            continue
        for symbol, amount in parse_formula(formula).items():
            expected[COLUMN[symbol]] = expected.get(COLUMN[symbol], 0.0) + amount
        here = slice(amounts.starts[i], amounts.starts[i + 1])
        assert dict(zip(amounts.elements[here].tolist(), amounts.amounts[here].tolist(), strict=True)) == expected
        i += 1
    assert i == len(amounts)


@given(PARTS)
def test_brackets_multiply(parts: dict[str, float]) -> None:
    """What stands in brackets counts as often as the number behind them says, whichever way it is read."""
    single, double = (read_formulas([text])[0] for text in (written(parts), f"({written(parts)})2"))
    assert np.array_equal(double.amounts, 2 * single.amounts)
    assert parse_formula(f"({written(parts)})2") == {symbol: 2 * amount for symbol, amount in parts.items()}


def test_more_formulas_than_a_chunk() -> None:
    """Places of failures are right beyond the first chunk."""
    formulas = ["Fe2O3"] * 45_000
    formulas[3], formulas[44_444] = "Zz", "?"
    matrix, failures = fraction_matrix(formulas)
    assert list(failures) == [3, 44_444]
    assert matrix.shape == (45_000, 118)
    assert np.allclose(np.delete(matrix, [3, 44_444], axis=0).sum(axis=1), 1)
    assert matrix[44_444].sum() == 0


def test_no_formulas() -> None:
    """Nothing is read from nothing."""
    amounts, failures = read_formulas([])
    assert len(amounts) == 0
    assert not failures
    assert amounts.matrix.shape == (0, 118)


@given(PARTS)
@example({"H": 17, "He": 0.301, "Li": 0.107})  # summed in another order, its hydrogen was rounded the other way
def test_one_way_to_write(parts: dict[str, float]) -> None:
    """The order of elements and a whole factor do not change the canonical formula."""
    backwards = dict(reversed(list(parts.items())))
    tripled = {symbol: 3 * amount for symbol, amount in parts.items()}
    assert canonical_formula(written(parts)) == canonical_formula(written(backwards))
    assert elements_of(canonical_formula(written(tripled))) == tuple(sorted(parts))


def test_errors_come_whole_out_of_other_processes() -> None:
    """An error keeps its message and hint when it is sent from a worker, whatever its arguments were."""
    error = pickle.loads(pickle.dumps(MissingExtra("rdkit", "molecules")))
    assert isinstance(error, MissingExtra)
    assert error.message == "rdkit is not installed"
    assert "matloop[molecules]" in error.hint
