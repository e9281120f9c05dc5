"""Where a data file may lie: named in full, beside the campaign, or among published data."""

from __future__ import annotations

import os
from pathlib import Path

from matloop.core.errors import TableError

#: Names the folder of published datasets.
VARIABLE = "MATLOOP_DATA"


def find_data(file: str, base: Path) -> Path:
    """The file: absolute, relative to `base`, in the folder MATLOOP_DATA, or by its name in one of that one's folders.

    Raises TableError that names every place that was tried.
    """
    tried = [base / Path(file).expanduser()]
    if os.environ.get(VARIABLE):
        data = Path(os.environ[VARIABLE]).expanduser().absolute()
        tried += [data / file, data / "*" / Path(file).name]
    for place in tried:
        found = sorted(place.parent.parent.glob(f"*/{place.name}")) if place.parent.name == "*" else [place]
        for path in found:
            if path.is_file():
                return path
    places = ", ".join(map(str, tried))
    raise TableError(f"there is no file '{file}'", f"looked for {places}; name it with --data FILE or set {VARIABLE}")
