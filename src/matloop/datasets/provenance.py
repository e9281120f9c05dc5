"""Where each record comes from: its origin, its licence, and a hash of what it says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matloop.datasets.column import Column

if TYPE_CHECKING:
    import pandas as pd

    from matloop.datasets.dataset import Dataset

ORIGIN, LICENCE, HASH, PROPRIETARY = "origin", "licence", "record_hash", "proprietary"
_WORDS = {
    ORIGIN: "the file and line, or the database and identifier, that a record comes from",
    LICENCE: "under which the record was published",
    HASH: "of all that the record says, whatever its place",
    PROPRIETARY: "the database whose licence forbids to pass the record on",
}


def owned_by(dataset: Dataset) -> list[str | None]:
    """For each record the database that it may not leave, or None."""
    if PROPRIETARY in dataset.frame:
        return [cell if isinstance(cell, str) and cell else None for cell in dataset.frame[PROPRIETARY].tolist()]
    return ["a licensed database" if dataset.is_proprietary else None] * len(dataset)


def with_owners(frame: pd.DataFrame, columns: dict[str, Column], owners: Sequence[str | None]) -> pd.DataFrame:
    """The table with the owner of each record, where one has any; `columns` gets the column's description."""
    import pandas as pd

    if not any(owners):
        return frame
    columns[PROPRIETARY] = column(PROPRIETARY)
    return frame.assign(**{PROPRIETARY: pd.Series(list(owners), dtype=object, index=frame.index)})


def column(name: str) -> Column:
    """The description of one of the columns above."""
    return Column(name, role="provenance", kind="text", description=_WORDS[name])


def with_provenance(
    frame: pd.DataFrame,
    columns: dict[str, Column],
    origins: Sequence[str],
    licence: str | None,
    owners: Sequence[str | None],
) -> tuple[pd.DataFrame, dict[str, Column]]:
    """The table with those columns behind it; what it has of them already stays."""
    cells: dict[str, Any] = {
        ORIGIN: list(origins),
        LICENCE: [licence] * len(frame),
        HASH: record_hashes(frame, columns),
    }
    if any(owners):
        cells[PROPRIETARY] = list(owners)
    import pandas as pd

    missing = {
        name: pd.Series(made, dtype=object, index=frame.index) for name, made in cells.items() if name not in columns
    }
    return frame.assign(**missing), columns | {name: column(name) for name in missing}


def record_hashes(frame: pd.DataFrame, columns: dict[str, Column]) -> list[str]:
    """The first 128 bits of the SHA-256 of each record: equal where the same columns hold the same."""
    names = sorted(name for name, its in columns.items() if its.role != "provenance")
    cells = [[_plain(cell) for cell in frame[name].tolist()] for name in names]
    head = json.dumps(names)
    return [
        hashlib.sha256((head + json.dumps(row, ensure_ascii=True)).encode()).hexdigest()[:32]
        for row in (zip(*cells, strict=True) if cells else [()] * len(frame))
    ]


def _plain(cell: Any) -> Any:
    """A cell that JSON can hold; nothing is nothing, and a whole number is the same as an integer or as a float."""
    if cell is None or cell != cell:
        return None
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return float(cell) if abs(cell) < 2**53 else str(cell)
    return cell if isinstance(cell, str | bool) else str(cell)
