"""A source's answer as a file: fetched into a folder beside it, written once it is complete."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from matloop.core.contracts import Source
from matloop.core.errors import InputError, SourceError
from matloop.core.progress import Progress, silent
from matloop.datasets.dataset import Dataset
from matloop.files.whole import is_full, sweep
from matloop.sources.part import discard, gone


@runtime_checkable
class WritingSource(Protocol):
    """A source that can write more records than it could hold."""

    def write(
        self,
        path: Path,
        query: Mapping[str, Any],
        keep: Path,
        most: int | None = None,
        progress: Progress = silent,
    ) -> tuple[Dataset, int]:
        """Fetch as `Source.fetch` does, into a file; returns the description of the dataset, and its length."""


def part_of(path: Path) -> Path:
    """The folder in which a download into this file is kept while it is under way."""
    return path.with_name(path.name + ".part")


def fetch_into(
    path: Path,
    source: Source,
    query: Mapping[str, Any],
    most: int | None = None,
    is_new: bool = False,
    progress: Progress = silent,
) -> tuple[Dataset, int]:
    """Save the dataset under `path`; returns it, or where it was never held its description, and its length.

    The same call after any interruption goes on; with `is_new` it begins again.

    Raises InputError where the file is there already, SourceError where the disk is full; what came is kept.
    """
    keep = part_of(path)
    if path.suffix != ".parquet":
        raise InputError(f"a dataset is written as a .parquet file, not as {path.name}", f"-o {path.stem}.parquet")
    sweep(path)
    shutil.rmtree(gone(keep), ignore_errors=True)  # of a process that was killed while it deleted it
    if is_new:
        discard(keep)
    elif path.exists() and not keep.exists():
        raise InputError(f"{path} is there already", "--restart fetches it anew, -o FILE writes elsewhere")
    try:
        if isinstance(source, WritingSource):
            written = source.write(path, query, keep, most, progress)
        else:
            dataset = source.fetch(query, keep, most, progress)
            dataset.save(path)
            written = dataset, len(dataset)
    except BaseException as error:
        if not any(keep.rglob("page-*")):  # nothing came: nothing is left behind
            discard(keep)
        if isinstance(error, OSError) and is_full(error):
            kept = f"what was fetched is kept in {keep}: " if keep.exists() else ""
            hint = f"{kept}make room, and the same command goes on"
            raise SourceError(f"the disk is full, and {path} could not be finished", hint) from error
        raise
    discard(keep)
    return written
