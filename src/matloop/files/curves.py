"""A curve from a file of two columns, as spectrometers write it: with a header line or without."""

from __future__ import annotations

from pathlib import Path

from matloop.core.curve import Curve
from matloop.core.errors import TableError
from matloop.files.table import read_table


def is_curve_file(text: str) -> bool:
    """Whether a text names a file rather than being a number or a remark."""
    return Path(text.strip()).suffix.lower() in (".csv", ".tsv", ".txt", ".parquet", ".pq", ".jsonl")


def read_curve(path: Path) -> Curve:
    """x and y from the first and the second column. Raises TableError where there is no such curve."""
    table = read_table(path)
    if len(table) == 2 and all(_is_number(name) for name in table):
        table = read_table(path, ["x", "y"])
    if len(table) != 2:
        raise TableError(f"{path.name} has {len(table)} columns, but a curve has two: x and y")
    try:
        return Curve(*table.values())
    except ValueError as error:
        raise TableError(f"{path.name}: {reason(error)}") from error


def reason(error: ValueError) -> str:
    """What a validation found, without pydantic's words around it."""
    from pydantic import ValidationError

    text = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
    return str(text).removeprefix("Value error, ")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
