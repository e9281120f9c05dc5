"""Records of a database as a dataset: checked on the way in like those of any file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matloop.core.errors import InputError
from matloop.core.progress import Progress, silent
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset, SetAside
from matloop.datasets.options import Options
from matloop.datasets.provenance import ORIGIN
from matloop.datasets.raw import Raw
from matloop.datasets.typed import nothing_left, typed


def made_dataset(
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, Column],
    aside: Sequence[SetAside],
    name: str,
    origin: str,
    licence: str | None,
    citation: str | None,
    progress: Progress = silent,
) -> Dataset:
    """The dataset of these rows, each of which has its `origin`; cells that cannot be used are set aside.

    Columns in which nothing stands are left out. Raises InputError where no record is left.
    """
    import pandas as pd

    if not rows:
        raise nothing_left(name, aside) if aside else InputError(f"{name} has no record that answers the query")
    filled = [key for key in columns if any(row.get(key) is not None for row in rows)]
    table = pd.DataFrame({key: [row.get(key) for row in rows] for key in filled})
    raw = Raw(table, [row[ORIGIN] for row in rows], list(aside), {key: columns[key] for key in filled})
    options = Options(name=name, licence=licence, citation=citation)
    return typed(raw, Path(name), options, progress).with_facts(origin=origin)
