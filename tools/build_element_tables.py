"""Writes the tables of element properties in src/matloop/features/tables from an installed matminer.

matloop itself then needs no matminer. To be run again when matminer mends its data:

    python tools/build_element_tables.py
"""

from __future__ import annotations

import csv
import math
import sys
from importlib.metadata import version
from pathlib import Path

from matminer.utils.data import MagpieData
from pymatgen.core import Element

FOLDER = Path(__file__).parents[1] / "src" / "matloop" / "features" / "tables"
#: The properties of the Magpie set in the order of matminer's preset, then those that our other featurizers need.
MAGPIE = (
    "Number MendeleevNumber AtomicWeight MeltingT Column Row CovalentRadius Electronegativity NsValence NpValence "
    "NdValence NfValence NValence NsUnfilled NpUnfilled NdUnfilled NfUnfilled NUnfilled GSvolume_pa GSbandgap GSmagmom "
    "SpaceGroupNumber ElectronAffinity"
).split()


def magpie() -> dict[str, dict[str, float]]:
    """Property -> symbol -> value as matminer reads it, NaN where it has none."""
    source = MagpieData(impute_nan=False)
    return {name: source.all_elemental_props[name] for name in MAGPIE}


def write(name: str, columns: dict[str, dict[str, float]]) -> None:
    """One row for each of the 118 elements; an empty cell where there is no value."""
    symbols = [Element.from_Z(z).symbol for z in range(1, 119)]
    with (FOLDER / name).open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["element", *columns])
        for symbol in symbols:
            rows.writerow([symbol, *(_text(columns[column].get(symbol, math.nan)) for column in columns)])


def _text(value: float) -> str:
    if math.isnan(value):
        return ""
    return repr(int(value)) if value == int(value) else repr(float(value))


if __name__ == "__main__":
    write("magpie.csv", magpie())
    sys.stdout.write(f"written from matminer {version('matminer')}\n")
