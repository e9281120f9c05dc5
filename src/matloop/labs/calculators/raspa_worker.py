"""The process in which RASPA3 works: `python -m matloop.labs.calculators.raspa_worker < task > answer`, as JSON.

The native library prints, and may end its process: neither must happen to matloop. Only raspalib is used. It ends with
the process that started it.
"""

from __future__ import annotations

import json
import math
import os
import sys
from typing import Any

from matloop.processes import end_with

#: What raspalib warns of where there is no graphics card.
_QUIET = {"RASPALIB_QUIET": "1"}


def main() -> None:
    """Answer one task."""
    end_with(os.getppid())
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the library prints must not mix with the answer
    task = json.load(sys.stdin)
    os.environ.update(_QUIET)
    json.dump(simulate(task), answer)
    answer.close()


def simulate(task: dict[str, Any]) -> dict[str, Any]:
    """Molecules in the simulated box, framework mass, box volume and enthalpy, with what RASPA says of their errors."""
    import raspalib as raspa

    kinds = [raspa.PseudoAtom(*kind) for kind in task["kinds"]]
    pairs = [raspa.VDWParameters(*pair) for pair in task["pairs"]]
    rule, cutoff = raspa.ForceField.MixingRule.LORENTZ_BERTHELOT, task["cutoff"]
    field = raspa.ForceField(kinds, pairs, rule, cutoff, cutoff, cutoff, True, False, task["is_charged"])
    a, b, c, *angles = task["cell"]
    box = raspa.SimulationBox(a, b, c, *(math.radians(angle) for angle in angles))  # in radians, whatever it documents
    atoms = [raspa.Atom(tuple(place), charge, type=kind) for place, charge, kind in task["atoms"]]
    framework = raspa.Framework(field, "framework", box, 1, atoms, task["copies"])
    beads = [raspa.Atom((place, 0.0, 0.0), charge, type=kind) for place, charge, kind in task["beads"]]
    is_linear = len(beads) > 1
    moves = raspa.MCMoveProbabilities(
        translation_probability=0.5,
        rotation_probability=0.5 if is_linear else 0.0,
        reinsertion_cbmc_probability=0.5,
        swap_cbmc_probability=1.0,
    )
    gas = raspa.Component(field, "gas", *task["critical"], beads, particle_probabilities=moves)
    system = raspa.System(
        field,
        external_temperature=task["temperature"],
        external_pressure=task["pressure"],
        framework_components=framework,
        components=[gas],
        initial_number_of_molecules=[0],
    )
    n, blocks = task["cycles"], task["blocks"]
    run = raspa.MonteCarlo(
        n, task["equilibration"], 0, systems=[system], random_seed=task["seed"], number_of_blocks=blocks
    )
    run.run()
    done = run.systems[0]  # the system that was passed in is copied
    loading = done.average_loadings.result()
    return {
        "molecules": [float(part.number_of_molecules[0]) for part in loading],
        "mass": float(done.framework_mass()),
        "volume": float(done.simulation_box.volume),
        "enthalpy": [float(value) for value in done.average_enthalpies_of_adsorption.result()[0]],
    }


if __name__ == "__main__":
    main()
