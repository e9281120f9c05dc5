"""matloop import, as a person uses it."""

import csv
import json
from pathlib import Path

import pytest

from matloop import Dataset

MESSY = """formula,band gap (eV),T (C),phase
NaCl,8.5,25,solid
KCl,8400 meV,25,solid
ClNa,8.6,25,solid
LiF,wide,25,solid
Xx2,1.0,25,solid
CsI,6.2
KF,,25,solid
"""


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    path = tmp_path / "gaps.csv"
    path.write_text(MESSY)
    return path


def test_a_csv_with_mistakes_becomes_a_dataset(matloop, messy: Path) -> None:
    """Good records are saved, bad ones told with their line, and what deserves a look is said."""
    told = matloop("import", "gaps.csv", "--target", "band gap")
    assert told.code == 0
    assert "gaps.parquet: 4 records, 3 records set aside" in told.out
    assert "gaps.csv:5: band gap: 'wide' is not a number" in told.out
    assert "1 record shares its composition with another" in told.out
    dataset = Dataset.read("gaps.parquet")
    assert dataset.frame["formula"].tolist() == ["NaCl", "KCl", "ClNa", "KF"]
    assert dataset.frame["band gap"].tolist()[:3] == [8.5, 8.4, 8.6]
    assert [column.titled for column in dataset.targets] == ["band gap [eV]"]
    assert len(dataset.set_aside) == 3


def test_json_has_the_same_facts(matloop, messy: Path) -> None:
    """For other programs: counts, columns, reasons, findings."""
    facts = json.loads(matloop("import", "gaps.csv", "--json").out)
    assert facts["records"] == 4
    assert facts["set_aside"]["count"] == 3
    assert {column["name"]: column.get("unit") for column in facts["columns"]}["T"] == "°C"
    assert {finding["subject"] for finding in facts["findings"]} >= {"duplicates", "constant"}


def test_what_was_set_aside_is_written_out(matloop, messy: Path) -> None:
    """Place, reason and the record itself, for whoever mends the file."""
    assert matloop("import", "gaps.csv", "--set-aside", "aside.csv").code == 0
    with Path("aside.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["place"] for row in rows] == ["gaps.csv:5", "gaps.csv:6", "gaps.csv:7"]
    assert "LiF" in rows[0]["record"]


def test_duplicates_are_merged_and_counted(matloop, messy: Path) -> None:
    """The rule and the way are said, and so is what became of how many."""
    told = matloop("import", "gaps.csv", "--duplicates", "mean", "--maximize", "band gap", "-o", "one.parquet")
    assert told.code == 0
    assert "Of 4 records, 1 group of the same conditions was merged by mean: 1 fewer record." in told.out
    dataset = Dataset.read("one.parquet")
    assert dataset.frame["band gap"].tolist()[0] == pytest.approx(8.55)
    assert dataset.columns["band gap"].direction == "maximize"


def test_options_describe_columns(matloop, messy: Path) -> None:
    """Unit, role, kind, drop, licence, citation and name land in the dataset."""
    told = matloop(
        *("import", "gaps.csv", "--unit", "band gap=meV", "--role", "T=provenance", "--kind", "phase=text"),
        *("--drop", "phase", "--licence", "CC0-1.0", "--citation", "me", "--name", "salts"),
    )
    assert told.code == 0, told.err
    dataset = Dataset.read("gaps.parquet")
    assert dataset.frame["band gap"].iloc[0] == 8500
    assert dataset.columns["T"].role == "provenance"
    assert "phase" not in dataset.columns
    assert (dataset.name, dataset.licence, dataset.citation) == ("salts", "CC0-1.0", "me")


def test_a_proprietary_file_is_marked(matloop, messy: Path) -> None:
    """What --proprietary says is kept with each record, and said."""
    told = matloop("import", "gaps.csv", "--proprietary", "icsd")
    assert "never exported" in told.out
    assert Dataset.read("gaps.parquet").is_proprietary
    told = matloop("export", "gaps.parquet")
    assert told.code == 2
    assert "ICSD" in told.err
    assert not list(Path().glob("*-records*"))


def test_a_dataset_is_exported(matloop, messy: Path) -> None:
    """Each format under a name of its own, so that no export is taken for the dataset or the file it came from."""
    matloop("import", "gaps.csv")
    told = matloop("export", "gaps.parquet", "--format", "csv,jsonl", "-o", "out", "--json")
    assert [Path(path).name for path in json.loads(told.out)["files"]] == ["gaps-records.csv", "gaps-records.jsonl"]
    assert "band gap [eV]" in Path("out/gaps-records.csv").read_text().splitlines()[0]
    assert matloop("export", "gaps.parquet", "--format", "docx").code == 2


def test_a_saved_dataset_can_be_described_anew(matloop, messy: Path) -> None:
    """Import takes its own files, and merges them with others."""
    assert matloop("import", "gaps.csv").code == 0
    told = matloop("import", "gaps.parquet", "gaps.csv", "--target", "band gap", "-o", "both.parquet")
    assert told.code == 0, told.err
    assert len(Dataset.read("both.parquet")) == 8


def test_the_page_needs_no_network(matloop, messy: Path) -> None:
    """One HTML file with its own policy, the findings and the figures in it."""
    told = matloop("import", "gaps.csv", "--target", "band gap", "--report", "page.html")
    assert told.code == 0
    page = Path("page.html").read_text()
    assert "default-src 'none'" in page
    assert "Values of band gap" in page
    assert "'wide' is not a number" in page.replace("&#39;", "'")


@pytest.mark.parametrize(
    "words",
    [
        ["nothing.csv"],
        ["gaps.csv", "--target", "bnad gap"],
        ["gaps.csv", "--unit", "band gap"],
        ["gaps.csv", "--unit", "band gap=metre"],
        ["gaps.csv", "--role", "phase=colour"],
        ["gaps.csv", "--duplicates", "best", "--target", "band gap"],
        ["gaps.csv", "--duplicates", "worst"],
        ["gaps.csv", "--duplicates", "mean", "--by", "colour"],
        ["gaps.csv", "--maximize", "band gap", "--minimize", "band gap"],
        ["gaps.csv", "--names", "a,b"],
        ["gaps.csv", "--format", "docx"],
        ["gaps.csv", "--join", "key"],
        ["gaps.csv", "-o", "gaps.csv"],
    ],
)
def test_a_mistake_is_told_and_writes_nothing(matloop, messy: Path, words: list[str]) -> None:
    """Exit code 2, a message with a hint, and no half-done file."""
    told = matloop("import", *words)
    assert told.code == 2
    assert told.err.startswith("Error: ")
    assert "Traceback" not in told.err
    assert [path.name for path in Path().iterdir()] == ["gaps.csv"]
    assert messy.read_text() == MESSY


def test_names_with_markup_are_shown_as_they_are(matloop, tmp_path: Path) -> None:
    """A column called '[red]x[/red]' is no instruction to the terminal."""
    (tmp_path / "x.csv").write_text("formula,[red]x[/red]\nNaCl,1\nKCl,[bold]\nLiF,2\nCsI,3\n")
    told = matloop("import", "x.csv")
    assert told.code == 0
    assert "[red]x[/red]" in told.out
    assert "'[bold]' is not a number" in told.out
