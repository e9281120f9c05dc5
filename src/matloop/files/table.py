"""Tables from CSV, TSV, Excel-flavoured CSV, JSON Lines and Parquet files, with clear refusals."""

from __future__ import annotations

import csv
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
_DELIMITERS = ",;\t"


def read_table(path: Path) -> dict[str, np.ndarray]:
    """The columns of a table file, each of shape (n,): numbers where all cells are numbers, else text.

    Raises TableError for a missing, unreadable or empty file, an unknown suffix, or a header that names a column twice.
    """
    frame = _read_frame(path)
    frame.columns = [str(name).strip() for name in frame.columns]
    if not len(frame):
        raise TableError(f"{path} has no rows")
    return {str(name): _as_array(frame[name]) for name in frame.columns}


def _read_frame(path: Path) -> pd.DataFrame:
    import pandas as pd

    how = _SUFFIXES.get(path.suffix.lower())
    if how is None:
        raise TableError(f"cannot read a table from {path.name}", "use " + ", ".join(_SUFFIXES))
    if not path.is_file():
        raise TableError(f"there is no file {path}", "a relative path counts from the campaign's file")
    try:
        if how == "parquet":
            return pd.read_parquet(path)
        if how == "json":
            return pd.read_json(path, lines=True)
        text = read_text(path)
        dialect = dialect_of(text, path.name)
        require_distinct(next(csv.reader([text.splitlines()[0]], delimiter=dialect["delimiter"])), path.name)
        from io import StringIO

        return pd.read_csv(StringIO(text), sep=dialect["delimiter"], decimal=dialect["decimal"], skipinitialspace=True)
    except (ValueError, OSError, IndexError, MemoryError) as error:
        raise TableError(f"{path.name} cannot be read as a table: {_first_line(error)}") from error


def read_text(path: Path) -> str:
    """The text of a file: UTF-8 with or without a mark, UTF-16 with one, else what western Windows writes."""
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise TableError(f"{path.name} is not a text file", "save it as CSV in UTF-8")


def dialect_of(text: str, name: str) -> dict[str, str]:
    """The delimiter of a CSV text, from its first line, and its decimal mark: a comma only where ';' separates."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise TableError(f"{name} is empty")
    delimiter = max(_DELIMITERS, key=lambda mark: lines[0].count(mark))
    return {"delimiter": delimiter, "decimal": "," if delimiter == ";" else "."}


def require_distinct(header: list[str], name: str) -> None:
    """Raise TableError where two columns have the same name, or one has none."""
    seen: set[str] = set()
    for column in (cell.strip() for cell in header):
        if column in seen and column:
            raise TableError(f"{name} names the column '{column[:60]}' twice", "rename one of them")
        seen.add(column)


def _as_array(column: Any) -> np.ndarray:
    import pandas as pd

    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_integer_dtype(column):
        return column.to_numpy()
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=float)
    cells = np.empty(len(column), dtype=object)
    cells[:] = ["" if missing else str(cell) for cell, missing in zip(column, column.isna(), strict=True)]
    return cells


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
