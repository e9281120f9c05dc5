"""matloop describe, as a person uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from rich.console import Console

from matloop.datasets.dataset import Dataset

if TYPE_CHECKING:
    from conftest import Matloop

TABLE = "formula,gap (eV)\nAlNi,0\nZz,1\nFe2Ti,0\n,3\nFe2O3,2.1\n"


@pytest.fixture
def gaps(tmp_path: Path) -> Path:
    (tmp_path / "gaps.csv").write_text(TABLE)
    return tmp_path


def test_a_table_becomes_features(matloop: Matloop, gaps: Path) -> None:
    """A raw CSV file is read and described; it is said what was not read, what was not described, and what to cite."""
    told = matloop("describe", "gaps.csv", "-f", "magpie,alloy", "-o", "f.parquet", "--failures", "failures.csv")
    assert told.code == 0
    assert "2 of 5 records described by 149 features" in told.out
    assert "not read: formula: 'Zz' has no element 'Zz' (gaps.csv:3)" in told.out
    assert "not described: formula: alloy: O has no known electronegativity" in told.out
    assert "10.1038/npjcompumats.2016.28" in told.out
    assert len(pd.read_csv(gaps / "failures.csv")) == 3
    dataset = Dataset.read(gaps / "f.parquet")
    assert len(dataset) == 2
    assert dataset.columns["mean MeltingT"].unit == "K"
    assert dataset.columns["gap"].unit == "eV"


def test_dois_are_whole_on_a_narrow_screen(matloop: Matloop, gaps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 80 columns too, a DOI stands in one piece, so that it can be copied."""
    monkeypatch.setattr("matloop.cli.terminal.console", lambda: Console(width=80))
    told = matloop("describe", "gaps.csv", "-f", "magpie,electronic,ionic", "-o", "f.csv")
    assert "10.1016/j.commatsci.2012.10.028" in told.out
    assert max(map(len, told.out.splitlines()[1:])) <= 80


@pytest.mark.parametrize("setting", ["stoichiometry:p=3", "magpie:impute=true;impute", "fractions:n=1"])
def test_a_setting_that_cannot_be_is_an_error_of_its_own(matloop: Matloop, gaps: Path, setting: str) -> None:
    """A parameter of the wrong kind, without a value or unknown names its featurizer, and nothing is written."""
    told = matloop("describe", "gaps.csv", "-f", setting, "-o", "f.csv")
    assert told.code == 2
    assert setting.partition(":")[0] in told.err
    assert "unforeseen" not in told.err
    assert not (gaps / "f.csv").exists()


def test_a_column_taken_for_text_is_what_its_featurizers_describe(matloop: Matloop, gaps: Path) -> None:
    """One broken spectrum makes a column of texts; with the featurizers named, it alone fails, and the hint says so."""
    curve = json.dumps({"x": [1, 2, 3, 4, 5, 6], "y": [0, 1, 4, 1, 0, 0]})
    pd.DataFrame({"name": ["a", "b", "c"], "signal": [curve, "[1, 2]", curve]}).to_csv(gaps / "s.csv", index=False)
    refused = matloop("describe", "s.csv", "--column", "signal")
    assert refused.code == 2
    assert "-f NAMES" in refused.err
    told = matloop("describe", "s.csv", "--column", "signal", "-f", "moments:baseline=false", "-o", "f.parquet")
    assert "signal, a spectrum: 2 of 3 records described by 7 features" in told.out
    assert "(s.csv:3)" in told.out
    assert Dataset.read(gaps / "f.parquet").columns["signal"].kind == "spectrum"


def test_facts_for_programs(matloop: Matloop, gaps: Path) -> None:
    """--json prints counts, columns with units, reasons and citations, and nothing else."""
    told = matloop("describe", "gaps.csv", "--json", "-f", "valence", "-f", "stoichiometry:p=[2]")
    facts = json.loads(told.out)
    assert (facts["records"], facts["described"], facts["unread"], facts["failed"]) == (5, 3, 2, 0)
    assert [feature["name"] for feature in facts["features"]][-1] == "2-norm"
    assert facts["file"] == "gaps.features.parquet"
    assert (gaps / "gaps.features.parquet").exists()


def test_the_list(matloop: Matloop) -> None:
    """--list names every featurizer with its kind, columns and citation; --json its parameters too."""
    told = matloop("describe", "--list")
    assert told.code == 0
    for words in ("magpie", "composition", "132", "10.1038/npjcompumats.2016.28", "from data"):
        assert words in told.out
    entries = {entry["name"]: entry for entry in json.loads(matloop("describe", "--list", "--json").out)}
    assert entries["peaks"]["parameters"]["n"] == 5
    assert entries["fractions"]["n_columns"] == 118


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "not said what to describe"),
        (["nothing.csv"], "nothing.csv"),
        (["gaps.csv", "-f", "magpi"], "did you mean 'magpie'?"),
        (["gaps.csv", "-f", "morgan"], "is a molecule"),
        (["gaps.csv", "--column", "gap"], "no features"),
        (["gaps.csv", "-o", "f.txt"], "Parquet or CSV"),
        (["gaps.csv", "--workers", "0"], "--workers"),
    ],
)
def test_mistakes(matloop: Matloop, gaps: Path, words: list[str], why: str) -> None:
    """Whatever is wrong is said in a line or two, with exit code 2, and no file is written."""
    told = matloop("describe", *words)
    assert told.code == 2
    assert why in told.err
    assert "Traceback" not in told.err
    assert not list(gaps.glob("*.parquet"))


def test_nothing_left(matloop: Matloop, tmp_path: Path) -> None:
    """Where no record can be described, the exit code says so, and the reasons are told."""
    (tmp_path / "oxides.csv").write_text("formula,a\nFeO,1\nFe2O3,2\n")
    told = matloop("describe", "oxides.csv", "-f", "alloy")
    assert told.code == 1
    assert "0 of 2 records" in told.out
    assert "2 records, the first of them oxides.csv:2" in told.out


def test_the_cache_is_used(matloop: Matloop, gaps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Costly features are kept in the folder that is named; --no-cache keeps nothing."""
    monkeypatch.setenv("MATLOOP_CACHE", str(gaps / "usual"))
    curve = json.dumps({"x": list(range(9)), "y": [0, 0, 1, 4, 6, 4, 1, 0, 0]})
    pd.DataFrame({"name": ["a"], "spectrum": [curve]}).to_csv(gaps / "s.csv", index=False)
    assert matloop("describe", "s.csv", "--no-cache").code == 0
    assert not list(gaps.rglob("*.npz"))
    assert matloop("describe", "s.csv").code == 0
    assert len(list((gaps / "usual").rglob("*.npz"))) == 2
    assert matloop("describe", "s.csv", "--cache", "own").code == 0
    assert len(list((gaps / "own").rglob("*.npz"))) == 2
