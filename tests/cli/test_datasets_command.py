"""matloop datasets: a list, a card, a file."""

import json

import pytest

from matloop.datasets.dataset import Dataset


def test_all_are_listed(matloop) -> None:
    told = matloop("datasets")
    assert told.code == 0
    assert "matbench_expt_gap" in told.out
    assert "4,604" in told.out


def test_a_word_narrows_the_list(matloop) -> None:
    """It may stand in the name, the title, a column or a citation."""
    facts = json.loads(matloop("datasets", "suzuki", "--json").out)
    assert {one["name"] for one in facts} == {"olympus_suzuki", "olympus_suzuki_i"}
    assert "pvlab_p3ht" in matloop("datasets", "Bash").out


def test_a_card_says_what_it_is(matloop) -> None:
    """Columns, units, direction, traps, licence, origin and what to cite."""
    told = matloop("datasets", "pvlab_agnp").out
    for words in ("uL/min", "to be minimized", "Beware: The loss", "MIT", "7585c517", "s41524-021-00520-w"):
        assert words in told


def test_a_card_for_programs(matloop) -> None:
    facts = json.loads(matloop("datasets", "matbench_steels", "--json").out)
    assert facts["rows"] == 312
    assert facts["files"][0]["url"].startswith("https://")
    assert [column["unit"] for column in facts["columns"]] == [None, "MPa"]


def test_a_word_that_nothing_speaks_of_gets_the_nearest_name(matloop) -> None:
    told = matloop("datasets", "matbench_stels")
    assert told.code == 2
    assert "did you mean 'matbench_steels'" in told.err
    assert "Traceback" not in told.err


def test_what_has_no_address_says_so(matloop, monkeypatch) -> None:
    monkeypatch.delenv("MATLOOP_DATA", raising=False)
    assert "it has no address" in matloop("datasets", "matbench_official_folds").out
    assert matloop("datasets", "matbench_official_folds", "-o", "f.parquet").code == 2


@pytest.mark.data
def test_a_dataset_becomes_a_file(matloop, published, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MATLOOP_DATA", str(published))
    told = matloop("datasets", "matbench_steels", "-o", "steels.parquet")
    assert told.code == 0
    assert "312 records; to be predicted: yield_strength [MPa]" in told.out
    assert Dataset.read(tmp_path / "steels.parquet").targets[0].unit == "MPa"
