"""A dataset saved is the dataset read."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dataset_strategies import datasets
from hypothesis import given, settings

from matloop import Column, Dataset
from matloop.core.errors import MatloopError, TableError
from matloop.datasets.dataset import DatasetError


def is_same(one: Dataset, two: Dataset) -> None:
    pd.testing.assert_frame_equal(one.frame, two.frame, check_exact=True)
    assert list(one.columns.values()) == list(two.columns.values())
    for fact in ("name", "origin", "licence", "citation", "is_proprietary", "set_aside"):
        assert getattr(one, fact) == getattr(two, fact)


@given(datasets())
def test_parquet_loses_nothing(dataset: Dataset) -> None:
    """Cells to the last bit, types, columns, set-aside records, licence and citation come back as they were."""
    with tempfile.TemporaryDirectory() as folder:
        path = dataset.save(Path(folder) / "saved.parquet")
        is_same(Dataset.read(path), dataset)


@settings(max_examples=30)
@given(datasets())
def test_saving_twice_writes_the_same_bytes(dataset: Dataset) -> None:
    """A hash of the file identifies the dataset."""
    from matloop.datasets.saving import as_bytes

    assert as_bytes(dataset) == as_bytes(dataset)


@settings(max_examples=30)
@given(datasets())
def test_taking_all_records_changes_nothing(dataset: Dataset) -> None:
    """`take` with every index, and `select` with every record, is the dataset itself."""
    is_same(dataset.take(range(len(dataset))), dataset)
    is_same(dataset.select(np.ones(len(dataset), bool)), dataset)


def test_another_program_sees_the_table(tmp_path: Path) -> None:
    """The file is plain Parquet: pandas reads the cells without knowing of matloop."""
    dataset = Dataset(pd.DataFrame({"formula": ["NaCl"], "gap": [8.5]}))
    frame = pd.read_parquet(dataset.save(tmp_path / "a.parquet"))
    assert frame.to_dict("list") == {"formula": ["NaCl"], "gap": [8.5]}


def test_a_table_of_another_program_is_guessed(tmp_path: Path) -> None:
    """Parquet without a word about its columns becomes a dataset all the same."""
    pd.DataFrame({"formula": ["NaCl", "Fe2O3"], "gap": [8.5, 2.2]}).to_parquet(tmp_path / "a.parquet")
    dataset = Dataset.read(tmp_path / "a.parquet")
    assert dataset.material == Column("formula", role="material", kind="composition")
    assert [column.name for column in dataset.targets] == ["gap"]


def test_a_dataset_of_the_future_is_refused(tmp_path: Path) -> None:
    """What a newer version wrote is not half understood."""
    from unittest import mock

    dataset = Dataset(pd.DataFrame({"gap": [1.0]}))
    with mock.patch("matloop.datasets.saving.VERSION", 99):
        path = dataset.save(tmp_path / "a.parquet")
    with pytest.raises(TableError, match="newer version"):
        Dataset.read(path)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"x" * 1000])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """No file, however damaged, gives more than a message."""
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(TableError):
        Dataset.read(tmp_path / "a.parquet")


def test_columns_must_fit_the_table() -> None:
    """A described column that is not there, two materials, and text under a number are refused with a hint."""
    frame = pd.DataFrame({"gap": ["wide"], "a": ["NaCl"], "b": ["KCl"]})
    for columns in (
        [Column("gpa")],
        [Column("gap", kind="number")],
        [Column("a", role="material", kind="composition"), Column("b", role="material", kind="composition")],
        [Column("a", role="uncertainty", kind="text", of="nothing")],
    ):
        with pytest.raises(DatasetError) as refused:
            Dataset(frame, columns)
        assert isinstance(refused.value, MatloopError)


def test_half_a_character_cannot_be_saved(tmp_path: Path) -> None:
    """A lone surrogate has no bytes: a message, and no half-written file."""
    dataset = Dataset(pd.DataFrame({"note": pd.Series(["\ud800"], dtype=object)}), [Column("note", kind="text")])
    with pytest.raises(TableError):
        dataset.save(tmp_path / "a.parquet")
    assert not list(tmp_path.iterdir())


def test_whatever_pandas_holds_is_taken(tmp_path: Path) -> None:
    """Names that are numbers become text, and so do lists, dates and other objects in cells."""
    frame = pd.DataFrame({"formula": ["NaCl", "KCl"], 3: [1.0, 2.0], "peaks": [[1, 2], None], "how": [{"a": 1}, {}]})
    frame["when"] = pd.to_datetime(["2024-01-02", None])
    dataset = Dataset(frame)
    assert dataset.columns["3"].kind == "number"
    assert dataset.frame["peaks"].tolist() == ["[1, 2]", None]
    assert dataset.frame["when"].tolist() == ["2024-01-02 00:00:00", None]
    is_same(Dataset.read(dataset.save(tmp_path / "a.parquet")), dataset)
