"""Where things are kept that can be fetched or computed again."""

from __future__ import annotations

import os
import tempfile
from functools import lru_cache
from pathlib import Path

#: Names the folder; without it, it is the one that the platform has for caches.
VARIABLE = "MATLOOP_CACHE"


def cache_folder(kind: str) -> tuple[Path, str]:
    """A folder that can be written to, and what should be said about it: nothing, or why it is not the usual one.

    A home that cannot be written to is no reason to fail: a temporary folder serves until the end of the program.
    """
    wanted = _wanted() / kind
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=wanted):
            pass
    except OSError as error:
        folder = _temporary() / kind
        folder.mkdir(parents=True, exist_ok=True)
        return (
            folder,
            f"{wanted} cannot be written to ({error.strerror}): {folder} is used; {VARIABLE} names a better one",
        )
    return wanted, ""


def _wanted() -> Path:
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser().absolute()
    import pooch

    return Path(pooch.os_cache("matloop"))


@lru_cache(maxsize=1)
def _temporary() -> Path:
    return Path(tempfile.mkdtemp(prefix="matloop-"))
