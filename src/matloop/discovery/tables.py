"""The table that a person names: a file of theirs or, where there is none of that name, a published dataset."""

from __future__ import annotations

from pathlib import Path

from matloop.core.errors import InputError, did_you_mean
from matloop.core.progress import Progress, silent
from matloop.datasets.dataset import Dataset
from matloop.datasets.reading import read_any


def read_table(name: Path | str, progress: Progress = silent) -> Dataset:
    """The dataset in the file `name`, or the published one of that name, fetched where it is not at hand.

    Raises InputError where there is neither, and what `read_any` and `load_dataset` raise.
    """
    from matloop.sources.published import load_dataset, published_names

    path = Path(name)
    if path.exists() or path.name != str(name):
        return read_any(path, progress=progress)
    if str(name) in published_names():
        return load_dataset(str(name))
    here = [file.name for file in Path().iterdir() if file.is_file() and not file.name.startswith(".")]
    hint = did_you_mean(name, [*here, *published_names()]) or "matloop datasets lists those that are published"
    raise InputError(f"there is no file {name} here, and no published dataset of that name", hint)
