"""Choices of which a model knows more than the names."""

import numpy as np
import pytest
from pydantic import ValidationError

from matloop.core.choice import Choice
from matloop.core.errors import MissingExtra
from matloop.core.molecule import BITS, canonical, fingerprints
from matloop.core.pool import Pool
from matloop.core.space import Space

SOLVENTS = {"water": "O", "ethanol": "CCO", "propanol": "CCCO", "toluene": "Cc1ccccc1"}


def test_descriptors_replace_the_names_scaled_and_without_the_constant_ones():
    choice = Choice(["a", "b", "c"], descriptors={"pKa": [4, 5, 9], "same": [1, 1, 1], "log P": [0.5, -1.5, 0]})
    assert choice.features("acid") == ("acid pKa", "acid log P")
    seen = choice.encode("acid", {"acid": np.array(["c", "a"], object)})
    np.testing.assert_allclose(seen, [[1, 0.75], [0, 1]])


def test_options_keep_their_types_beside_descriptors():
    choice = Choice([1, 2.5, "none"], descriptors={"x": [0, 1, 2]})
    assert choice.from_unit("n", np.array([[0.0], [0.5], [0.9]]))["n"].tolist() == [1, 2.5, "none"]


def test_an_achieved_value_that_is_no_option_is_like_none_of_them():
    seen = Choice(["a", "b"]).encode("s", {"s": np.array(["a", "spilt"], object)})
    assert seen[1].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"descriptors": {"x": [1]}}, "descriptor 'x' has 1 values for 2 options"),
        ({"descriptors": {"x": [1, 1]}}, "'a' and 'b' have the same descriptors"),
        ({"descriptors": {}}, "descriptors has no column"),
        ({"descriptors": {"x": [1, float("nan")]}}, "finite number"),
        ({"smiles": {"a": "C", "bb": "CC"}}, "names 'bb', which is no option; did you mean 'b'"),
        ({"smiles": {"a": "C"}}, "no entry for 'b'"),
    ],
)
def test_descriptions_that_do_not_fit_are_refused_with_the_reason(settings, said):
    with pytest.raises(ValidationError, match=said):
        Choice(["a", "b"], **settings)


def test_options_that_are_numbers_are_no_smiles():
    with pytest.raises(ValidationError, match="must be text"):
        Choice([1, 2], smiles=True)


def test_a_table_describes_the_options_whatever_its_order():
    table = {
        "id": np.array([7, 8, 9]),
        "name": np.array(["b", "a", "unused"], object),
        "pKa": np.array([5.0, 4.0, np.nan]),
    }
    choice = Choice(["a", "b"], descriptors="acids.csv")
    with pytest.raises(ValueError, match=r"acids\.csv' have not been read"):
        choice.features("s")
    described = choice.described_by(table)
    assert described.descriptors == {"id": (8.0, 7.0), "pKa": (4.0, 5.0)}
    assert Choice.model_validate(described.model_dump()) == described


def test_an_option_without_a_row_is_told_with_the_nearest_name():
    table = {"name": np.array(["water", "ethanol"], object), "x": np.array([1, 2])}
    with pytest.raises(ValueError, match=r"'watr' has no row in t\.csv; did you mean 'water'"):
        Choice(["watr", "ethanol"], descriptors="t.csv").described_by(table)


def test_a_missing_package_is_named_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "rdkit", None)
    space = Space(s=Choice(["O", "CCO"], smiles=True))
    assert [str(m) for m in space.mistakes()] == [
        'space.s.options: rdkit is not installed (pip install "matloop[molecules]")'
    ]
    with pytest.raises(MissingExtra):
        space.encode(space.columns([{"s": "O"}]))
    assert space.point({"s": "O"}) == {"s": "O"}


def test_molecules_are_seen_by_their_fingerprints():
    pytest.importorskip("rdkit")
    choice = Choice(list(SOLVENTS), smiles=SOLVENTS, descriptors={"boils": [100, 78, 97, 111]})
    space = Space(s=choice)
    assert [(b.start, b.stop, b.kind) for b in space.blocks] == [(0, 1, "number"), (1, 1 + BITS, "fingerprint")]
    seen = space.encode(space.columns([{"s": name} for name in SOLVENTS]))[:, 1:]
    assert set(np.unique(seen)) == {0.0, 1.0}
    shared = seen @ seen.T
    tanimoto = shared / (seen.sum(1)[:, None] + seen.sum(1)[None] - shared)
    assert np.allclose(np.diag(tanimoto), 1)
    assert tanimoto[1, 2] > tanimoto[1, 3]


def test_fingerprints_do_not_depend_on_how_a_molecule_is_written():
    pytest.importorskip("rdkit")
    assert (fingerprints(["OCC"]) == fingerprints(["C(C)O"])).all()
    assert canonical("OCC") == canonical("C(C)O")
    np.testing.assert_array_equal(fingerprints(["OCC", "C"]).shape, (2, BITS // 8))


def test_wrong_and_equal_molecules_are_mistakes():
    pytest.importorskip("rdkit")
    wrong = Space(s=Choice(["CCO", "C(", ""], smiles=True)).mistakes()
    assert [mistake.path for mistake in wrong] == ["space.s.options"] * 2
    twice = Space(s=Choice(["a", "b"], smiles={"a": "CCO", "b": "OCC"})).mistakes()
    assert [str(mistake) for mistake in twice] == ["space.s.smiles: 'a' and 'b' are the same molecule"]


def test_a_pool_of_molecules_is_seen_by_their_fingerprints():
    pytest.importorskip("rdkit")
    pool = Pool(table={"ligand": ["CP(C)C", "CCP", "CP(C)C"], "T": [20, 20, 40]}, smiles=["ligand"])
    space = Space(p=pool)
    assert [(b.start, b.stop, b.kind) for b in space.blocks] == [(0, BITS, "fingerprint"), (BITS, BITS + 1, "number")]
    seen = space.encode(space.candidates())
    assert (seen[0, :BITS] == seen[2, :BITS]).all()
    assert space.mistakes() == []
    assert Space(p=Pool(table={"m": ["C", "x"]}, smiles=["m"])).mistakes()[0].path == "space.p.smiles"
