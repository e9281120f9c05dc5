"""Where candidates come from: files with faults, folders, and generators that can be entered at any place."""

from __future__ import annotations

import gzip
import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from stand_in import screened

from matloop.core.composition import canonical_formula, parse_formula
from matloop.core.errors import InputError
from matloop.screening.compositions import Compositions, combinations
from matloop.screening.source import source_of
from matloop.screening.substitution import Substitution

ALL = {"kind": "unique", "by": "text"}


def _written(path: Path, formulas: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame({"formula": formulas, "price": np.arange(len(formulas), dtype=float)})
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return frame


@pytest.mark.parametrize("name", ["c.parquet", "c.csv", "c.csv.gz"])
def test_files_of_each_kind_give_the_same_candidates(name: str, tmp_path: Path) -> None:
    formulas = [f"Fe{i + 1}O" for i in range(23)]
    written = _written(tmp_path / name, formulas)
    frame, funnel, _ = screened([ALL], tmp_path / name, tmp_path / "s", chunk=5)
    pd.testing.assert_frame_equal(frame, written)
    assert funnel[0].entered == 23


def test_a_folder_of_parquet_files_is_one_stream(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for i in range(3):
        _written(folder / f"{i}.parquet", [f"Fe{10 * i + j + 1}O" for j in range(10)])
    frame, _, run = screened([ALL], folder, tmp_path / "s", chunk=7)
    assert frame["formula"].tolist() == [f"Fe{i + 1}O" for i in range(30)]
    assert run.source.total == 30


def test_smiles_come_from_plain_and_gzipped_files(tmp_path: Path) -> None:
    text = "CCO ethanol\nCCN\tethylamine\nc1ccccc1 benzene\n"
    (tmp_path / "m.smi").write_text(text)
    with gzip.open(tmp_path / "m.smi.gz", "wt") as file:
        file.write(text)
    for name in ("m.smi", "m.smi.gz"):
        source = source_of(tmp_path / name)
        material = next(column.name for column in source.columns.values() if column.role == "material")
        frame, _, _ = screened([ALL], tmp_path / name, tmp_path / f"s-{name}", (), material, "molecule", chunk=2)
        assert frame[material].tolist() == ["CCO", "CCN", "c1ccccc1"]


def test_rows_that_are_no_rows_and_formulas_that_are_none_are_counted_and_listed(tmp_path: Path) -> None:
    from matloop.screening.tables import write_fallen

    lines = ["formula,price"] + [f"Fe{i + 1}O,{i}" for i in range(30)]
    lines[5] = "Fe5O,4,what,is,this"
    lines[11] = "Xx2O,10"
    lines[17] = "FeO2,cheap"
    (tmp_path / "c.csv").write_text("\n".join(lines))
    stages = [{"kind": "range", "column": "price", "low": 0}, ALL]
    frame, funnel, run = screened(stages, tmp_path / "c.csv", tmp_path / "s", chunk=8)
    assert len(frame) == 27
    assert funnel[0].entered == 30
    assert funnel[0].reasons == {"the row has 5 cells, but the header 2": 1, "has no element …": 1}
    assert funnel[1].reasons == {"no number for price": 1}
    assert write_fallen(tmp_path / "rejected.parquet", run.fallen, run.plan) == 3
    rejected = pd.read_parquet(tmp_path / "rejected.parquet")
    assert rejected.loc[rejected["row"] == -1, "record"].tolist() == ["Fe5O,4,what,is,this"]


def test_no_row_of_a_format_that_is_read_whole_is_lost(tmp_path: Path) -> None:
    """A record whose number is no number is set aside by the reader: it is counted and listed, too."""
    (tmp_path / "c.jsonl").write_text(
        '{"formula": "FeO", "x": 1}\n{"formula": "TiO2", "x": "a"}\n{"formula": "ZnO", "x": 2}\n'
    )
    frame, funnel, run = screened([{"kind": "unique"}], tmp_path / "c.jsonl", tmp_path / "state")
    assert frame["formula"].tolist() == ["FeO", "ZnO"]
    assert (funnel[0].entered, funnel[0].kept, sum(funnel[0].reasons.values())) == (3, 2, 1)
    assert "TiO2" in pd.concat(map(pd.read_parquet, run.fallen))["record"][0]


def test_files_of_a_folder_may_differ_in_their_columns(tmp_path: Path) -> None:
    """Whole numbers, fractions, text or nothing at all in a column: what is no number is missing."""
    folder = tmp_path / "many"
    folder.mkdir()
    tables: list[dict[str, Any]] = [
        {"formula": ["FeO", "NiO"], "x": [1.5, 2.5]},
        {"formula": ["TiO2"], "x": [3]},
        {"x": ["4", "much"], "formula": ["CoO", "MnO"]},
        {"formula": ["ZnO"], "y": [1]},
        {"name": ["none"], "x": [1]},
    ]
    for i, table in enumerate(tables):
        pd.DataFrame(table).to_parquet(folder / f"{i}.parquet")
    for chunk in (1, 2, 100):
        frame, funnel, _ = screened([{"kind": "unique"}], folder, tmp_path / f"s{chunk}", chunk=chunk)
        assert frame["formula"].tolist() == ["FeO", "NiO", "TiO2", "CoO", "MnO", "ZnO"]
        assert frame["x"].fillna(-1).tolist() == [1.5, 2.5, 3, 4, -1, -1]
        assert dict(funnel[0].reasons) == {"is empty": 1}


def test_a_file_that_is_not_there_or_empty_is_told(tmp_path: Path) -> None:
    (tmp_path / "candidates.csv").write_text("")
    with pytest.raises(InputError, match="no file") as caught:
        source_of(tmp_path / "candidate.csv")
    assert "candidates.csv" in caught.value.hint
    with pytest.raises(InputError, match="empty"):
        source_of(tmp_path / "candidates.csv")
    with pytest.raises(InputError, match="no candidates"):
        source_of(pd.DataFrame({"formula": []}))
    with pytest.raises(InputError, match="has no candidates"):
        source_of(3)


# -- generators -----------------------------------------------------------------------------------------------


def test_compositions_are_all_there_are_and_each_once() -> None:
    elements = ["Li", "Fe", "O", "S"]
    made = Compositions(elements=elements, n_elements=(1, 3), amounts=3).frame(0, 10_000)["formula"]
    expected = set()
    for k in (1, 2, 3):
        for system in itertools.combinations(elements, k):
            for amounts in itertools.product(range(1, 4), repeat=k):
                if math.gcd(*amounts) == 1:
                    expected.add(canonical_formula("".join(f"{e}{n}" for e, n in zip(system, amounts, strict=True))))
    assert len(made) == len(expected)
    assert set(map(canonical_formula, made)) == expected


def test_one_element_of_each_list() -> None:
    made = Compositions(elements=[["Li", "Na"], ["Fe", "Mn", "Co"], ["O"]], amounts=2).frame(0, 1000)["formula"]
    assert all(len(parse_formula(formula)) == 3 and "O" in formula for formula in made)
    assert len({frozenset(parse_formula(formula)) for formula in made}) == 6


def test_alloys_on_a_grid_sum_to_one() -> None:
    made = Compositions(elements=["Fe", "Ni", "Cr", "Co"], n_elements=3, steps=10).frame(0, 10_000)["formula"]
    assert len(made) == 4 * math.comb(9, 2)
    assert all(sum(parse_formula(formula).values()) == pytest.approx(1) for formula in made)
    assert made.is_unique


GENERATORS = st.sampled_from(
    [
        Compositions(elements=["Li", "Na", "K", "Fe", "O", "S"], n_elements=(2, 4), amounts=4),
        Compositions(elements=["Li", "Na", "K", "Fe", "O", "S"], n_elements=3, amounts=5, sample=97, seed=5),
        Compositions(elements=[["Li", "Na"], ["O", "S"]], amounts=6),
        Substitution(
            template="{A}{B}{X}3", sites={"A": ["Cs", "Ba", "rare_earths"], "B": ["Ti", "Pb"], "X": ["O", "I"]}
        ),
        Substitution(template="c1cc({R})ccc1{S}", sites={"R": ["C", "O", "N"], "S": ["F", "Cl"]}, material="molecule"),
    ]
)


@given(GENERATORS, st.data())
def test_any_part_is_that_part_of_the_whole(generator: Any, data: st.DataObject) -> None:
    whole = generator.frame(0, generator.size)
    assert len(whole) == generator.size
    start = data.draw(st.integers(0, generator.size))
    stop = data.draw(st.integers(start, generator.size + 5))
    pd.testing.assert_frame_equal(generator.frame(start, stop), whole.iloc[start:stop], check_index_type=False)
    assert whole.index.tolist() == list(range(generator.size))


@given(st.integers(1, 12), st.data())
def test_combinations_are_found_by_their_rank(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, n))
    expected = [list(chosen) for chosen in itertools.combinations(range(n), k)]
    assert combinations(n, k, np.arange(math.comb(n, k))).tolist() == expected
    assert combinations(n, k, np.array([math.comb(n, k) - 1, 0])).tolist() == [expected[-1], expected[0]]


def test_a_sample_is_spread_over_all_and_has_none_twice() -> None:
    whole = Compositions(elements=["Li", "Na", "K", "Fe", "O", "S"], n_elements=3, amounts=5)
    place = {formula: i for i, formula in enumerate(whole.frame(0, whole.n)["formula"])}
    for seed in (0, 1):
        sample = whole.model_copy(update={"sample": 100, "seed": seed}).frame(0, 1000)["formula"]
        places = np.array([place[formula] for formula in sample])
        assert len(places) == 100
        assert (np.diff(places) > 0).all()
        assert (places // (whole.n / 100)).astype(int).tolist() == pytest.approx(range(100), abs=1)
    assert len(whole.model_copy(update={"sample": 10**6}).frame(0, 10**6)) == whole.n


def test_billions_of_compositions_cost_nothing_until_they_are_made() -> None:
    from matloop.core.composition import SYMBOLS

    huge = Compositions(elements=SYMBOLS[:90], n_elements=(2, 5), amounts=6, without=["noble_gases"])
    assert huge.n > 10**11
    assert len(huge.frame(huge.n - 5, huge.n + 5)) == 5


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"elements": ["Fe", "Xx"], "n_elements": 2, "amounts": 2}, "no element 'Xx'"),
        ({"elements": ["Fe"], "n_elements": 2, "amounts": 2}, "fewer than n_elements"),
        ({"elements": ["Fe", "O"], "amounts": 2}, "n_elements is missing"),
        ({"elements": [["Fe"], ["O"]], "amounts": 2, "n_elements": 2}, "plain list"),
        ({"elements": ["Fe", "O"], "n_elements": 2}, "either amounts"),
        ({"elements": ["Fe", "O"], "n_elements": 2, "amounts": 2, "steps": 4}, "either amounts"),
        ({"elements": ["Fe", "Pb"], "n_elements": 2, "amounts": 2, "without": ["toxic"]}, "fewer than"),
        ({"elements": list("HCNOFPSKBIUVWY"), "n_elements": 8, "amounts": 100}, "at most 1,000,000"),
    ],
)
def test_compositions_that_make_no_sense_are_told(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Compositions(**settings)


def test_templates_and_their_sites_must_fit() -> None:
    with pytest.raises(ValidationError, match=r"nothing is said of the place \{B\}"):
        Substitution(template="{A}{B}", sites={"A": ["Fe"]})
    with pytest.raises(ValidationError, match=r"no place \{C\}"):
        Substitution(template="{A}", sites={"A": ["Fe"], "C": ["O"]})
    with pytest.raises(ValidationError, match="nothing can stand"):
        Substitution(template="{A}", sites={"A": []})
