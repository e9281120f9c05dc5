"""matloop train and matloop predict as a person uses them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "discovery"))
from small_models import hardness, is_hard, quick


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with quick():
        yield


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "hardness.csv"
    hardness(40).frame.rename(columns={"hardness": "hardness (GPa)"}).to_csv(path, index=False)
    return path


def test_from_a_table_to_predictions(matloop, data: Path) -> None:
    """Two commands: the first says what the model is worth, the second what it says of other materials."""
    trained = matloop("train", "hardness.csv", "--target", "hardness", "--model", "tree", "-o", "hard.matloop")
    assert trained.code == 0, trained.err
    for words in ("hardness [GPa] from formula", "40 rows", "MAE [GPa]", "random, 5 folds", "composition, 5 folds",
                  "without a model", "Gap between 'composition' and random", "Intervals held", "inside the domain",
                  "Model: hard.matloop", "Card: hard.html"):  # fmt: skip
        assert words in trained.out, words
    assert "<html" in data.with_name("hard.html").read_text(encoding="utf-8")[:200]
    data.with_name("new.csv").write_text("formula\nFe2O3\nPuO2\nXx\n", encoding="utf-8")
    told = matloop("predict", "hard.matloop", "new.csv", "-o", "told.csv", "--why", "--confidence", "0.8")
    assert told.code == 0, told.err
    assert "80 % interval" in told.out
    assert "no training row holds Pu" in told.out
    frame = pd.read_csv(data.with_name("told.csv"))
    assert {"formula", "hardness prediction [GPa]", "hardness lower [GPa]", "failure"} <= set(frame.columns)


def test_a_unit_in_small_letters_is_shown(matloop, data: Path) -> None:
    """[eV] is no markup: it stands behind scores, predictions and contributions."""
    data.write_text(data.read_text(encoding="utf-8").replace("(GPa)", "(eV)"), encoding="utf-8")
    words = ("--target", "hardness", "--model", "tree", "--split", "random", "--no-page", "-o", "m.matloop")
    assert "MAE [eV]" in matloop("train", data.name, *words).out
    assert "hardness [eV]" in matloop("predict", "m.matloop", "-m", "Fe2O3").out
    assert "contribution [eV]" in matloop("explain", "m.matloop", "--no-page", "--rows", "10").out


def test_other_inputs_of_a_material_are_given_beside_it(matloop, tmp_path: Path) -> None:
    """What a model needs beside the material is said with --with, in any unit; without it the hint says how."""
    rows = "".join(f"Fe{n}O3,{300 + 7 * n},{n % 5 + n / 10}\n" for n in range(1, 31))
    (tmp_path / "t.csv").write_text(f"formula,temperature (K),y\n{rows}", encoding="utf-8")
    matloop("train", "t.csv", "--target", "y", "--model", "tree", "--split", "random", "--no-page", "-o", "m.matloop")
    refused = matloop("predict", "m.matloop", "-m", "Fe2O3")
    assert refused.code == 2
    assert "needs temperature [K]\nHint: --with temperature=VALUE" in refused.err
    given = ("--with", "temperature=400"), ("--with", "temperature=126.85 degC")
    told = [json.loads(matloop("predict", "m.matloop", "-m", "Fe2O3", *words, "--json").out) for words in given]
    assert told[0]["predictions"] == told[1]["predictions"]
    wrong = matloop("predict", "m.matloop", "-m", "Fe2O3", "--with", "temperature=400 kg")
    assert "'kg' is not a unit of the same dimension as 'K'" in wrong.err
    assert matloop("predict", "m.matloop", "t.csv", "--with", "temperature=400").code == 2


def test_facts_for_other_programs(matloop, data: Path) -> None:
    trained = matloop("train", "hardness.csv", "--model", "ridge", "--split", "random", "--json", "--no-page",
                      "--target", "hardness")  # fmt: skip
    facts = json.loads(trained.out)
    assert facts["model"] == "hardness.matloop"
    assert facts["card"] is None
    assert facts["facts"]["provenance"]["command"] == (
        "matloop train hardness.csv --target hardness --model ridge --split random --seed 0"
    )
    told = json.loads(matloop("predict", "hardness.matloop", "-m", "Fe2O3", "--material", "??", "--json").out)
    assert told["unit"] == "GPa"
    assert told["rows"] == 2
    assert told["predictions"][0]["failure"] == ""
    assert told["predictions"][1]["hardness prediction [GPa]"] is None


def test_classes_on_the_screen(matloop, tmp_path: Path) -> None:
    is_hard(60).frame.to_csv(tmp_path / "hard.csv", index=False)
    trained = matloop("train", "hard.csv", "--target", "class", "--model", "forest", "--split", "random")
    assert trained.code == 0, trained.err
    for words in ("balanced accuracy", "ROC-AUC", "log loss", "classification by forest"):
        assert words in trained.out
    told = matloop("predict", "class.matloop", "-m", "Fe2O3")
    assert told.code == 0
    assert "probability" in told.out


def test_the_kinds_of_models_are_listed(matloop) -> None:
    told = matloop("train", "--list")
    assert told.code == 0
    for kind in ("auto", "forest", "gaussian_process", "logistic"):
        assert kind in told.out
    assert {"name", "predicts", "most_rows", "what"} == set(json.loads(matloop("train", "--list", "--json").out)[0])


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["train"], "what to learn from"),
        (["train", "none.csv"], "none.csv"),
        (["train", "hardness.csv", "--target", "hardnes"], "no column 'hardnes'"),
        (["train", "hardness.csv", "--model", "forrest"], "no model 'forrest'"),
        (["train", "hardness.csv", "--budget", "soon"], "no duration"),
        (["train", "hardness.csv", "--split", "sideways"], "no split 'sideways'"),
        (["train", "hardness.csv", "--folds", "none.json"], "none.json"),
        (["train", "hardness.csv", "--task", "guessing"], "no task 'guessing'"),
        (["train", "hardness.csv", "--features", "magic"], "magic"),
        (["train", "hardness.csv", "-o", "hardness.txt"], "a model is a .matloop file"),
        (["train", "hardness.csv", "-o", "."], "is a folder"),
        (["train", "hardness.csv", "-o", "hardness.csv/h.matloop"], "cannot be written"),
        (["predict", "none.matloop", "hardness.csv"], "no model file none.matloop"),
        (["predict", "hardness.csv", "hardness.csv"], "no trained model"),
        (["predict", "none.matloop"], "what to predict"),
        (["predict", "none.matloop", "hardness.csv", "-o", "a.docx"], "use .csv or .parquet"),
    ],
)
def test_mistakes_are_told_with_a_hint_and_exit_code_2(matloop, data: Path, words: list[str], match: str) -> None:
    if "--target" not in words and words[0] == "train":
        words = [*words, "--target", "hardness"]
    told = matloop(*words)
    assert told.code == 2
    assert match in told.err
    assert "Traceback" not in told.err
    assert not list(data.parent.glob("*.matloop"))


def test_a_file_in_which_nothing_can_be_predicted_ends_with_1(matloop, data: Path) -> None:
    assert matloop("train", "hardness.csv", "--target", "hardness", "--model", "ridge", "--split", "random").code == 0
    data.with_name("bad.csv").write_text("formula\n??\n!!\n", encoding="utf-8")
    told = matloop("predict", "hardness.matloop", "bad.csv")
    assert told.code in (1, 2)
    assert "Traceback" not in told.err


def test_any_name_of_a_target_makes_the_name_of_a_file(matloop, data: Path) -> None:
    """'phase: BCC/FCC' can be called so in a table and not on a disk."""
    table = pd.read_csv(data).rename(columns={"hardness (GPa)": "hard: Vickers/Knoop?"})
    table.to_csv(data, index=False)
    words = ["--target", "hard: Vickers/Knoop?", "--model", "ridge", "--split", "random", "--no-page"]
    assert matloop("train", "hardness.csv", *words).code == 0
    assert [path.name for path in data.parent.glob("*.matloop")] == ["hard_ Vickers_Knoop_.matloop"]
