"""POSCAR and CONTCAR files of VASP, read with pymatgen."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

from matloop.core.composition import COLUMN
from matloop.core.errors import MatloopError
from matloop.datasets.conversion import from_pymatgen
from matloop.datasets.dataset import SetAside
from matloop.datasets.raw import Found

_ENDING = re.compile(r"\.(?:vasp|poscar)$", re.IGNORECASE)


def found(text: str, name: str) -> Iterator[Found | SetAside]:
    """The structure of the file, or why it is none."""
    from pymatgen.io.vasp.inputs import BadPoscarWarning, Poscar

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", BadPoscarWarning)
            read = Poscar.from_str(text, default_names=_named_above(text), read_velocities=False)
            structure = from_pymatgen(read.structure)
        fields = {"id": _ENDING.sub("", name), "structure": structure.to_json(), "formula": structure.formula}
        yield Found(name, fields)
    except MatloopError as error:
        yield SetAside(name, error.message, text[:200])
    except BadPoscarWarning as error:
        yield SetAside(name, f"it does not say which elements its atoms are ({str(error)[:100]})", text[:200])
    except IndexError:
        yield SetAside(name, "it is cut off: there are fewer lines than it has atoms", text[:200])
    except Exception as error:  # noqa: BLE001 - pymatgen raises whatever its parts raise
        told = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        yield SetAside(name, f"it is no POSCAR: {told}", text[:200])


def _named_above(text: str) -> list[str] | None:
    """The elements in the first line, where those of VASP 4 stand: one for each of the counts in the sixth."""
    lines = text.split("\n")
    names, counts = lines[0].split(), lines[5].split() if len(lines) > 5 else []
    fits = len(names) == len(counts) > 0 and all(count.isdecimal() for count in counts)
    return names if fits and all(name in COLUMN for name in names) else None
