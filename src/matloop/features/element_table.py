"""Properties of the elements, from the tables in `features/tables` (their README says where each comes from)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from matloop.core.composition import COLUMN, SYMBOLS


@lru_cache(maxsize=32)
def element_table(name: str, properties: tuple[str, ...], is_imputed: bool = False) -> NDArray[np.float64]:
    """The properties (118, p) of the elements in the order of their atomic numbers, from the table of this name.

    NaN where the table has no value; if `is_imputed`, the mean over all elements that have one. Not to be written to.
    """
    table = np.full((len(SYMBOLS), len(properties)), np.nan)
    for row in rows_of(name):
        table[COLUMN[row["element"]]] = [float(row[name]) if row[name] else np.nan for name in properties]
    if is_imputed:
        table = np.where(np.isnan(table), np.nanmean(table, axis=0), table)
    table.flags.writeable = False
    return table


def columns(name: str) -> Sequence[str]:
    """The properties that a table has."""
    return [column for column in rows_of(name)[0] if column != "element"]


@lru_cache(maxsize=8)
def rows_of(name: str) -> list[dict[str, str]]:
    text = (files("matloop.features") / "tables" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
