"""What a person names as a table: a file, or a published dataset."""

from pathlib import Path

import pandas as pd
import pytest

from matloop import Dataset
from matloop.core.errors import InputError
from matloop.discovery.tables import read_table
from matloop.discovery.training_rows import training_rows


def test_a_file_comes_before_a_published_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has a file of that name means it."""
    monkeypatch.chdir(tmp_path)
    Dataset(pd.DataFrame({"formula": ["NaCl"], "gap": [8.5]})).save("own.parquet")
    Path("own.parquet").rename("matbench_steels")
    with pytest.raises(InputError, match="cannot tell the format"):
        read_table("matbench_steels")


def test_a_published_name_is_its_dataset(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no such file, the dataset of that name is taken, with its columns described."""
    monkeypatch.chdir(tmp_path)
    steels = read_table("matbench_steels")
    assert len(steels) == 312
    assert steels.targets[0].unit == "MPa"


def test_a_name_of_neither_gets_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the file here, or the published dataset, that was probably meant."""
    monkeypatch.chdir(tmp_path)
    Path("hardness.csv").write_text("formula,y\nNaCl,1\n")
    for name, meant in (("hardnes.csv", "hardness.csv"), ("matbench_steal", "matbench_steels")):
        with pytest.raises(InputError) as refused:
            read_table(name)
        assert meant in refused.value.hint


def test_only_what_could_be_a_target_is_proposed() -> None:
    """Where no target is named, neither the material nor what says where records are from is one to choose."""
    frame = pd.DataFrame({"formula": ["NaCl"], "T": [1.0], "gap": [8.5], "doi": ["x"], "origin": ["y"], "phase": ["z"]})
    with pytest.raises(InputError) as refused:
        training_rows(Dataset(frame), None, (), None)
    assert refused.value.hint == "--target with one of: T, gap"
