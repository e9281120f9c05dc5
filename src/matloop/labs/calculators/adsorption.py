"""How much gas a framework takes up: grand-canonical Monte Carlo with RASPA3 (Ran 2024, doi:10.1063/5.0226249)."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from matloop.core.atomic_weights import ATOMIC_WEIGHT
from matloop.core.composition import COLUMN
from matloop.core.errors import InputError, LabError, MissingExtra, did_you_mean
from matloop.core.structure import Structure
from matloop.datasets.conversion import structure_of
from matloop.datasets.dataset import SetAside
from matloop.labs.calculators.force_fields import Site, sites_of
from matloop.labs.calculators.gases import GASES, Gas

BLOCKS = 5
COMMAND = (sys.executable, "-m", "matloop.labs.calculators.raspa_worker")
#: RASPA gives half the width of the 95 % interval: Student's t of four degrees of freedom times the standard error.
_STUDENT = 2.776
_AVOGADRO, _GAS_CONSTANT = 6.02214076e23, 8.31446262e-3  # 1/mol; kJ/(mol K)
_MOLAR_VOLUME_STP = 22413.96954  # cm³/mol at 273.15 K and 101325 Pa
_LARGEST = 20_000  # atoms in the simulated box


def adsorption(
    structure: Any,
    *,
    gas: str | Gas = "CH4",
    pressure: float = 1e5,
    temperature: float = 298.0,
    force_field: str | Mapping[str, Site] = "uff",
    charges: Sequence[float] | str | None = None,
    cutoff: float = 12.0,
    cycles: int = 3000,
    equilibration: int = 1000,
    seed: int = 0,
    deadline: float = 3600.0,
) -> dict[str, float]:
    """The absolute uptake of a gas by a rigid framework, with the standard error of block averages.

    `structure` is a table's cell, an object of pymatgen or ASE, or the path of a CIF file. `gas` is CH4, CO2 or N2, or
    a Gas of your own; `force_field` is 'uff', 'dreiding', 'trappe_zeo' (all-silica zeolites, for which the other two
    give several times too much), or a mapping from element to Site. A gas with charges needs those of the framework:
    from the field, as `charges` of all sites in order, or 'none' to leave electrostatics aside. Interactions between
    unlike atoms by the rules of Lorentz and Berthelot, cut off and shifted at `cutoff` (Å); the gas phase by the
    equation of Peng and Robinson. Pressure in Pa, temperature in K; the same seed gives the same answer.

    Gives `uptake` (mol/kg) and `uptake_std`, the same as `uptake_mg_per_g` and `uptake_cm3_per_cm3` (gas at 273.15 K
    and 101325 Pa), `molecules_per_cell`, and where molecules came and went `heat_of_adsorption` (kJ/mol) with its
    `_std`.

    RASPA works in another process, and is ended after `deadline` seconds. Raises InputError for what cannot be
    simulated, LabError where RASPA fails, and MissingExtra.
    """
    _require(pressure=pressure, temperature=temperature, cutoff=cutoff, deadline=deadline)
    task = _task(_framework(structure), _gas(gas), force_field, charges, cutoff)
    if min(cycles, equilibration) < BLOCKS or seed < 0:
        raise InputError(f"at least {BLOCKS} cycles to equilibrate and to average over, and a seed from 0 on")
    task |= {"pressure": float(pressure), "temperature": float(temperature), "seed": int(seed)}
    task |= {"cycles": int(cycles), "equilibration": int(equilibration), "blocks": BLOCKS}
    return _values(_simulated(task, deadline), _gas(gas), math.prod(task["copies"]))


def _framework(structure: Any) -> Structure:
    if isinstance(structure, Path) or (isinstance(structure, str) and structure.lower().endswith(".cif")):
        structure = _from_cif(Path(structure))
    framework = structure_of(structure).wrapped()
    problem = framework.problem()
    if problem is None and not framework.is_ordered:
        problem = "it is disordered"
    if problem is None and not all(framework.periodic):
        problem = "it is not periodic in all three directions"
    if problem:
        raise InputError(f"this framework cannot be simulated: {problem}")
    return framework


def _from_cif(path: Path) -> str:
    from matloop.datasets.formats.cif import found

    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    first = next(iter(found(text, path.name)))
    if isinstance(first, SetAside):
        raise InputError(f"{first.place}: {first.reason}")
    return str(first.fields["structure"])


def _gas(gas: str | Gas) -> Gas:
    if isinstance(gas, Gas):
        return gas
    if gas not in GASES:
        raise InputError(f"no gas '{gas}'", did_you_mean(gas, GASES))
    return GASES[gas]


def _require(**positive: float) -> None:
    for name, value in positive.items():
        if not (isinstance(value, int | float) and math.isfinite(value) and value > 0):
            raise InputError(f"{name} is a positive number, not {value!r}")


def _task(
    framework: Structure, gas: Gas, force_field: str | Mapping[str, Site], charges: Any, cutoff: float
) -> dict[str, Any]:
    """What the worker is told: kinds of atoms, those of the framework first, and where they stand."""
    sites = sites_of(force_field, set(framework.symbols))
    own = _charges(framework, gas, sites, charges)
    elements = sorted(sites)
    beads = {bead.name: bead for bead in gas.beads}
    kinds = [(element, True, ATOMIC_WEIGHT[element], 0.0, 0.0, COLUMN[element] + 1, False) for element in elements]
    kinds += [(f"{name}_gas", False, bead.mass, bead.charge, 0.0, 6, False) for name, bead in beads.items()]
    pairs = [sites[element][:2] for element in elements] + [(b.epsilon, b.sigma) for b in beads.values()]
    index = {name: i for i, name in enumerate([*elements, *beads])}
    lengths, angles, copies = _cell(framework, cutoff)
    places = framework.fractional.tolist()
    if len(places) * math.prod(copies) > _LARGEST:
        raise InputError(
            f"the simulated box would have {len(places) * math.prod(copies)} atoms", "take the primitive cell"
        )
    return {
        "kinds": kinds,
        "pairs": pairs,
        "cell": [*lengths, *angles],
        "copies": copies,
        "atoms": [(p, q, index[s]) for p, q, s in zip(places, own, framework.symbols, strict=True)],
        "beads": [(bead.place, bead.charge, index[bead.name]) for bead in gas.beads],
        "critical": [gas.critical_temperature, gas.critical_pressure, gas.acentric_factor],
        "cutoff": float(cutoff),
        "is_charged": gas.is_charged and any(own),
    }


def _charges(framework: Structure, gas: Gas, sites: Mapping[str, Site], charges: Any) -> list[float]:
    if charges is None and not gas.is_charged:
        return [0.0] * len(framework.symbols)
    if isinstance(charges, str):
        if charges != "none":
            raise InputError(f"charges are numbers, one for each site, or 'none', not '{charges}'")
        return [0.0] * len(framework.symbols)
    if charges is None:
        of_field = [sites[symbol].charge for symbol in framework.symbols]
        known = [charge for charge in of_field if charge is not None]
        if len(known) < len(of_field):
            raise InputError(
                "a gas with charges feels those of the framework, which this force field does not have",
                "give charges=[…] for each site, or charges='none'",
            )
    else:
        known = [float(charge) for charge in charges]
        if len(known) != len(framework.symbols):
            raise InputError(f"{len(known)} charges for {len(framework.symbols)} sites")
    total = sum(known)
    if not math.isfinite(total) or abs(total) > 0.01 * len(known):
        raise InputError(f"the charges of the framework sum to {total:.3g}", "a framework is neutral")
    return [charge - total / len(known) for charge in known]


def _cell(framework: Structure, cutoff: float) -> tuple[list[float], list[float], list[int]]:
    """Lengths (Å), angles (degrees), and how many cells make a box twice as thick as the cutoff along each vector."""
    assert framework.lattice is not None
    lattice = framework.lattice
    lengths = np.linalg.norm(lattice, axis=1)
    unit = lattice / lengths[:, None]
    cosines = [unit[1] @ unit[2], unit[0] @ unit[2], unit[0] @ unit[1]]
    heights = 1 / np.linalg.norm(np.linalg.inv(lattice), axis=0)
    copies = np.ceil(2 * cutoff / heights - 1e-9).astype(int)
    return lengths.tolist(), np.degrees(np.arccos(np.clip(cosines, -1, 1))).tolist(), copies.tolist()


def _simulated(task: Mapping[str, Any], deadline: float) -> dict[str, Any]:
    try:
        is_there = find_spec("raspalib") is not None
    except ImportError:
        is_there = False
    if not is_there:
        raise MissingExtra("raspalib", "porous")
    try:
        ended = subprocess.run(
            COMMAND, input=json.dumps(task), capture_output=True, encoding="utf-8", timeout=deadline, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"RASPA3 was not done after {deadline:g} s", "fewer cycles, or a longer deadline") from error
    if ended.returncode or not ended.stdout:
        last = next((line.strip() for line in reversed(ended.stderr.splitlines()) if line.strip()), "")
        raise LabError(f"RASPA3 ended with status {ended.returncode}" + (f": {last[:200]}" if last else ""))
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


def _values(answer: Mapping[str, Any], gas: Gas, n_cells: int) -> dict[str, float]:
    molecules, half_width = answer["molecules"]
    per_kilogram = 1000 / answer["mass"]
    found = {
        "uptake": molecules * per_kilogram,
        "uptake_std": half_width / _STUDENT * per_kilogram,
        "uptake_mg_per_g": molecules * per_kilogram * gas.mass,
        "uptake_cm3_per_cm3": molecules * 1e24 / _AVOGADRO / answer["volume"] * _MOLAR_VOLUME_STP,
        "molecules_per_cell": molecules / n_cells,
    }
    if not all(map(math.isfinite, found.values())):
        raise LabError("RASPA3 gave no number for the uptake")
    enthalpy, error = answer["enthalpy"]
    if math.isfinite(enthalpy) and math.isfinite(error) and molecules > 0:
        found["heat_of_adsorption"] = -enthalpy * _GAS_CONSTANT
        found["heat_of_adsorption_std"] = error / _STUDENT * _GAS_CONSTANT
    return found
