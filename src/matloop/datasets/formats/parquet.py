"""Parquet files: datasets of our own, and tables of others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from matloop.core.errors import TableError
from matloop.core.progress import Progress, silent
from matloop.datasets import saving
from matloop.datasets.dataset import Dataset
from matloop.datasets.options import Options
from matloop.datasets.raw import Raw
from matloop.files.table import require_distinct


def read_dataset(path: Path) -> Dataset | None:
    """A dataset that matloop has saved; None where another program wrote the file."""
    return saving.read(path) if is_ours(path) else None


def is_ours(path: Path) -> bool:
    """Whether the file says what its columns are. Raises TableError where it is no Parquet file."""
    return saving.KEY in (saving.schema(path).metadata or {})


def read(path: Path, _options: Options, _progress: Progress = silent) -> Raw:
    """The table of another program's file, with its types."""
    import pandas as pd

    names = list(saving.schema(path).names)
    require_distinct(names, path.name)
    table = saving.read_frame(path)
    if not len(table.columns):
        raise TableError(f"{path.name} has no columns")
    nested = {name: [_plain(cell) for cell in table[name]] for name in table if table[name].dtype == object}
    table = table.assign(
        **{str(name): pd.Series(cells, dtype=object, index=table.index) for name, cells in nested.items()}
    )
    return Raw(table, [f"{path.name}:{i + 1}" for i in range(len(table))])


def _plain(cell: Any) -> Any:
    """A cell as text or a number: what is nested becomes JSON, bytes become text."""
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "backslashreplace")
    if isinstance(cell, np.ndarray | list | dict | tuple):
        return json.dumps(cell, default=_listed, separators=(",", ":"))
    return cell


def _listed(cell: Any) -> Any:
    return cell.tolist() if hasattr(cell, "tolist") else str(cell)
