"""Any file that `matloop import` knows, as a Dataset: read, typed, checked, the bad records set aside."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from matloop.core.errors import InputError, TableError, did_you_mean
from matloop.core.progress import Progress, silent
from matloop.datasets.dataset import Dataset
from matloop.datasets.options import Options
from matloop.datasets.raw import Raw
from matloop.datasets.typed import typed

#: The formats, each with its module in `formats`, and how the files of each end.
READERS = {"csv": "delimited", "parquet": "parquet"}
SUFFIXES = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet"}


def read_any(path: Path | str, progress: Progress = silent, **options: Any) -> Dataset:
    """The dataset in a file; the options are those of `matloop.datasets.options.Options`.

    Raises InputError where the file cannot be used at all, or an option does not fit it.
    """
    path, chosen = Path(path), Options.given(**options)
    kind = format_of(path, chosen.format)
    if kind == "parquet":
        from matloop.datasets.formats.parquet import read_dataset

        saved = read_dataset(path)
        if saved is not None:
            from matloop.datasets.redescribe import redescribed

            return redescribed(saved, chosen)
    return typed(read_raw(path, chosen, progress, kind), path, chosen, progress)


def read_raw(path: Path, options: Options, progress: Progress = silent, kind: str | None = None) -> Raw:
    """The cells of a file as they stand there. Raises InputError."""
    module = import_module(f"matloop.datasets.formats.{READERS[kind or format_of(path, options.format)]}")
    raw: Raw = module.read(path, options, progress)
    return raw


def format_of(path: Path, given: str | None = None) -> str:
    """The format of a file. Raises InputError for a file that is not there, or of no known format."""
    if not path.exists():
        raise TableError(f"there is no file {path}")
    if given:
        if given not in READERS:
            raise InputError(f"there is no format '{given[:40]}'", did_you_mean(given, READERS))
        return given
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise TableError(f"cannot tell the format of {path.name}", "say it: --format " + "|".join(READERS))
    return kind
