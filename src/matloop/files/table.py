"""Tables from CSV, TSV, Excel-flavoured CSV, JSON Lines and Parquet files, with clear refusals."""

from __future__ import annotations

import csv
import json
import re
import warnings
from collections.abc import Iterator, Sequence
from io import TextIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.core.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

_SUFFIXES = {
    ".csv": "text",
    ".tsv": "text",
    ".txt": "text",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "json",
}
DELIMITERS = ",;\t|"
#: One letter in so many may be a byte 0.
MOST_NUL = 20


def read_table(path: Path, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """The columns of a table file, each of shape (n,): numbers where all cells are numbers, else text.

    `names` are the columns of a text file that has no header line. Raises TableError for a missing, unreadable or
    empty file, an unknown suffix, or a header that names a column twice.
    """
    if path.suffix.lower() in (".parquet", ".pq") and path.is_file():
        return _read_parquet(path)
    frame = _read_frame(path, names)
    frame.columns = [str(name).strip() for name in frame.columns]
    require_distinct(list(frame.columns), path.name)
    if not len(frame):
        raise TableError(f"{path} has no rows")
    return {str(name): _as_array(frame[name]) for name in frame.columns}


def _read_frame(path: Path, names: Sequence[str] | None = None) -> pd.DataFrame:
    how = _SUFFIXES.get(path.suffix.lower())
    if how is None:
        raise TableError(f"cannot read a table from {path.name}", "use " + ", ".join(_SUFFIXES))
    if not path.is_file():
        raise TableError(f"there is no file {path}", "a relative path counts from the campaign's file")
    try:
        if how == "json":
            return _read_json_lines(path)
        return _read_csv(read_text(path), names, path.name)
    except TableError:
        raise
    except Exception as error:  # the readers raise whatever their parts raise
        raise TableError(f"{path.name} cannot be read as a table: {_first_line(error)}") from error


def _read_parquet(path: Path) -> dict[str, np.ndarray]:
    """Column by column: ten million rows are held once, as what they will be, and never as a second whole table."""
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            index = (schema.pandas_metadata or {}).get("index_columns", [])
            names = [name for name in schema.names if name not in index]
            require_distinct(names, path.name)
            if not names or not file.metadata.num_rows:
                raise TableError(f"{path} has no rows")
            return {name.strip(): _parquet_column(file, name) for name in names}
    except TableError:
        raise
    except Exception as error:  # the readers raise whatever their parts raise
        raise TableError(f"{path.name} cannot be read as a table: {_first_line(error)}") from error


def _parquet_column(file: Any, name: str) -> np.ndarray:
    column = file.read(columns=[name], use_threads=False).column(name)
    if column.null_count == 0 and str(column.type) in ("float", "double", "int32", "int64"):
        return _from_batches(column)
    return _as_array(column.to_pandas())


def _from_batches(column: Any) -> np.ndarray:
    cells = np.empty(len(column), column.type.to_pandas_dtype())
    start = 0
    for part in column.chunks:
        cells[start : start + len(part)] = part.to_numpy(zero_copy_only=True)
        start += len(part)
    return cells


def _read_json_lines(path: Path) -> pd.DataFrame:
    import pandas as pd

    rows = [json.loads(line) for line in read_text(path).split("\n") if line.strip()]
    if not all(isinstance(row, dict) for row in rows):
        raise TableError(f"{path.name} cannot be read as a table", 'each line must be like {"a": 1.5, "b": "text"}')
    return pd.DataFrame(rows)


def _read_csv(text: str, names: Sequence[str] | None, name: str) -> pd.DataFrame:
    import pandas as pd

    dialect = dialect_of(text, name)
    if names is not None:
        text = _with_header(text, names, dialect["delimiter"], name)
    header = next(row for row in csv.reader(_lines(text), delimiter=dialect["delimiter"]) if row)
    require_distinct(header, name)
    how: dict[str, Any] = {"sep": dialect["delimiter"], "skipinitialspace": True, "index_col": False}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # what is not all numbers is read again as text
            frame = pd.read_csv(_Text(text), decimal=dialect["decimal"], **_exactly(), **how)
            if texts := [i for i, kind in enumerate(frame.dtypes) if not pd.api.types.is_numeric_dtype(kind)]:
                raw = pd.read_csv(_Text(text), dtype=str, keep_default_na=False, **how)
    except pd.errors.ParserWarning as error:
        raise TableError(f"{name} has rows with more cells than its header has names") from error
    for place in texts:  # in a column of text, NA, None and null are words as well: sodium, no additive
        frame[frame.columns[place]] = raw.iloc[:, place]
    return _without_unnamed(frame, header, name)


def _lines(text: str) -> Iterator[str]:
    """Line by line, so that only the first need be split off a long text."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


class _Text(TextIOBase):
    """A text to be read as a file, without the copy of four bytes a letter that StringIO makes."""

    def __init__(self, text: str) -> None:
        self._text, self._place = text, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> str:
        end = len(self._text) if size is None or size < 0 else self._place + size
        part, self._place = self._text[self._place : end], min(end, len(self._text))
        return part


def _exactly() -> dict[str, Any]:
    """Numbers to the last digit: pandas does so by itself from version 3 on, and then warns of being told."""
    import pandas as pd

    return {"float_precision": "round_trip"} if int(pd.__version__.split(".")[0]) < 3 else {}


def _without_unnamed(frame: pd.DataFrame, header: Sequence[str], name: str) -> pd.DataFrame:
    """Spreadsheets add empty columns at the end; one with content needs a name."""
    unnamed = [frame.columns[i] for i, cell in enumerate(header) if not cell.strip()]
    if not all(frame[column].isna().all() for column in unnamed):
        raise TableError(f"{name} has a column without a name", "give it one in the first line")
    return frame.drop(columns=unnamed)


def read_text(path: Path) -> str:
    """The text of a file: UTF-8 with or without a mark, UTF-16 with one, else what western Windows writes."""
    return decoded(path.read_bytes(), path.name)


def decoded(content: bytes, name: str, takes_nul: bool = False) -> str:
    """The text that a file of this name holds. Raises TableError for what is no text.

    `takes_nul` where the reader can set aside a record with a byte 0 in it, of which a text has hardly any.
    """
    few_nul = content.count(b"\0") <= len(content) / MOST_NUL if takes_nul else 0
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif content[1:200:2].count(0) > 0.9 * len(content[1:200:2]) > 0 and not content[:200:2].count(0):
        encodings = ["utf-16-le"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text and not few_nul:
            break
        return text
    raise TableError(f"{name} is not a text file", "save it as CSV in UTF-8")


def lines_of(text: str) -> list[str]:
    """The lines of a text, without their ends; a form feed or another sign that Python takes for an end is none."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def dialect_of(text: str, name: str) -> dict[str, str]:
    """The delimiter of a CSV text, from its first line, and its decimal mark.

    That is a comma only where ';' separates and a number is written so.
    """
    first = next((line for part in _lines(text) for line in part.splitlines() if line.strip()), None)
    if first is None:
        raise TableError(f"{name} is empty")
    delimiter = max(DELIMITERS, key=first.count)
    return {"delimiter": delimiter, "decimal": "," if delimiter == ";" and re.search(r"\d,\d", text) else "."}


def _with_header(text: str, names: Sequence[str], delimiter: str, name: str) -> str:
    cells = next(csv.reader([text.splitlines()[0]], delimiter=delimiter))
    if len(cells) != len(names):
        raise TableError(f"{name} has {len(cells)} columns, but {len(names)} names were given for them")
    quoted = ('"' + column.replace('"', '""') + '"' for column in names)
    return delimiter.join(quoted) + "\n" + text


def require_distinct(header: list[str], name: str) -> None:
    """Raise TableError where two columns have the same name."""
    seen: set[str] = set()
    for column in (cell.strip() for cell in header):
        if column in seen and column:
            raise TableError(f"{name} names the column '{column[:60]}' twice", "rename one of them")
        seen.add(column)


def _as_array(column: Any) -> np.ndarray:
    import pandas as pd

    is_whole = not column.isna().any()
    if is_whole and (pd.api.types.is_bool_dtype(column) or pd.api.types.is_integer_dtype(column)):
        return column.to_numpy()
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.to_numpy(dtype=float)
    cells = np.empty(len(column), dtype=object)
    cells[:] = ["" if missing else str(cell) for cell, missing in zip(column, column.isna(), strict=True)]
    return cells


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
