"""SMILES files, plain or gzipped: a SMILES, and behind a blank or tab its name and whatever else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from matloop.core.errors import TableError
from matloop.core.progress import Progress, silent
from matloop.datasets.archive import text_of
from matloop.datasets.column import Column
from matloop.datasets.dataset import SetAside
from matloop.datasets.options import Options
from matloop.datasets.raw import Raw
from matloop.files.table import lines_of

_HEADER = re.compile(r"\s*(?:canonical[_ ]?)?smiles?\b", re.IGNORECASE)


def read(path: Path, options: Options, _progress: Progress = silent) -> Raw:
    """One record for each line that is not empty. Raises TableError for a file without any."""
    import pandas as pd

    lines = lines_of(text_of(path))
    names = header_of(lines[0], options.names)
    is_named = has_header(lines[0]) and not options.names
    rows, places, set_aside = [], [], []
    for number, line in enumerate(lines, 1):
        if (number == 1 and is_named) or not line.strip() or line.startswith("#"):
            continue
        cells = cells_of(line, names)
        if len(cells) > len(names):
            told = f"the line has {len(cells)} parts, but the first {len(names)}"
            set_aside.append(SetAside(f"{path.name}:{number}", told, line.strip()[:500]))
            continue
        rows.append([*cells, *[None] * (len(names) - len(cells))])
        places.append(f"{path.name}:{number}")
    if not rows and not set_aside:
        raise TableError(f"{path.name} has no SMILES")
    table = pd.DataFrame(rows, columns=names, dtype=object)
    return Raw(table, places, set_aside, {names[0]: Column(names[0], role="material", kind="molecule")})


def cells_of(line: str, names: Sequence[str] = ()) -> list[str]:
    """The parts of a line: between tabs or, behind a SMILES, commas where there are any, else between blanks.

    Of these there are as many as `names`, so that the last part may have blanks; the SMILES and one name unless given.
    """
    line = line.strip()
    sign = "\t" if "\t" in line else "," if "," in line.partition(" ")[0] else None
    return [cell.strip() for cell in line.split(sign)] if sign else line.split(None, max(1, len(names) - 1))


def has_header(first: str) -> bool:
    """Whether a first line names the columns."""
    return bool(_HEADER.match(first))


def header_of(first: str, given: tuple[str, ...] = ()) -> list[str]:
    """The names of the columns, from a first line with a header or without. Raises TableError."""
    cells = cells_of(first)
    if given:
        return list(given)
    if has_header(first):
        names = first.split() if len(cells) < 3 and not {"\t", ","} & set(first) else cells
        if len(set(names)) < len(names):
            raise TableError("the first line names a column twice", "rename one of them")
        return names
    return ["smiles", "id", *(f"field {i}" for i in range(3, len(cells) + 1))]
