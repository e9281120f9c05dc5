"""Tables from files: the cells as they are, or a clear refusal."""

import json
import math

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matloop.core.errors import TableError
from matloop.files.table import read_table


@pytest.fixture
def table(tmp_path):
    def read(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return {column: cells.tolist() for column, cells in read_table(path).items()}

    return read


@given(
    st.lists(
        st.tuples(
            st.integers(-(2**53), 2**53),
            st.floats(allow_nan=False, allow_infinity=False),
            st.text("abc ,;\"'\näµNA", min_size=1, max_size=6).map(lambda text: "_" + text + "_"),
            st.booleans(),
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([".csv", ".tsv", ".parquet", ".jsonl"]),
)
def test_a_written_table_is_read_back(tmp_path_factory, rows, suffix):
    frame = pd.DataFrame(rows, columns=["n", "x", "text, quoted", "dry"])
    path = tmp_path_factory.mktemp("tables") / f"table{suffix}"
    if suffix == ".parquet":
        frame.to_parquet(path)
    elif suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row) for row in frame.to_dict("records")))
    else:
        frame.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")
    table = read_table(path)
    assert list(table) == list(frame.columns)
    for column, cells in table.items():
        assert cells.tolist() == frame[column].tolist()


@given(st.binary(max_size=60) | st.text("a,;\t\n\r\"'1.5-N\x00", max_size=40).map(str.encode))
@example(b'"' + b"x" * 200_000)
@example(b"\xff\xfea")
@example(b"a,b\n1,2,3\n")
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_any_bytes_are_a_table_or_refused(tmp_path_factory, suffix, content):
    path = tmp_path_factory.getbasetemp() / f"fuzz{suffix}"
    path.write_bytes(content)
    try:
        table = read_table(path)
    except TableError:
        return
    assert len({len(cells) for cells in table.values()}) <= 1
    assert {cells.dtype.kind for cells in table.values()} <= set("biufO")


@pytest.mark.parametrize(
    "content", ["a,b\n1.5,x\n", "a;b\n1,5;x\n", "a;b\n1.5;x\n", "a\tb\n1.5\tx\n", "\na, b\r\n1.5, x\r\n"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_delimiter_decimal_mark_and_encoding_are_found_out(table, content, encoding):
    assert table(content.replace("x", "é").encode(encoding)) == {"a": [1.5], "b": ["é"]}


def test_cells_never_shift_into_another_column(table):
    assert table("a,b\n1,2,\n") == {"a": [1], "b": [2]}
    for content in ("a,b\n1,2,3\n", "a,b\n1,2\n1,2,3\n"):
        with pytest.raises(TableError):
            table(content)


def test_words_stay_words(table):
    assert table("name,additive,y\nNA,None,1\nSi,null,NA\n")["name"] == ["NA", "Si"]
    assert table("additive\nNone\nsalt\n") == {"additive": ["None", "salt"]}
    assert table('{"id": "007", "date": "2020-01-01"}\n', "t.jsonl") == {"id": ["007"], "date": ["2020-01-01"]}
    y = table("name,y\nSi,1.5\nNa,NA\n")["y"]
    assert y[0] == 1.5
    assert math.isnan(y[1])


def test_missing_cells_of_text_and_yes_no_are_empty(table):
    assert table("a,b\nTrue,1\n,2\n")["a"] == ["True", ""]
    assert table("a,b\nx,1\n,2\n")["a"] == ["x", ""]


def test_empty_columns_at_the_end_of_a_spreadsheet_are_left_out(table):
    assert table("a,b,,\n1,2,,\n3,4,,\n") == {"a": [1, 3], "b": [2, 4]}
    with pytest.raises(TableError, match="without a name"):
        table("a,\n1,2\n")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("", "t.csv"),
        ("\n\n", "t.csv"),
        ("a,b\n", "t.csv"),
        ("a,a\n1,2\n", "t.csv"),
        ("a ,a\n1,2\n", "t.csv"),
        ('a,b\n"x,2\n', "t.csv"),
        (b"a\n\x00\n", "t.csv"),
        ("[1, 2]", "t.jsonl"),
        ("nonsense", "t.jsonl"),
        ("nonsense", "t.parquet"),
        ("a,b\n1,2\n", "t.xlsx"),
    ],
)
def test_unusable_files_are_refused_with_their_name(table, content, name):
    with pytest.raises(TableError, match=name.replace(".", r"\.")):
        table(content, name)


def test_what_is_no_file_is_refused(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    for name in ("none.csv", "folder.csv"):
        with pytest.raises(TableError, match="there is no file"):
            read_table(tmp_path / name)
