"""The process in which Zeo++ works: `python -m matloop.features.zeopp_worker FOLDER`.

Zeo++ ends its process where it does not know an element, and prints whatever it likes: neither must happen to matloop.
Each line of standard input is one task as JSON, each line of standard output its answer; what Zeo++ itself printed last
stands in FOLDER/said. Only the standard library and pyzeo are used. It ends with the process that started it.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from matloop.processes import end_with

SAID = "said"
_SEED = 1


def main(folder: Path) -> None:
    """Answer until standard input ends."""
    end_with(os.getppid())
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    said = os.open(folder / SAID, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.chdir(folder)
    for line in sys.stdin:
        os.truncate(said, 0)
        os.lseek(said, 0, os.SEEK_SET)
        answers.write(json.dumps(_answer(json.loads(line))) + "\n")
        answers.flush()


def _answer(task: dict[str, Any]) -> dict[str, Any]:
    from pyzeo import surface_area, volume

    probe = task["probe"]
    atoms = _atoms(task)
    atoms.calculate_free_sphere_parameters("diameters.res")
    diameters = Path("diameters.res").read_text(encoding="utf-8").split()[-3:]
    _same_random_numbers()
    area = _numbers(surface_area(_atoms(task), probe, probe, task["surface_samples"]))
    _same_random_numbers()
    space = _numbers(volume(_atoms(task), probe, probe, task["volume_samples"]))
    return {"diameters": [float(d) for d in diameters], "area": area, "volume": space}


def _atoms(task: dict[str, Any]) -> Any:
    from pyzeo import AtomNetwork, high_accuracy_atomnet

    Path("atoms.v1").write_text(task["v1"], encoding="utf-8")
    if task["radii"]:
        Path("radii.rad").write_text("".join(f"{s} {r}\n" for s, r in task["radii"].items()), encoding="utf-8")
    atoms = AtomNetwork.read_from_V1("atoms.v1", True, "radii.rad" if task["radii"] else None)
    if task["accuracy"]:
        high_accuracy_atomnet(atoms, task["accuracy"])
    return atoms


def _same_random_numbers() -> None:
    """A structure must not have another surface because others were measured before it."""
    ctypes.CDLL("msvcrt" if os.name == "nt" else None).srand(_SEED)


def _numbers(said: Any) -> dict[str, float]:
    """The numbers of a line such as '@ No filename Unitcell_volume: 512 Density: 0.09 ASA_A^2: 136.8 …'."""
    text = said.decode() if isinstance(said, bytes) else str(said)
    return {name: float(value) for name, value in re.findall(r"(\S+): ([-+0-9.eE]+|nan|inf)(?=\s|$)", text)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
