"""Files of structures: one, a folder of them, or a zip; each CIF, POSCAR or XYZ in it, by its name."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from matloop.core.errors import MissingExtra, TableError
from matloop.core.progress import Progress, silent
from matloop.datasets.archive import MOST_OF_ONE, content, entries, expanded, gunzipped, open_zip
from matloop.datasets.column import Column
from matloop.datasets.dataset import SetAside
from matloop.datasets.formats import cif, poscar, xyz
from matloop.datasets.naming import by_name, format_of
from matloop.datasets.options import Options
from matloop.datasets.raw import Found, Raw, of_found
from matloop.division import chunks_of, divided
from matloop.files.table import decoded
from matloop.processes import n_cores

_PARSERS = {"cif": cif.found, "poscar": poscar.found, "xyz": xyz.found}
#: What the columns are that structure files give; energies are in eV wherever ASE is at home.
COLUMNS = {
    "id": Column("id", role="identity", kind="text"),
    "structure": Column("structure", role="material", kind="structure"),
    "formula": Column("formula", role="identity", kind="composition"),
    "icsd": Column("icsd", role="identity", kind="text"),
    "csd refcode": Column("csd refcode", role="identity", kind="text"),
    "ccdc number": Column("ccdc number", role="identity", kind="text"),
    "cod id": Column("cod id", role="identity", kind="text"),
    "compound": Column("compound", role="identity", kind="text"),
    "doi": Column("doi", role="provenance", kind="text"),
    "energy": Column("energy", unit="eV"),
    "free_energy": Column("free_energy", unit="eV"),
}
#: What a file of one format alone is read as, whatever it is called.
_SINGLE = ("cif", "poscar", "xyz")
#: So many files are read at once, and from so many on by several processes, which take seconds to begin.
_AT_ONCE, _MANY = 16, 256


def read(path: Path, options: Options, progress: Progress = silent) -> Raw:
    """A record for each structure. Raises TableError where the file cannot be opened or holds none at all."""
    kind = format_of(path, options.format)
    if kind in _SINGLE:
        _require()
        data = gunzipped(path, MOST_OF_ONE) if path.suffix.lower() == ".gz" else path.read_bytes()
        found = list(_parsed(path.name, kind, data))
    else:
        found = _of_many(path, progress)
    if not found:
        raise TableError(f"{path.resolve().name} holds no structure", _hint(path))
    return of_found(found, COLUMNS)


def _require() -> None:
    for package in ("pymatgen", "ase"):
        try:
            __import__(package)
        except ImportError as error:
            raise MissingExtra(package, "structures") from error


def _parsed(name: str, kind: str, data: bytes) -> Iterator[Found | SetAside]:
    try:
        text = decoded(data, name)
    except TableError as error:
        yield SetAside(name, error.message)
        return
    yield from _PARSERS[kind](text, name)


# -- folders and archives -----------------------------------------------------------------------------------------


class _Member(NamedTuple):
    """A file in a folder or an archive: its name, its format, "" if it is not opened, and what is in it, or why not."""

    name: str
    kind: str
    load: Callable[[], bytes | SetAside]


class _Contents(Sequence[Any]):
    """Name, format and content of each file, read when it is asked for: few at a time are held."""

    def __init__(self, members: Sequence[_Member]) -> None:
        self._members = members

    def __len__(self) -> int:
        return len(self._members)

    def __getitem__(self, i: Any) -> tuple[str, str, bytes | SetAside]:
        member = self._members[i]
        return member.name, member.kind, member.load()


def _of_many(path: Path, progress: Progress) -> list[Found | SetAside]:
    """What is in all of them, in their order; where they are many, understood by several processes."""
    with nullcontext() if path.is_dir() else open_zip(path) as archive:
        members = _of_folder(path) if archive is None else _of_zip(archive)
        if any(member.kind for member in members):
            _require()
        contents, chunks = _Contents(members), chunks_of(len(members), _AT_ONCE)
        ending: Any
        if len(members) < _MANY or n_cores() == 1:
            ending = ((chunk, _read([contents[i] for i in chunk])) for chunk in chunks)
        else:
            ending = divided(_read, contents, chunks, n_cores())
        found: dict[int, list[Found | SetAside]] = {}
        n_done = 0
        with closing(ending):
            for chunk, its in ending:
                first = members[chunk.start].name
                found[chunk.start] = [SetAside(first, "reading it ends the process")] if its is None else its
                n_done += len(chunk)
                progress(n_done, len(members), first)
    return [each for start in sorted(found) for each in found[start]]


def _read(contents: Sequence[tuple[str, str, bytes | SetAside]]) -> list[Found | SetAside]:
    """What is in some of the files."""
    found: list[Found | SetAside] = []
    for name, kind, data in contents:
        found += [data] if isinstance(data, SetAside) else _parsed(name, kind, data)
    return found


def _of_folder(folder: Path) -> list[_Member]:
    files = [(file, kind) for file in sorted(folder.rglob("*")) if (kind := _kind(file.name)) and not file.is_dir()]
    within = folder.resolve()
    named = [(file, file.relative_to(folder).as_posix(), kind) for file, kind in files]
    return [_Member(name, kind, partial(_file, file, within, name)) for file, name, kind in named]


def _file(file: Path, within: Path, name: str) -> bytes | SetAside:
    try:
        if not file.resolve().is_relative_to(within):
            return SetAside(name, "it is a link that leads out of the folder")
        if not file.is_file():
            return SetAside(name, "it is a link to nothing" if file.is_symlink() else "it is no file")
        return gunzipped(file, MOST_OF_ONE) if file.suffix.lower() == ".gz" else file.read_bytes()
    except (TableError, OSError) as error:
        return SetAside(name, getattr(error, "message", str(error)))


def _hint(path: Path) -> str:
    """What can be read of a folder or an archive without structures."""
    if not path.is_dir():
        return "CIF, POSCAR and XYZ files in it are read; unpack tables and import them"
    tables = [
        file.name for file in sorted(path.iterdir()) if by_name(file.name) in ("csv", "excel", "jsonl", "parquet")
    ]
    return f"import its tables themselves: matloop import {path / tables[0]} …" if tables else _READ


_READ = "CIF, POSCAR and XYZ files are read"


def _of_zip(archive: zipfile.ZipFile) -> list[_Member]:
    listed = [(entry, refusal, _kind(entry.filename)) for entry, refusal in entries(archive)]
    return [
        _Member(entry.filename, "" if refusal else kind or "", partial(_content, archive, entry, refusal))
        for entry, refusal, kind in listed
        if kind or refusal
    ]


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, refusal: str | None) -> bytes | SetAside:
    if refusal:
        return SetAside(entry.filename, refusal)
    try:
        data = content(archive, entry)
        is_packed = entry.filename.lower().endswith(".gz")
        return expanded(io.BytesIO(data), entry.filename, MOST_OF_ONE) if is_packed else data
    except TableError as error:
        return SetAside(entry.filename, error.message)


def _kind(name: str) -> str | None:
    kind = by_name(name.rsplit("/", 1)[-1])
    return kind if kind in _SINGLE else None
