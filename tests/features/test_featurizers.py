"""What every featurizer can do: be a part of scikit-learn's, list what fails, be combined."""

import pickle
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import (
    check_do_not_raise_errors_in_init_or_set_params,
    check_estimator,
    check_estimator_repr,
    check_get_params_invariance,
    check_mixin_order,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    check_set_params,
    check_valid_tag_types,
)

from matloop.core.errors import InputError
from matloop.core.registry import load, names
from matloop.features.base import FeatureError, Featurizer
from matloop.features.combined import Combined
from matloop.features.fractions import Fractions
from matloop.features.magpie import Magpie

OXIDES = ["MgO", "CaO", "SrO", "BaO", "ZnO", "CdO", "Al2O3", "Ga2O3", "TiO2", "ZrO2", "SiO2", "GeO2"]
GAPS = np.array([7.8, 7.1, 5.8, 4.4, 3.4, 2.2, 8.8, 4.9, 3.2, 5.8, 9.0, 5.6])
#: Checks of scikit-learn that give an estimator no numbers for input: it makes only one of them of what takes texts.
CHECKS = [
    check_do_not_raise_errors_in_init_or_set_params,
    check_estimator_repr,
    check_get_params_invariance,
    check_mixin_order,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    check_set_params,
    check_valid_tag_types,
]


class Letters(Featurizer):
    """How long a text is, and what comes of 1 over the number behind its colon."""

    name: ClassVar[str] = "letters"
    kind: ClassVar[str] = "composition"
    n_read: ClassVar[int] = 0

    @property
    def names(self) -> tuple[str, ...]:
        return ("length", "inverse")

    @classmethod
    def read(cls, cells: list[Any]) -> tuple[Any, dict[int, str]]:
        Letters.n_read += 1
        bad = {i: "has no colon" for i, cell in enumerate(cells) if ":" not in cell}
        return [cell for cell in cells if ":" in cell], bad

    def row(self, reading: str) -> list[float]:
        if reading.startswith("bad"):
            raise InputError("is said to be bad")
        return [len(reading), 1 / float(reading.split(":")[1])]


class Capitals(Letters):
    """How many capitals a text has."""

    name: ClassVar[str] = "capitals"

    @property
    def names(self) -> tuple[str, ...]:
        return ("capitals",)

    def row(self, reading: str) -> list[float]:
        return [sum(letter.isupper() for letter in reading)]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", [*names("features"), "combined"])
def test_scikit_learns_checks(name: str, check: Any) -> None:
    """Every featurizer passes those of scikit-learn's checks that can be asked of a transformer of texts."""
    made = Combined(["fractions"]) if name == "combined" else load("features", name)()
    if name == "combined" and check is check_parameters_default_constructible:
        pytest.skip("Combined needs to know what it combines")
    check(name, made)


@pytest.mark.filterwarnings("ignore:Estimator .* does not inherit", "ignore:Can't test estimator")
@pytest.mark.parametrize("name", names("features"))
def test_scikit_learn_checks_it(name: str) -> None:
    """check_estimator, which chooses its checks by the tags of an estimator, finds nothing wrong."""
    check_estimator(load("features", name)(), on_skip=None)


@pytest.mark.parametrize("name", names("features"))
def test_tags(name: str) -> None:
    """Every featurizer tells scikit-learn that it takes texts, and whether it must be fitted."""
    made = load("features", name)()
    tags = get_tags(made)
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert tags.requires_fit is not made.__sklearn_is_fitted__()
    assert tags.transformer_tags is not None


def test_a_pipeline_learns_from_formulas() -> None:
    """Formulas go into a pipeline, and cross-validation and clones of it work as with any transformer."""
    model = make_pipeline(Combined([Magpie(), Fractions()]), ExtraTreesRegressor(50, random_state=0))
    predicted = cross_val_predict(clone(model), OXIDES, GAPS, cv=4)
    assert np.isfinite(predicted).all()
    model.fit(OXIDES, GAPS)
    assert np.allclose(pickle.loads(pickle.dumps(model)).predict(["MgO"]), model.predict(["MgO"]))


def test_a_grid_search_varies_a_featurizer() -> None:
    """A grid search may choose the parameters of a featurizer within a combination within a pipeline."""
    model = make_pipeline(Combined([Magpie(), Fractions()]), ExtraTreesRegressor(5, random_state=0))
    search = GridSearchCV(model, {"combined__magpie__impute": [True, False]}, cv=3).fit(OXIDES, GAPS)
    assert search.best_params_["combined__magpie__impute"] in (True, False)
    assert model.named_steps["combined"].featurizers[0].impute is True  # the search has worked on clones


@pytest.mark.parametrize("column", ["formula", ["formula"]])
def test_a_column_of_a_table(column: Any) -> None:
    """A column, or a table of one column, goes through a ColumnTransformer beside numbers."""
    frame = pd.DataFrame({"formula": OXIDES, "temperature": np.arange(12.0)})
    both = ColumnTransformer([("f", Fractions(), column)], remainder="passthrough", verbose_feature_names_out=False)
    table = both.set_output(transform="pandas").fit_transform(frame)
    assert table.shape == (12, 119)
    assert table["O fraction"].iloc[0] == 0.5


def test_tables_keep_names_and_index() -> None:
    """set_output(transform="pandas") gives named columns and the index of the input; a clone keeps the setting."""
    column = pd.Series(["MgO", "Fe2O3"], index=["a", "b"])
    made = clone(Fractions().set_output(transform="pandas")).fit_transform(column)
    assert list(made.index) == ["a", "b"]
    assert made.loc["b", "Fe fraction"] == pytest.approx(0.4)
    assert list(made.columns) == list(Fractions().get_feature_names_out())
    with pytest.raises(ValueError, match="output must be one of"):
        Fractions().set_output(transform="excel")


@pytest.mark.skipif(find_spec("polars") is not None, reason="polars is installed")
def test_polars_is_asked_for() -> None:
    """A table of polars, where that is not installed, is an error with the line that helps."""
    with pytest.raises(FeatureError, match="polars is not installed"):
        Fractions().set_output(transform="polars").transform(["MgO"])


def test_scikit_learns_own_setting() -> None:
    """A configuration of scikit-learn for all transformers holds for featurizers too."""
    with sklearn.config_context(transform_output="pandas"):
        assert isinstance(Fractions().transform(["MgO"]), pd.DataFrame)
    assert isinstance(Fractions().transform(["MgO"]), np.ndarray)
    assert Fractions().set_output(transform="pandas").transform(["MgO"]).shape == (1, 118)


def test_all_columns_of_compositions_have_names_of_their_own() -> None:
    """All featurizers of compositions can stand side by side, without a prefix."""
    every = [name for name in names("features") if load("features", name).kind == "composition"]
    assert not [name for name in Combined(every).names if ":" in name]


def test_nothing_is_learned_from_data() -> None:
    """Fitting changes nothing, so that no statistic can leak from test rows; and transforming needs no fit."""
    made = Magpie()
    before = dict(made.__dict__)
    made.fit(OXIDES, GAPS)
    assert made.__dict__ == before


def test_failures_are_raised_or_listed() -> None:
    """transform refuses bad cells by default, with places and reasons; on request it leaves their rows empty."""
    cells = ["MgO", "Zz", None, "NaCl"]
    with pytest.raises(FeatureError, match="2 of 4 cells cannot be described by 'magpie': row 1: 'Zz'") as caught:
        Magpie().transform(cells)
    assert sorted(caught.value.failures) == [1, 2]
    assert "on_failure='nan'" in caught.value.hint
    values = Magpie(on_failure="nan").transform(cells)
    assert np.isnan(values).any(axis=1).tolist() == [False, True, True, False]
    with pytest.raises(ValueError, match="on_failure is 'raise' or 'nan'"):
        Magpie(on_failure="drop").transform(cells)


@pytest.mark.parametrize(
    ("X", "why"), [("MgO", "one cell"), (np.zeros((3, 2)), "a table of 3 × 2"), (5, "is no column of cells")]
)
def test_what_is_no_column(X: Any, why: str) -> None:
    """A single formula, a wide table and a number are refused with a hint."""
    with pytest.raises(FeatureError, match=why) as caught:
        Fractions().transform(X)
    assert caught.value.hint


def test_reasons_of_single_rows() -> None:
    """What a row raises is its reason, a library's error too; a value that is no number is one as well."""
    values, failures = Letters().features(["a:4", "b", "bad:1", "c:0", "d:nan", "e:x", "f:2"])
    assert values[[0, 6], 1].tolist() == [0.25, 0.5]
    assert failures == {
        1: "has no colon",
        2: "is said to be bad",
        3: "ZeroDivisionError: float division by zero",
        4: "has no value for inverse",
        5: "ValueError: could not convert string to float: 'x'",
    }


def test_combined_reads_once() -> None:
    """Featurizers that read in the same way share the readings; columns, units and citations stand side by side."""
    both = Combined([Letters(), Capitals()])
    Letters.n_read = 0
    values = both.features(["Ab:2", "CDe:4"]).values
    assert Letters.n_read == 1
    assert values.tolist() == [[4, 0.5, 1], [5, 0.25, 2]]
    assert both.names == ("length", "inverse", "capitals")
    assert both.units == (None, None, None)
    assert Combined(["magpie", "stoichiometry"]).citations == Magpie().citations


def test_combined_failures_say_whose() -> None:
    """A row that one part cannot describe is empty, and says which part; what none can read says so alone."""
    values, failures = Combined([Letters(), Capitals()]).features(["a:0", "A", "B:1"])
    assert failures == {0: "letters: ZeroDivisionError: float division by zero", 1: "has no colon"}
    assert np.isnan(values[:2]).all()
    assert values[2].tolist() == [3, 1, 1]


class Vocabulary(Letters):
    """How often each letter that was seen in `fit` occurs."""

    name: ClassVar[str] = "vocabulary"

    def fit(self, X: Any = None, y: Any = None) -> "Vocabulary":
        self.letters_ = "".join(sorted(set("".join(X))))
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "letters_")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.letters_)

    def row(self, reading: str) -> list[float]:
        return [reading.count(letter) for letter in self.letters_]


def test_combined_fits_copies() -> None:
    """Where a part learns its columns from data, a combination fits a copy of it: what was given stays unfitted."""
    vocabulary = Vocabulary()
    both = Combined([Letters(), vocabulary])
    assert both.fit_transform(["a:1", "b:1"]).shape == (2, 6)
    assert both.names == ("length", "inverse", "1", ":", "a", "b")
    assert not hasattr(vocabulary, "letters_")
    assert both.fit(["c:1"]).names[-1] == "c"


def test_combined_names_are_unique() -> None:
    """Two parts with the same columns are told apart."""
    combined = Combined([Magpie(), Magpie(impute=False)])
    assert len(set(combined.names)) == 264
    assert combined.names[0] == "magpie 1: minimum Number"


@pytest.mark.parametrize(
    ("parts", "why"),
    [([], "no featurizers"), ("magpie", "no featurizers"), (["magpi"], "no feature of the kind 'magpi'")],
)
def test_combined_refuses(parts: Any, why: str) -> None:
    """Nothing, a text, and an unknown name cannot be combined."""
    with pytest.raises(InputError, match=why) as caught:
        Combined(parts).transform(["MgO"])
    assert caught.value.hint


def test_combined_refuses_several_kinds() -> None:
    """Featurizers of formulas and of molecules do not read the same cells."""

    class Other(Letters):
        name: ClassVar[str] = "other"
        kind: ClassVar[str] = "molecule"

    with pytest.raises(FeatureError, match="'letters' a composition, 'other' a molecule"):
        Combined([Letters(), Other()]).transform(["a:1"])
