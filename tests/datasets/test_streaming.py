"""Reading in pieces gives what reading at once gives, in constant memory."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matloop import Column, Dataset
from matloop.core.errors import InputError, TableError
from matloop.datasets.dataset import SetAside
from matloop.datasets.reading import read_any
from matloop.datasets.stream import Stream, read_chunks

Write = Callable[[str, str | bytes], Path]
ROWS = st.lists(
    st.tuples(st.sampled_from(["NaCl", "KCl"]), st.none() | st.floats(-9, 9), st.integers(0, 9)), min_size=1
)


def table(rows: list[tuple[str, float | None, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["formula", "gap (eV)", "n"])


@given(ROWS, st.integers(1, 7), st.sampled_from(["csv", "tsv", "csv.gz", "parquet"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_pieces_are_the_whole(write: Write, rows: list[tuple[str, float | None, int]], size: int, how: str) -> None:
    """Chunks have the size that was asked for, but for the last, and together the cells that read_any gives."""
    path = write(f"x.{how}", "")
    if how == "parquet":
        table(rows).to_parquet(path)
    else:
        table(rows).to_csv(path, index=False, sep="\t" if how == "tsv" else ",")
    chunks = list(read_chunks(path, size))
    assert [len(chunk) for chunk in chunks[:-1]] == [size] * (len(chunks) - 1)
    together = pd.concat(chunks, ignore_index=True)
    whole = read_any(path).frame[["formula", together.columns[1], "n"]]
    pd.testing.assert_frame_equal(together, whole, check_dtype=False, check_exact=True)


def test_a_saved_dataset_keeps_its_columns(tmp_path: Path) -> None:
    """Columns and units of a dataset are known before a row is read; units are converted on the way."""
    frame = pd.DataFrame({"formula": ["NaCl", "KCl"], "gap": [8500.0, 8400.0]})
    path = Dataset(frame, [Column("gap", role="target", unit="meV")]).save(tmp_path / "a.parquet")
    stream = Stream(path, units={"gap": "eV"})
    assert stream.columns["gap"] == Column("gap", role="target", unit="eV")
    (chunk,) = stream.chunks(10, ["gap"])
    assert chunk["gap"].to_numpy() == pytest.approx([8.5, 8.4])


def test_a_unit_stays_the_same_over_all_pieces(write: Write) -> None:
    """A piece in which all cells happen to be in meV is in eV like the others."""
    cells = ["1.2 eV", "1.3 eV", "1.4 eV", "800 meV", "900 meV"]
    path = write("x.csv", "formula,gap\n" + "".join(f"NaCl,{cell}\n" for cell in cells))
    read = np.concatenate([chunk["gap"] for chunk in read_chunks(path, 2)])
    assert read == pytest.approx([1.2, 1.3, 1.4, 0.8, 0.9])


def test_a_folder_of_parquet_is_one_stream(tmp_path: Path) -> None:
    """Files of a folder follow each other by name, and chunks go over their borders."""
    for i, name in enumerate(("a.parquet", "b.parquet")):
        table([("NaCl", 1.0, i)] * 3).to_parquet(tmp_path / name)
    assert [chunk["n"].tolist() for chunk in read_chunks(tmp_path, 2)] == [[0, 0], [0, 1], [1, 1]]


@pytest.mark.parametrize("packed", [False, True])
def test_smiles_are_streamed(write: Write, packed: bool) -> None:
    """Lines of a SMILES file, gzipped or not, with a header or without."""
    for head in ("", "smiles id\n"):
        text = (head + "CCO one\nCC\nC\n").encode()
        path = write("m.smi.gz", gzip.compress(text)) if packed else write("m.smi", text)
        chunks = list(read_chunks(path, 2))
        assert [chunk["smiles"].tolist() for chunk in chunks] == [["CCO", "CC"], ["C"]]
        assert chunks[0]["id"].tolist() == ["one", None]


def test_bad_rows_are_told_or_end_the_reading(write: Write) -> None:
    """With somebody to tell, bad rows are told and the others read; with nobody, the first one is an error."""
    path = write("x.csv", "formula,gap\nNaCl,1\nKCl,2,3\nLiF,wide\nKF,4\n" + "CsI,5\n" * 6)
    with pytest.raises(TableError, match="3 cells"):
        list(read_chunks(path, 100))
    told: list[SetAside] = []
    (chunk,) = read_chunks(path, 100, on_bad=told.append)
    assert chunk["formula"].tolist()[:3] == ["NaCl", "LiF", "KF"]
    assert np.isnan(chunk["gap"].iloc[1])
    assert sorted(record.reason for record in told) == [
        "gap: 'wide' is not a number",
        "the row has 3 cells, but the header 2",
    ]


def test_a_column_that_is_not_there_is_refused(write: Write) -> None:
    """A misspelt column ends the reading before it begins."""
    with pytest.raises(InputError, match="no column 'gpa'"):
        list(read_chunks(write("x.csv", "formula,gap\nNaCl,1\n"), 10, columns=["gpa"]))


def test_memory_does_not_grow_with_the_file(write: Write) -> None:
    """Of a long file no more is held than a few pieces: counted in Arrow's own memory."""
    import pyarrow as pa

    path = write("x.csv", "formula,gap\n" + "NaCl,1.25\n" * 1_000_000)
    most = 0
    for _ in read_chunks(path, 10_000):
        most = max(most, pa.total_allocated_bytes())
    assert most < 80e6


@pytest.mark.parametrize("above", ["a,b\n", "# instrument\n#\na,b\n", "a,b\nm,s\n", "\n\na,b\nm,s\n"])
def test_a_row_with_too_many_cells_is_told_with_its_line_whatever_stands_above(tmp_path: Path, above: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"{above}1,2\n3,4,5\n6,7\n")
    told: list[SetAside] = []
    (frame,) = read_chunks(path, 10, on_bad=told.append)
    assert frame["a"].tolist() == [1, 6]
    assert [record.place for record in told] == [f"x.csv:{above.count(chr(10)) + 2}"]
