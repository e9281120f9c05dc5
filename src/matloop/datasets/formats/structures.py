"""Files of structures: one, a folder of them, or a zip; each CIF, POSCAR or XYZ in it, by its name."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from matloop.core.errors import MissingExtra, TableError
from matloop.core.progress import Progress, silent
from matloop.datasets.archive import MOST_OF_ONE, content, entries, expanded, gunzipped, open_zip
from matloop.datasets.column import Column
from matloop.datasets.dataset import SetAside
from matloop.datasets.formats import cif, poscar, xyz
from matloop.datasets.naming import by_name, format_of
from matloop.datasets.options import Options
from matloop.datasets.raw import Found, Raw, of_found
from matloop.files.table import decoded

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


def read(path: Path, options: Options, progress: Progress = silent) -> Raw:
    """A record for each structure. Raises TableError where the file cannot be opened or holds none at all."""
    kind = format_of(path, options.format)
    found: list[Found | SetAside] = []
    members = _of_one(path, kind) if kind in _SINGLE else _of_many(path, progress)
    for name, its, data in members:
        if isinstance(data, SetAside):
            found.append(data)
        else:
            _require()
            found.extend(_parsed(name, its, data))
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


Member = tuple[str, str, bytes | SetAside]


def _of_one(path: Path, kind: str) -> Iterator[Member]:
    data = gunzipped(path, MOST_OF_ONE) if path.suffix.lower() == ".gz" else path.read_bytes()
    yield path.name, kind, data


def _of_many(path: Path, progress: Progress) -> Iterator[Member]:
    yield from _of_folder(path, progress) if path.is_dir() else _of_zip(path, progress)


def _of_folder(folder: Path, progress: Progress) -> Iterator[Member]:
    within = folder.resolve()
    files = [(file, kind) for file in sorted(folder.rglob("*")) if (kind := _kind(file.name)) and not file.is_dir()]
    for i, (file, kind) in enumerate(files):
        progress(i, len(files), file.name)
        name = file.relative_to(folder).as_posix()
        yield name, kind, _file(file, within, name)


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


def _of_zip(path: Path, progress: Progress) -> Iterator[Member]:
    with open_zip(path) as archive:
        members = [(entry, refusal, _kind(entry.filename)) for entry, refusal in entries(archive)]
        wanted = [(entry, refusal, kind) for entry, refusal, kind in members if kind or refusal]
        for i, (entry, refusal, kind) in enumerate(wanted):
            progress(i, len(wanted), entry.filename)
            yield entry.filename, kind or "", _content(archive, entry, refusal)


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
