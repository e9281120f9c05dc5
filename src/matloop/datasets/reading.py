"""Any file that `matloop import` knows, as a Dataset: read, typed, checked, the bad records set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from matloop.core.errors import InputError, TableError, did_you_mean
from matloop.core.progress import Progress, silent
from matloop.datasets.dataset import Dataset, DatasetError, SetAside
from matloop.datasets.headers import read_headers
from matloop.datasets.naming import READERS, format_of
from matloop.datasets.options import Options
from matloop.datasets.raw import Raw
from matloop.datasets.redescribe import redescribed
from matloop.datasets.typed import typed


def read_any(path: Path | str, progress: Progress = silent, **options: Any) -> Dataset:
    """The dataset in a file; the options are those of `matloop.datasets.options.Options`.

    Raises InputError where the file cannot be used at all, or an option does not fit it.
    """
    chosen = Options.given(**options)
    file = _opened(Path(path), chosen, progress)
    _require_known(chosen, file.names)
    return file.dataset(chosen)


def read_several(paths: Sequence[Path], options: Options, progress: Progress = silent) -> list[Dataset]:
    """The dataset in each file; a column that an option names must be in one of them.

    A file of which nothing can be used is set aside as a whole, unless it is the only one. Raises InputError.
    """
    files: list[_File] = []
    refused: list[SetAside] = []
    first: InputError | None = None
    for path in paths:
        try:
            files.append(_opened(path, options, progress))
        except (TableError, DatasetError) as error:
            refused.append(SetAside(path.name, error.message))
            first = first or error
    _require_known(options, [name for file in files for name in file.names] or options.named)
    datasets = []
    for file in files:
        try:
            datasets.append(file.dataset(options.only(file.names)))
        except (TableError, DatasetError) as error:
            refused.extend(getattr(error, "set_aside", ()) or [SetAside(file.name, error.message)])
            first = first or error
    if not datasets:
        raise first or InputError("no file was given", "matloop import FILE")
    if refused:
        datasets[-1] = datasets[-1].with_facts(set_aside=[*datasets[-1].set_aside, *refused])
    return datasets


def read_raw(path: Path, options: Options, progress: Progress = silent) -> Raw:
    """The cells of a file as they stand there. Raises InputError."""
    module = import_module(f"matloop.datasets.formats.{READERS[format_of(path, options.format)]}")
    raw: Raw = module.read(path, options, progress)
    return raw


@dataclass(frozen=True)
class _File:
    """A file that could be opened, the names that options may use for its columns, and what makes a dataset of it."""

    name: str
    names: Sequence[str]
    dataset: Callable[[Options], Dataset]


def _opened(path: Path, options: Options, progress: Progress) -> _File:
    if format_of(path, options.format) == "parquet":
        from matloop.datasets.formats.parquet import read_dataset

        saved = read_dataset(path)
        if saved is not None:
            return _File(path.name, list(saved.columns), lambda chosen: redescribed(saved, chosen))
    raw = read_raw(path, options, progress)
    headers = [str(name) for name in raw.table.columns]
    names = [*headers, *(name for name, _ in read_headers(headers))]
    return _File(path.name, names, lambda chosen: typed(raw, path, chosen, progress))


def _require_known(options: Options, names: Iterable[str]) -> None:
    known = list(dict.fromkeys(names))
    for name in options.named:
        if name not in known:
            raise InputError(f"there is no column '{name[:60]}'", did_you_mean(name[:80], known))
