"""Features of compositions: the physics they must obey, and matminer, which they must equal."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from formulas import FORMULAS, NAMES, scaled, shuffled
from hypothesis import given, settings
from hypothesis import strategies as st

from matloop.core.composition import SYMBOLS
from matloop.core.registry import load
from matloop.features.base import Featurizer
from matloop.features.fractions import Fractions
from matloop.features.magpie import PROPERTIES, STATISTICS, Magpie


def featurizer(name: str) -> Featurizer:
    made: Featurizer = load("features", name)()
    return made


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(parts=FORMULAS)
def test_a_formula_means_a_ratio(name: str, parts: dict[str, int]) -> None:
    """Fe4O6 and O3Fe2 are described as Fe2O3 is, in all columns; or none of them can be."""
    values, failures = featurizer(name).features([scaled(parts, 1), scaled(parts, 3), shuffled(parts)])
    assert len(failures) in (0, 3)
    np.testing.assert_allclose(values[1], values[0], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(values[2], values[0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_stated_fits(name: str) -> None:
    """Every column has one name of its own and a unit or none; what is cited are DOIs."""
    made = featurizer(name)
    assert len(set(made.names)) == len(made.names) == len(made.units)
    assert made.name == name
    assert made.kind == "composition"
    assert made.features(["Fe2O3"]).values.shape == (1, len(made.names))
    assert made.citations
    assert all(doi.startswith("10.") for doi in made.citations)


@pytest.mark.parametrize("name", NAMES)
def test_good_formulas_survive_bad_ones(name: str) -> None:
    """A formula among bad ones and missing ones is described exactly as alone."""
    made = featurizer(name)
    alone = made.features(["NiAl"]).values[0]
    values, failures = made.features(["Zz", None, "NiAl", "", float("nan"), 3.5])
    assert np.isfinite(alone).all()
    assert sorted(failures) == [0, 1, 3, 4, 5]
    assert np.array_equal(values[2], alone)
    assert np.isnan(np.delete(values, 2, axis=0)).all()
    assert "no element 'Zz'" in failures[0]
    assert failures[1] == failures[4] == "is missing"


def test_a_composition_may_be_a_mapping() -> None:
    """Elements with amounts, also ions of pymatgen, are described as the formula is; a wrong amount is a failure."""
    cells: list[Any] = [{"Fe": 2, "O": 3.0}, {"Fe": "a"}, {"Fe": None, "O": 1}, {"Fe": float("nan")}, {}]
    cells.append(pytest.importorskip("pymatgen.core").Composition({"Fe3+": 2, "O2-": 3}))
    values, failures = Magpie().features(cells)
    assert sorted(failures) == [1, 2, 3, 4]
    expected = Magpie().features(["Fe2O3"]).values[0]
    assert np.array_equal(values[0], expected)
    assert np.array_equal(values[5], expected)


def statistic(values: np.ndarray, which: str) -> np.ndarray:
    return values.reshape(-1, len(PROPERTIES), len(STATISTICS))[:, :, STATISTICS.index(which)]


@given(FORMULAS)
def test_magpie_statistics_are_ordered(parts: dict[str, int]) -> None:
    """The mean and the mode lie between minimum and maximum, and no deviation is larger than the range."""
    values = Magpie().features([scaled(parts, 1)]).values
    least, most, mean, mode = (statistic(values, name) for name in ("minimum", "maximum", "mean", "mode"))
    slack = 1e-9 * np.abs(most)
    assert (least <= mean + slack).all()
    assert (mean <= most + slack).all()
    assert ((least <= mode) & (mode <= most)).all()
    assert np.array_equal(statistic(values, "range"), most - least)
    assert (statistic(values, "avg_dev") <= most - least + slack).all()


@given(st.sampled_from(SYMBOLS))
def test_a_pure_element_has_no_spread(symbol: str) -> None:
    """Of an element alone, range and deviation are zero and all else is the property itself."""
    values = Magpie().features([symbol]).values
    assert not statistic(values, "range").any()
    assert np.allclose(statistic(values, "avg_dev"), 0)
    for name in ("maximum", "mode", "mean"):
        assert np.allclose(statistic(values, name), statistic(values, "minimum"))


def test_magpie_by_hand() -> None:
    """Fe2O3: atomic weights 55.845 and 15.9994 in the fractions 0.4 and 0.6."""
    made = dict(zip(Magpie().names, Magpie().features(["Fe2O3"]).values[0], strict=True))
    iron, oxygen = 55.845, 15.9994
    mean = 0.4 * iron + 0.6 * oxygen
    assert made["mean AtomicWeight"] == pytest.approx(mean)
    assert made["avg_dev AtomicWeight"] == pytest.approx(0.4 * (iron - mean) + 0.6 * (mean - oxygen))
    assert made["mode AtomicWeight"] == oxygen
    assert made["range AtomicWeight"] == pytest.approx(iron - oxygen)


def test_the_mode_of_a_tie_is_the_least() -> None:
    """Where elements are equally frequent, the mode is the least of their values, property by property."""
    made = dict(zip(Magpie().names, Magpie().features(["NaCl"]).values[0], strict=True))
    assert made["mode Number"] == 11
    assert made["mode Electronegativity"] == 0.93
    assert made["mode CovalentRadius"] == 102


def test_what_the_table_lacks_is_said() -> None:
    """Helium has no electronegativity: without imputing, its formulas are failures that say so."""
    failures = Magpie(impute=False).features(["HeO", "MgO"]).failures
    assert list(failures) == [0]
    assert "Electronegativity" in failures[0]
    assert not Magpie().features(["HeO"]).failures


@given(FORMULAS)
def test_fractions_are_shares(parts: dict[str, int]) -> None:
    """Fractions are the shares of the atoms; all others are zero."""
    values = Fractions().features([scaled(parts, 1)]).values[0]
    total = sum(parts.values())
    for symbol, value in zip(SYMBOLS, values, strict=True):
        assert value == pytest.approx(parts.get(symbol, 0) / total)


def test_compositions_of_pymatgen_are_understood() -> None:
    """A mapping from elements to amounts is a cell too, pymatgen's Composition among them."""
    assert np.array_equal(Fractions().transform([{"Fe": 2, "O": 3}]), Fractions().transform(["Fe2O3"]))
    composition = pytest.importorskip("pymatgen.core").Composition("Fe2O3")
    assert np.array_equal(Fractions().transform([composition]), Fractions().transform(["Fe2O3"]))


def published_formulas(folder: Path, n: int) -> list[str]:
    """Formulas of the Matbench tables, the same ones each time."""
    tables = sorted(folder.glob("matbench_*/*.csv"))
    heads = {path: pd.read_csv(path, nrows=0).columns for path in tables}
    columns = [pd.read_csv(path)["formula"].dropna() for path, head in heads.items() if "formula" in head]
    formulas = pd.concat(columns).astype(str).drop_duplicates()
    return list(formulas.sample(min(n, len(formulas)), random_state=0))


@pytest.mark.data
def test_magpie_is_matminers(published: Path) -> None:
    """All 132 columns equal those of matminer's preset on published formulas (5,000 of them in the benchmark)."""
    composite = pytest.importorskip("matminer.featurizers.composition")
    from pymatgen.core import Composition

    formulas = published_formulas(published, 700)
    theirs = composite.ElementProperty.from_preset("magpie")
    expected = np.array([theirs.featurize(Composition(formula)) for formula in formulas])
    np.testing.assert_allclose(Magpie().transform(formulas), expected, rtol=1e-9, atol=1e-9)
    assert [f"MagpieData {name}" for name in Magpie().names] == theirs.feature_labels()


@pytest.mark.parametrize("formulas", [["HeNeArKr", "NaCl", "CsCl", "UO2", "NpO2", "LrOs", "OgTs", "Rn", "D2O"]])
def test_magpie_is_matminers_at_the_edge(formulas: list[str]) -> None:
    """Ties, noble gases and elements without data are imputed as matminer does."""
    composite = pytest.importorskip("matminer.featurizers.composition")
    from pymatgen.core import Composition

    theirs = composite.ElementProperty.from_preset("magpie")
    expected = np.array([theirs.featurize(Composition(formula)) for formula in formulas])
    np.testing.assert_allclose(Magpie().transform(formulas), expected, rtol=1e-9, atol=1e-9)


def test_fractions_are_matminers() -> None:
    """Element fractions equal those of matminer."""
    composition = pytest.importorskip("matminer.featurizers.composition")
    from pymatgen.core import Composition

    formulas = ["Fe2O3", "Ca(OH)2", "C0.02Fe0.98", "LiFePO4"]
    expected = [composition.ElementFraction().featurize(Composition(formula)) for formula in formulas]
    np.testing.assert_allclose(Fractions().transform(formulas), expected, rtol=0, atol=1e-12)
