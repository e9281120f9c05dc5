"""Any file that `matloop import` knows, as a Dataset: read, typed, checked, the bad records set aside."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from matloop.core.progress import Progress, silent
from matloop.datasets.dataset import Dataset
from matloop.datasets.naming import READERS, format_of
from matloop.datasets.options import Options
from matloop.datasets.raw import Raw
from matloop.datasets.typed import typed


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
