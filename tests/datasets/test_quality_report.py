"""The quality report finds what was put into a dataset, and nothing in a clean one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matloop import Column, Dataset
from matloop.datasets.dataset import SetAside
from matloop.datasets.examination.leakage import combination, number_leak
from matloop.datasets.examination.outliers import outliers, scale_of
from matloop.datasets.examination.spread import mixed_units, spread
from matloop.datasets.quality import Quality, examine

ELEMENTS = ["Li", "Na", "K", "Rb", "Cs", "Mg", "Ca", "Sr", "Ba", "Al"]


def clean(n: int = 200, seed: int = 0) -> pd.DataFrame:
    """Distinct compositions with inputs that tell something of the target, but not all."""
    rng = np.random.default_rng(seed)
    formulas = [f"{ELEMENTS[i % 10]}{i + 1}O{i + 2}" for i in range(n)]
    x, y = rng.normal(size=n), rng.normal(size=n)
    return pd.DataFrame({"formula": formulas, "x": x, "y": y, "gap": x + 0.5 * y + rng.normal(size=n)})


def dataset(frame: pd.DataFrame, unit: str | None = "eV", *columns: Column) -> Dataset:
    return Dataset(frame, [*columns, Column("gap", role="target", unit=unit)])


def told(quality: Quality, subject: str) -> str:
    return "\n".join(finding.message for finding in quality.findings if finding.subject == subject)


def test_nothing_is_found_in_clean_data() -> None:
    """A report that always finds something would be read by nobody."""
    assert examine(dataset(clean())).findings == []


@pytest.mark.parametrize(
    ("column", "unit", "words"),
    [
        (lambda gap: gap, "eV", "is a copy of it"),
        (lambda gap: 1000 * gap, "meV", "is the same in meV"),
        (lambda gap: 3 * gap + 1, None, "but for rounding"),
        (lambda gap: gap + np.random.default_rng(1).normal(0, 0.05, len(gap)), None, "by a straight line"),
        (lambda gap: np.exp(3 * gap), None, "puts it in order"),
        (lambda gap: -(gap**3), None, "puts it in order"),
    ],
)
def test_an_input_that_knows_the_target_is_found(column: object, unit: str | None, words: str) -> None:
    """A copy, another unit, a line, a monotone function of the target: each is named for what it is."""
    frame = clean()
    frame["leak"] = column(frame["gap"].to_numpy())  # type: ignore[operator]
    quality = examine(dataset(frame, "eV", Column("leak", unit=unit)))
    assert words in told(quality, "leakage")
    assert "'leak'" in told(quality, "leakage")


@given(st.integers(0, 10_000))
def test_honest_inputs_are_not_suspected(seed: int) -> None:
    """An input that explains half of the target's variance is no leak."""
    frame = clean(60, seed)
    for name in ("x", "y"):
        assert number_leak(frame[name].to_numpy(), frame["gap"].to_numpy(), Column(name), Column("gap")) is None


@given(st.integers(0, 10_000))
def test_a_weighted_sum_is_found_with_its_columns_alone(seed: int) -> None:
    """A target that is computed from two of five columns is traced to these two."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(80, 5))
    assert combination(inputs, 27.2 * (inputs[:, 1] - inputs[:, 3]) + 1.4) == [1, 3]
    assert combination(inputs, rng.normal(size=80)) == []


def test_classes_that_an_input_gives_away_are_found() -> None:
    """A number on whose two sides the classes lie, and a word that names them, are leaks; a weak hint is none."""
    frame = clean()
    frame["is_metal"] = np.where(frame["gap"] > 0, "yes", "no")
    frame["sort"] = np.where(frame["gap"] > 0, "conducting", "insulating")
    made = Dataset(frame, [Column("is_metal", role="target", kind="text"), Column("gap"), Column("sort", kind="text")])
    leaks = told(examine(made), "leakage")
    assert "'gap' alone tells its classes apart" in leaks
    assert "'sort' alone tells its classes apart" in leaks
    assert "'x'" not in leaks


@given(st.integers(20, 300), st.integers(0, 2**31), st.sampled_from([1.0, 1e-6, 1e6]), st.booleans())
def test_outliers_do_not_depend_on_unit_or_origin(n: int, seed: int, factor: float, is_far: bool) -> None:
    """A value is as far from the others in any unit; normal values are hardly ever outliers, one far off always is."""
    values = np.random.default_rng(seed).normal(size=n)
    if is_far:
        values[3] = 40.0
    scale, again = scale_of(values), scale_of(factor * values + 7 * factor)
    assert scale is not None
    assert again is not None
    found = outliers(values, scale)
    if not again.is_log:
        assert found.tolist() == outliers(factor * values + 7 * factor, again).tolist()
    assert (3 in found) == is_far or not is_far
    assert len(found) <= 2


def test_skewed_values_are_judged_by_their_logarithms() -> None:
    """A value twice the largest is no outlier of a distribution over six decades; one far below all others is."""
    values = 10 ** np.random.default_rng(0).normal(0, 1.5, 500)
    scale = scale_of(values)
    assert scale is not None
    assert scale.is_log
    assert not len(outliers(values, scale))
    assert outliers(np.append(values, 1e-12), scale).tolist() == [500]


def test_zeros_are_a_class_of_their_own() -> None:
    """Where half of the materials are metals with a gap of zero, the others are not all outliers."""
    values = np.concatenate([np.zeros(500), np.random.default_rng(0).uniform(0.5, 5, 400)])
    scale = scale_of(values)
    assert scale is not None
    assert not len(outliers(values, scale))


def test_replicates_say_how_well_a_model_can_do() -> None:
    """The spread within groups of known noise is that noise, and the worst group is the one made worst."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(300), 4)
    values = rng.normal(0, 10, 300)[groups] + rng.normal(0, 0.5, 1200)
    values[40] += 30
    its = spread(np.where(groups == 10, values, values), groups)
    assert its is not None
    assert its.worst == 10
    clean_spread = spread(np.where(np.arange(1200) == 40, np.nan, values), groups)
    assert clean_spread is not None
    assert clean_spread.within == pytest.approx(0.5, rel=0.05)
    assert spread(values, np.arange(1200)) is None


def test_units_mixed_within_materials_are_suspected() -> None:
    """The same materials in eV and in kJ/mol differ by 96.5 again and again; honest replicates do not."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(50), 2)
    values = rng.uniform(1, 5, 50)[groups]
    assert mixed_units(values, groups) is None
    values[1:20:2] *= 96.485
    found = mixed_units(values, groups)
    assert found is not None
    assert "96.5" in found[0]
    assert found[1] == list(range(1, 20, 2))


def test_duplicates_are_found_however_they_are_written() -> None:
    """NaCl and ClNa are one composition, OCC and CCO one molecule."""
    frame = pd.DataFrame({"formula": ["NaCl", "Cl2Na2", "KCl"], "gap": [8.5, 8.6, 8.4]})
    quality = examine(dataset(frame))
    assert "1 record shares its composition" in told(quality, "duplicates")
    assert quality.replicates["gap"].within == pytest.approx(0.1 / np.sqrt(2))
    pytest.importorskip("rdkit")
    frame = pd.DataFrame({"smiles": ["OCC", "CCO", "CC"], "gap": [1.0, 2.0, 3.0]})
    assert "shares its molecule" in told(examine(dataset(frame)), "duplicates")


def test_structures_match_in_another_cell() -> None:
    """Rock salt in its cube and in its primitive cell is one; in the cell of caesium chloride it is another."""
    pytest.importorskip("pymatgen")
    from pymatgen.core import Lattice
    from pymatgen.core import Structure as Pymatgen

    from matloop.datasets.conversion import from_pymatgen

    salt = Pymatgen.from_spacegroup("Fm-3m", Lattice.cubic(5.6), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    other = Pymatgen.from_spacegroup("Pm-3m", Lattice.cubic(3.4), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    cells = [from_pymatgen(one).to_json() for one in (salt, other, salt.get_primitive_structure())]
    frame = pd.DataFrame({"structure": cells, "gap": [1.0, 2.0, 3.0]})
    duplicates = {its.by: its for its in examine(dataset(frame)).duplicates}
    assert duplicates["composition"].n_more == 2
    assert duplicates["structure"].n_more == 1


def test_what_is_missing_constant_or_without_header_is_said() -> None:
    """Gaps, columns that always say the same, numbers for names and unknown units each have their finding."""
    frame = clean()
    frame["same"], frame["void"], frame["2.5"], frame["HV [Vickers]"] = 1.0, np.nan, frame["x"] * 2, frame["y"] ** 2
    frame.loc[3:150, "y"] = np.nan
    frame.loc[5, "gap"] = np.nan
    quality = examine(dataset(frame))
    assert "same: every record has the same (1.0)" in told(quality, "constant")
    assert "nothing stands in void" in told(quality, "missing")
    assert "empty in y (74 %)" in told(quality, "missing")
    assert "gap: 1 of 200 cells are empty" in told(quality, "missing")
    assert "2.5 have numbers for names" in told(quality, "header")
    assert "'Vickers' is no unit" in told(quality, "units")


def test_numbers_with_their_uncertainty_are_said_to_be_text() -> None:
    """'531 ± 13' and '<0.1' teach no model, and nobody shall find that out from a column that is missing."""
    frame = clean()
    frame["strength [MPa]"] = [f"{500 + i} ± 13" for i in range(len(frame))]
    frame["carbon"] = [f"<0.{i % 7 + 1}" if i % 3 else "0.5" for i in range(len(frame))]
    frame["sample"] = [f"{i}-2024-{i % 9}" for i in range(len(frame))]
    text = [Column(name, kind="text") for name in ("strength [MPa]", "carbon", "sample")]
    found = [finding for finding in examine(dataset(frame, "eV", *text)).findings if finding.subject == "numbers"]
    assert [finding.columns for finding in found] == [("strength [MPa]",), ("carbon",)]
    assert "such as '500 ± 13': it is taken as text" in found[0].message
    assert "'strength std'" in found[0].hint


def test_reasons_are_counted_by_kind() -> None:
    """A hundred cells that are no numbers are one reason, not a hundred."""
    aside = [SetAside(f"x.csv:{i}", f"gap: 'bad {i}' is not a number") for i in range(100)] + [
        SetAside("x.csv:7", "odd")
    ]
    quality = examine(dataset(clean()).with_facts(set_aside=aside))
    assert [(reason.count, reason.text) for reason in quality.set_aside] == [
        (100, "gap: … is not a number"),
        (1, "odd"),
    ]


def test_the_report_is_data() -> None:
    """All of it can be written as JSON."""
    import json

    frame = clean()
    frame["leak"] = frame["gap"]
    facts = json.loads(json.dumps(examine(dataset(frame)).facts()))
    assert facts["records"] == 200
    assert [finding["subject"] for finding in facts["findings"]] == ["leakage"]
