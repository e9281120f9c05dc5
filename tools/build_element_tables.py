"""Writes the tables in src/matloop/features/tables from an installed matminer and pymatgen.

matloop itself then needs neither. To be run again when they mend their data:

    python tools/build_element_tables.py
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from matminer.featurizers.composition.alloy import Miedema
from matminer.utils.data import CohesiveEnergyData, DemlData, MagpieData, MixingEnthalpy
from pymatgen.core import Element
from pymatgen.core.composition import MODULE_DIR, loadfn

FOLDER = Path(__file__).parents[1] / "src" / "matloop" / "features" / "tables"
SYMBOLS = [Element.from_Z(z).symbol for z in range(1, 119)]
#: The properties of the Magpie set in the order of matminer's preset, then those that our other featurizers need.
MAGPIE = (
    "Number MendeleevNumber AtomicWeight MeltingT Column Row CovalentRadius Electronegativity NsValence NpValence "
    "NdValence NfValence NValence NsUnfilled NpUnfilled NdUnfilled NfUnfilled NUnfilled GSvolume_pa GSbandgap GSmagmom "
    "SpaceGroupNumber ElectronAffinity MiracleRadius"
).split()


def magpie() -> dict[str, Mapping[str, float]]:
    """Property -> symbol -> value as matminer reads it, NaN where it has none."""
    source = MagpieData(impute_nan=False)
    return {name: source.all_elemental_props[name] for name in MAGPIE}


def miedema() -> dict[str, Mapping[str, float]]:
    """The parameters of Miedema's model."""
    table = Miedema(impute_nan=False).df_dataset
    return {name: table[name].to_dict() for name in table.columns if name not in ("Unnamed: 0", "element_id")}


def electronic() -> dict[str, Mapping[str, float]]:
    """Energies of free atoms (kJ/mol) and of crystals (eV), and Pauling's electronegativities as pymatgen has them."""
    ionization = DemlData(impute_nan=False).all_props["ionization_en"]
    return {
        "first_ionization": {symbol: values[0] / 1000 for symbol, values in ionization.items()},
        "electron_affinity": MagpieData(impute_nan=False).all_elemental_props["ElectronAffinity"],
        "cohesive_energy": CohesiveEnergyData(impute_nan=False).cohesive_energy_data,
        "electronegativity": {e.symbol: e.X for e in Element if e.X and not math.isnan(e.X)},
    }


def lattice_stability() -> Iterable[Sequence[Any]]:
    """How much an element of so many valence electrons would gain as fcc, bcc or hcp, kJ/mol."""
    model = Miedema(impute_nan=False)
    for valence in (*range(1, 6), 5.5, *range(6, 9), 8.5, *range(9, 16)):
        model.df_dataset = pd.DataFrame({"valence_electrons": [valence], "structural_stability": [0.0]}, index=["X"])
        yield [valence, *(float(model.deltaH_struct(["X"], [1.0], lattice)) for lattice in ("fcc", "bcc", "hcp"))]


def mixing_enthalpy() -> Iterable[Sequence[Any]]:
    """The mixing enthalpy of each pair of elements in the liquid, kJ/mol, in the order of atomic numbers."""
    pairs = MixingEnthalpy(impute_nan=False).mixing_data
    for (a, b), value in sorted(pairs.items(), key=lambda pair: sorted(map(SYMBOLS.index, pair[0]))):
        yield [*sorted((a, b), key=SYMBOLS.index), value]


def oxidation() -> Iterable[Sequence[str]]:
    """Common oxidation states, those seen in the ICSD, and how often, as 'state:count'."""
    occurrence = loadfn(f"{MODULE_DIR}/icsd_bv.yaml")["occurrence"]
    from pymatgen.core import Species

    counts: dict[str, dict[int, int]] = {}
    for name, count in occurrence.items():
        species = Species.from_str(name)
        counts.setdefault(species.symbol, {})[int(species.oxi_state)] = int(count)
    for symbol in SYMBOLS:
        element = Element(symbol)
        seen = " ".join(f"{state}:{count}" for state, count in sorted(counts.get(symbol, {}).items()))
        yield [symbol, _listed(element.common_oxidation_states), _listed(element.icsd_oxidation_states), seen]


def orbitals() -> Iterable[Sequence[Any]]:
    """The energies of the occupied orbitals of free atoms, in hartree, as 'orbital:energy'."""
    for symbol in SYMBOLS[:92]:
        levels = sorted(Element(symbol).atomic_orbitals.items(), key=lambda level: level[1])
        yield [symbol, " ".join(f"{name}:{energy!r}" for name, energy in levels)]


def _listed(states: Iterable[float]) -> str:
    return " ".join(str(int(state)) for state in states)


def write_properties(name: str, columns: Mapping[str, Mapping[str, float]]) -> None:
    """One row for each of the 118 elements; an empty cell where there is no value."""
    rows = ([symbol, *(_text(values.get(symbol)) for values in columns.values())] for symbol in SYMBOLS)
    write(name, ["element", *columns], rows)


def write(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with (FOLDER / name).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(head)
        table.writerows(rows)


def _text(value: float | None) -> str:
    if value is None or math.isnan(value):
        return ""
    return repr(int(value)) if value == int(value) else repr(float(value))


if __name__ == "__main__":
    write_properties("magpie.csv", magpie())
    write_properties("miedema.csv", miedema())
    write_properties("electronic.csv", electronic())
    write("lattice_stability.csv", ["valence_electrons", "fcc", "bcc", "hcp"], lattice_stability())
    write("mixing_enthalpy.csv", ["a", "b", "enthalpy"], mixing_enthalpy())
    write("oxidation.csv", ["element", "common", "icsd", "occurrence"], oxidation())
    write("orbitals.csv", ["element", "energies"], orbitals())
    sys.stdout.write(f"written from matminer {version('matminer')} and pymatgen {version('pymatgen')}\n")
