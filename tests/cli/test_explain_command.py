"""matloop explain and matloop card as a person uses them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.discovery import card_facts
from matloop.discovery.card import Card
from matloop.discovery.predictor import Predictor
from matloop.discovery.representation import Representation
from matloop.discovery.trained import TrainedModel

if TYPE_CHECKING:
    from conftest import Matloop

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = "a<script>alert(1)</script>"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of y = 3 a − b + noise, one of whose inputs has a hostile name."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 3)), columns=["a", "b", HOSTILE])
    frame["y"] = 3 * frame["a"] - frame["b"] + 0.1 * rng.normal(size=60)
    columns = [Column("a", unit="mm"), Column("b"), Column(HOSTILE), Column("y", role="target", unit="J")]
    dataset = Dataset(frame, columns, name="springs", licence="MIT")
    inputs = dataset.inputs
    representation = Representation(inputs)
    predictor, _ = Predictor.fitted(
        representation, Ridge(), representation.describe(frame), frame["y"].to_numpy(), np.arange(60), 0
    )
    card = Card(task="regression", name="springs", model="ridge", data=card_facts.data(dataset, columns[3], inputs))
    model = TrainedModel(columns[3], inputs, predictor, card.to_dict(), dataset)
    return model.save(tmp_path_factory.mktemp("models") / "springs")


def test_the_inputs_are_told_the_strongest_first_and_a_page_is_written(matloop: Matloop, saved: Path) -> None:
    told = matloop("explain", str(saved), "--rows", "40", "--quiet")
    assert told.code == 0, told.err
    lines = [line.split() for line in told.out.splitlines()]
    order = [words[0] for words in lines if words and words[0] in ("a", "b")]
    assert order[:2] == ["a", "b"]
    assert next(words for words in lines if words[:1] == ["a"])[-1] == "rises"
    assert next(words for words in lines if words[:1] == ["b"])[-1] == "falls"
    assert "precision" in told.out
    page = Path("explain.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "default-src 'none'" in page


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_the_figures_of_the_page_are_drawn_and_nothing_is_refused(matloop: Matloop, saved: Path) -> None:
    """Headless Chromium draws them from the file alone."""
    assert matloop("explain", str(saved), "--rows", "20", "--quiet").code == 0
    options = "--headless --no-sandbox --disable-gpu --no-first-run --enable-logging=stderr --virtual-time-budget=20000"
    profile = f"--user-data-dir={Path('profile').absolute()}"
    page = Path("explain.html").absolute().as_uri()
    told = subprocess.run(
        [str(CHROMIUM), *options.split(), profile, "--dump-dom", page],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert told.stdout.count('class="main-svg"') >= 2 * 3
    assert [line for line in told.stderr.splitlines() if "CONSOLE" in line] == []


def test_facts_for_other_programs(matloop: Matloop, saved: Path) -> None:
    told = json.loads(matloop("explain", str(saved), "--rows", "20", "--json", "--no-page").out)
    assert told["page"] is None
    assert told["model"]["unit"] == "J"
    assert sum(told["model"]["sensitivity"].values()) == pytest.approx(1)
    assert not Path("explain.html").exists()


def test_a_single_row_is_taken_apart(matloop: Matloop, saved: Path) -> None:
    told = matloop("explain", str(saved), "--row", "2", "-o", "one.html")
    assert told.code == 0, told.err
    assert "row 2" in told.out
    assert "what it says on average" in told.out
    assert "mm" in told.out
    assert "nearest training rows" in told.out
    (one,) = json.loads(matloop("explain", str(saved), "--row", "2", "--json").out)["materials"]
    assert one["base"] + sum(part["contribution"] for part in one["contributions"]) == pytest.approx(one["prediction"])
    assert "<script>alert" not in Path("one.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--row", "99"], "there is no row 99"),
        (["--material", "Fe2O3"], "takes no material"),
        (["--class", "metal"], "there are no classes"),
        (["--data", "nowhere.csv"], "nowhere.csv"),
        (["-o", "explain.pdf"], "the page is HTML"),
    ],
)
def test_what_cannot_be_explained_ends_with_a_message(
    matloop: Matloop, saved: Path, words: list[str], said: str
) -> None:
    told = matloop("explain", str(saved), "--rows", "20", "--quiet", *words)
    assert told.code == 2
    assert said in told.err
    assert "Traceback" not in told.err


def test_a_file_that_is_no_model_is_refused(matloop: Matloop) -> None:
    Path("x.matloop").write_bytes(b"not a model")
    for command in ("explain", "card"):
        told = matloop(command, "x.matloop")
        assert told.code != 0
        assert "Traceback" not in told.err
        assert told.err.startswith("Error:")


def test_the_card_is_shown_and_written_in_three_forms(matloop: Matloop, saved: Path) -> None:
    told = matloop("card", str(saved), "-o", "card.html", "-o", "card.json", "-o", "card.md")
    assert told.code == 0
    assert "not validated" in Path("card.md").read_text(encoding="utf-8")
    assert "<!DOCTYPE html>" in Path("card.html").read_text(encoding="utf-8")
    card = Card.of(json.loads(Path("card.json").read_text(encoding="utf-8")))
    assert card.data.licence == "MIT"
    assert card.provenance.hashes
    assert json.loads(matloop("card", str(saved), "--json").out) == card.to_dict()
    assert "Predicts y (J) from a, b" in matloop("card", str(saved)).out


def test_a_card_in_another_form_is_refused(matloop: Matloop, saved: Path) -> None:
    told = matloop("card", str(saved), "-o", "card.docx")
    assert told.code == 2
    assert "use .html, .md or .json" in told.err
