"""What is written costs nothing that is read: to be asked before the work."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from matloop.core.errors import InputError


def require_apart(read: Iterable[Path | None], written: Iterable[Path | None]) -> None:
    """Raises InputError where a file would be written over one that is read, into a folder that is, or over another."""
    taken = [path.resolve() for path in read if path is not None]
    named: set[Path] = set()
    for path in filter(None, written):
        place = path.resolve()
        if place in named:
            raise InputError(f"{path} is named twice", "give each file that is written a name of its own")
        named.add(place)
        if place in taken:
            raise InputError(f"{path} is read, and would be written over", "choose another name for what is written")
        if folder := next((each for each in taken if each.is_dir() and place.is_relative_to(each)), None):
            raise InputError(f"{path} would be one of the files in {folder.name}, which are read", "write it elsewhere")
