"""What a reader hands over: cells as they stand in the file, each record with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from matloop.datasets.column import Column
from matloop.datasets.dataset import SetAside

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Raw:
    """`table` has text where nothing is known yet, numbers where the format says so; `places` one text for each row.

    `columns` says what the format itself knows: that a CIF gives structures, that a saved dataset's column is in eV.
    """

    table: pd.DataFrame
    places: Sequence[str]
    set_aside: list[SetAside] = field(default_factory=list)
    columns: Mapping[str, Column] = field(default_factory=dict)
    #: Of each record the database that forbids to pass it on, or None; empty where none is proprietary.
    owners: Sequence[str | None] = ()


def of_records(
    records: Sequence[Mapping[str, object]], places: Sequence[str], names: Sequence[str] | None = None, **facts: Any
) -> Raw:
    """A raw table of records that need not all have the same fields; a missing one is None."""
    import pandas as pd

    names = names if names is not None else list(dict.fromkeys(name for record in records for name in record))
    cells = {name: [record.get(name) for record in records] for name in names}
    table = pd.DataFrame({name: pd.Series(column, dtype=object) for name, column in cells.items()})
    return Raw(table, places, **facts)


@dataclass(frozen=True)
class Found:
    """One record of a file that holds structures or molecules; `owner` as in `Raw.owners`."""

    place: str
    fields: Mapping[str, object]
    owner: str | None = None


def of_found(found: Sequence[Found | SetAside], columns: Mapping[str, Column]) -> Raw:
    """A raw table of what was found, and what was set aside on the way."""
    good = [item for item in found if isinstance(item, Found)]
    owners = [item.owner for item in good]
    return of_records(
        [item.fields for item in good],
        [item.place for item in good],
        set_aside=[item for item in found if isinstance(item, SetAside)],
        columns=columns,
        owners=owners if any(owners) else (),
    )
