"""What a reader hands over: cells as they stand in the file, each record with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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
    is_proprietary: bool = False
