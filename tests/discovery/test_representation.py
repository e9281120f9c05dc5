"""From a table to a matrix: materials, numbers and words, each row by itself, with reasons where that fails."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from matloop.core.errors import InputError, MissingExtra
from matloop.datasets.column import Column
from matloop.discovery import representation
from matloop.discovery.representation import Representation
from matloop.features.combined import Combined

FORMULA = Column("formula", role="material", kind="composition")
COLUMNS = [FORMULA, Column("temperature", unit="K"), Column("method", kind="text")]


def table(**changes: Any) -> pd.DataFrame:
    cells = {
        "formula": ["Fe2O3", "NaCl", "MgO", "TiO2"],
        "temperature": [300.0, 400.0, np.nan, 500.0],
        "method": ["sol-gel", "melt", "melt", None],
    }
    return pd.DataFrame(cells | changes)


def test_each_kind_of_column_has_its_part() -> None:
    """Compositions by the usual featurizers, numbers as they are, words as yes or no."""
    frame = table()
    made = Representation(COLUMNS)
    X = made.fit_transform(frame)
    names = list(made.get_feature_names_out())
    usual = Combined(representation.USUAL["composition"][0])
    n = len(usual.names)
    assert X.shape == (4, n + 3)
    assert np.array_equal(X[:, :n], usual.features(frame["formula"]).values)
    assert names[n:] == ["temperature", "method is melt", "method is sol-gel"]
    assert np.array_equal(X[:, n], frame["temperature"], equal_nan=True)
    assert X[:, n + 1 :].tolist() == [[0, 1], [1, 0], [1, 0], [0, 0]]
    assert made.citations == usual.citations


def test_rows_that_cannot_be_described_have_their_reason_and_harm_no_other() -> None:
    frame = table(formula=["Fe2O3", "Xx9", None, "TiO2"], temperature=["300", "400", "500", "hot"])
    made = Representation(COLUMNS)
    described = made.describe(frame)
    assert set(described.failures) == {1, 2, 3}
    assert described.failures[1].startswith("formula: 'Xx9'")
    assert "missing" in described.failures[2]
    assert described.failures[3] == "temperature: 'hot' is no finite number"
    X = made.fit(described).matrix(described)
    assert np.isnan(X[1:]).all()
    assert np.isfinite(X[0]).all()


def test_infinity_is_no_number() -> None:
    described = Representation([Column("x")]).describe(pd.DataFrame({"x": [1.0, np.inf, np.nan]}))
    assert list(described.failures) == [1]


def test_a_missing_column_is_named_with_the_nearest_one() -> None:
    with pytest.raises(InputError, match="no column 'temperature'") as refused:
        Representation(COLUMNS).describe(table().rename(columns={"temperature": "temprature"}))
    assert "temprature" in refused.value.hint


@given(order=st.permutations(range(4)))
def test_a_row_is_described_the_same_among_any_others(order: list[int]) -> None:
    frame = table()
    whole = Representation(COLUMNS).describe(frame)
    part = Representation(COLUMNS).describe(frame.iloc[order])
    assert np.array_equal(part.numbers, whole.numbers[order], equal_nan=True)
    assert np.array_equal(whole.take(np.array(order)).numbers, part.numbers, equal_nan=True)


def test_words_are_learned_from_the_rows_it_is_fitted_to_alone() -> None:
    """A word of a test row that no training row has is none of the columns, and is told."""
    made = Representation([Column("method", kind="text")]).fit(table().iloc[:1])
    asked = made.describe(table())
    assert made.matrix(asked).tolist() == [[1], [0], [0], [0]]
    strange = made.strange_words(asked)
    assert set(strange) == {1, 2}
    assert strange[1] == "method is 'melt', which no training row has"


def test_a_column_of_names_does_not_become_a_thousand_columns() -> None:
    frame = pd.DataFrame({"who": [f"sample {i % 300}" for i in range(600)]})
    made = Representation([Column("who", kind="text")])
    assert made.fit_transform(frame).shape == (600, representation.MOST_WORDS)
    assert made.strange_words(made.describe(frame)) == {}


def test_featurizers_may_be_named_with_their_parameters() -> None:
    made = Representation([FORMULA], {"formula": ["stoichiometry", "fractions"]}).fit(table())
    assert len(made.get_feature_names_out()) == len(Combined(["stoichiometry", "fractions"]).names)
    with pytest.raises(InputError, match="no feature of the kind 'magpi'"):
        Representation([FORMULA], {"formula": ["magpi"]}).fit(table())
    with pytest.raises(InputError, match="describes a structure, and 'formula' is a composition"):
        Representation([FORMULA], {"formula": ["geometry"]}).fit(table())


def test_two_materials_have_names_that_tell_them_apart() -> None:
    frame = pd.DataFrame({"oxide": ["Fe2O3", "MgO"], "salt": ["NaCl", "KCl"]})
    columns = [Column(name, kind="composition") for name in frame]
    made = Representation(columns, {name: ["fractions"] for name in frame}).fit(frame)
    names = list(made.get_feature_names_out())
    assert names[0] == "oxide: H fraction"
    assert names[118] == "salt: H fraction"


def test_it_is_a_part_of_scikit_learn_pipelines() -> None:
    pipeline = make_pipeline(Representation([FORMULA]), Ridge())
    y = np.arange(4.0)
    told = clone(pipeline).fit(table(), y).predict(table())
    assert told.shape == (4,)
    assert Representation([FORMULA]).set_params(featurizers={"formula": ["fractions"]}).get_params()["featurizers"]
    with pytest.raises(ValueError, match="no parameter"):
        Representation([FORMULA]).set_params(colums=[])


def test_what_is_stored_of_it_is_plain_text() -> None:
    made = Representation(COLUMNS).fit(table())
    made.transform(table())
    state = made.__getstate__()
    assert set(state) == {"columns", "featurizers", "words_", "known_words_"}
    assert all(type(column) is dict for column in state["columns"])
    again = pickle.loads(pickle.dumps(made))
    assert np.array_equal(again.transform(table()), made.transform(table()), equal_nan=True)
    assert list(again.get_feature_names_out()) == list(made.get_feature_names_out())


def test_a_structure_is_described_by_what_it_is_made_of_as_well() -> None:
    from matloop.core.structure import Structure

    salt = Structure.of(np.eye(3) * 5.6, ["Na", "Cl"], [[0, 0, 0], [2.8, 2.8, 2.8]]).to_json()
    column = Column("structure", role="material", kind="structure")
    made = Representation([column], {"structure": ["fractions"]})
    described = made.describe(pd.DataFrame({"structure": [salt, "{}", None]}))
    assert set(described.failures) == {1, 2}
    X = made.fit(described).matrix(described)
    names = list(made.get_feature_names_out())
    assert X[0, names.index("Na fraction")] == 0.5


def test_an_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(representation, "_is_installed", lambda name: False)
    with pytest.raises(MissingExtra) as refused:
        Representation([Column("smiles", role="material", kind="molecule")]).describe(pd.DataFrame({"smiles": ["C"]}))
    assert "matloop[molecules]" in refused.value.hint


def test_molecules_are_described_where_rdkit_is_installed() -> None:
    pytest.importorskip("rdkit")
    made = Representation([Column("smiles", role="material", kind="molecule")])
    described = made.describe(pd.DataFrame({"smiles": ["CCO", "c1ccccc1", "C(("]}))
    assert list(described.failures) == [2]
    assert np.isfinite(described.numbers[:2]).all()


def test_what_is_stored_knows_its_features_when_others_have_become_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Representation([FORMULA]).fit(table())
    names, stored = list(made.get_feature_names_out()), made.__getstate__()
    monkeypatch.setattr(representation, "USUAL", {"composition": (("fractions",),)})
    again = Representation.__new__(Representation)
    again.__setstate__(stored)
    assert list(again.get_feature_names_out()) == names
