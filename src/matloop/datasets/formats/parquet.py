"""Parquet files: datasets of our own, and tables of others."""

from __future__ import annotations

from pathlib import Path

from matloop.core.errors import TableError
from matloop.core.progress import Progress, silent
from matloop.datasets import saving
from matloop.datasets.dataset import Dataset
from matloop.datasets.options import Options
from matloop.datasets.raw import Raw


def read_dataset(path: Path) -> Dataset | None:
    """A dataset that matloop has saved; None where another program wrote the file."""
    return saving.read(path) if is_ours(path) else None


def is_ours(path: Path) -> bool:
    """Whether the file says what its columns are. Raises TableError where it is no Parquet file."""
    return saving.KEY in (saving.schema(path).metadata or {})


def read(path: Path, _options: Options, _progress: Progress = silent) -> Raw:
    """The table of another program's file, with its types."""
    table = saving.read_frame(path)
    if not len(table.columns):
        raise TableError(f"{path.name} has no columns")
    return Raw(table, [f"{path.name}:{i + 1}" for i in range(len(table))])
