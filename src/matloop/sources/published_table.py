"""The files of a published dataset as one table: their columns named, described and in their types."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.core.errors import TableError
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.datasets.provenance import HASH, LICENCE, ORIGIN, column, record_hashes
from matloop.files.table import read_table

if TYPE_CHECKING:
    import pandas as pd

    from matloop.sources.published import File, Published, PublishedColumn


def dataset(its: Published, paths: Sequence[Path]) -> Dataset:
    """The dataset; a record's origin is the dataset's name and the record's place in it, counted from 0."""
    import pandas as pd

    files = list(zip(its.files, paths, strict=True))
    parts = [_part(its, file, path) for file, path in files if not file.joins]
    frame = pd.concat(parts, ignore_index=True)
    for file, path in files:
        if file.joins:
            frame = _joined(frame, file, path)
    frame = pd.DataFrame({its_own.name: _cells(frame[its_own.name], its_own) for its_own in its.columns})
    columns = {one.name: _plain(one) for one in its.columns}
    frame = frame.assign(
        **{
            ORIGIN: pd.Series([f"{its.name}#{i}" for i in range(len(frame))], dtype=object),
            LICENCE: pd.Series([its.licence] * len(frame), dtype=object),
            HASH: pd.Series(record_hashes(frame, columns), dtype=object),
        }
    )
    return Dataset(
        frame,
        [*columns.values(), *map(column, (ORIGIN, LICENCE, HASH))],
        name=its.name,
        origin=its.address,
        licence=its.licence,
        citation="; ".join(its.citation),
    )


def _part(its: Published, file: File, path: Path) -> pd.DataFrame:
    """One file, its columns under their names here."""
    import pandas as pd

    if its.layout == "folds":
        frame = _folds(path)
    elif file.sheet or path.suffix == ".xlsx":
        frame = pd.read_excel(path, sheet_name=file.sheet or 0)
    else:
        frame = pd.DataFrame(read_table(path, None if its.has_header else _names(its)))
    frame = frame.assign(**file.says)
    if not its.has_header:
        return frame
    headers = {str(header).strip().casefold(): header for header in frame.columns}
    missing = [one.name for one in its.columns if (one.header or one.name).casefold() not in headers]
    if missing:
        raise TableError(f"{path.name} lacks columns of {its.name}: {', '.join(missing)}")
    return frame.rename(columns={headers[(one.header or one.name).casefold()]: one.name for one in its.columns})


def _names(its: Published) -> list[str]:
    """Of a file without header: all but those that another file adds."""
    joined = {file.joins for file in its.files}
    return [one.name for one in its.columns if one.name not in joined]


def _joined(frame: pd.DataFrame, file: File, path: Path) -> pd.DataFrame:
    """The table with the last column of a file beside the records that it has, by its first one."""
    names = [f"column {i}" for i in range(frame.shape[1] - (file.joins in frame.columns))]
    table = read_table(path, names)
    keys, values = table[names[0]], table[names[-1]]
    found = dict(zip(keys.tolist(), values.tolist(), strict=True))
    known = frame[file.joins] if file.joins in frame.columns else np.nan
    return frame.assign(**{str(file.joins): frame[frame.columns[0]].map(found).fillna(known)})


def _folds(path: Path) -> pd.DataFrame:
    """{fold: [row, …]} as one record for each row."""
    import pandas as pd

    folds: dict[str, list[int]] = json.loads(path.read_text(encoding="utf-8"))
    pairs = [(int(fold), row) for fold, rows in folds.items() for row in rows]
    return pd.DataFrame(pairs, columns=["fold", "row"])


def _cells(cells: Any, its: PublishedColumn) -> Any:
    import pandas as pd

    if its.kind == "number":
        return pd.to_numeric(cells)
    texts = [None if cell is None or cell != cell or cell == "" else _text(cell) for cell in cells]
    if its.values:
        texts = [its.values[text] if text is not None else None for text in texts]
    return pd.Series(texts, dtype=object)


def _text(cell: Any) -> str:
    return f"{cell:g}" if isinstance(cell, int | float) else str(cell).strip()


def _plain(its: PublishedColumn) -> Column:
    return Column(**its.model_dump(include=set(Column.model_fields)))
