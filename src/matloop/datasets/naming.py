"""Which format a file has: by what was said, else by its name."""

from __future__ import annotations

from pathlib import Path

from matloop.core.errors import InputError, TableError, did_you_mean

#: The formats, each with its module in `formats`, and how the files of each end.
READERS = {
    "csv": "delimited",
    "excel": "excel",
    "jsonl": "json_lines",
    "parquet": "parquet",
    "smiles": "smiles",
    "sdf": "sdf",
    "cif": "structures",
    "poscar": "structures",
    "xyz": "structures",
    "zip": "structures",
    "folder": "structures",
    "ase": "ase_database",
}
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".smi": "smiles",
    ".smiles": "smiles",
    ".ism": "smiles",
    ".sdf": "sdf",
    ".sd": "sdf",
    ".mol": "sdf",
    ".cif": "cif",
    ".vasp": "poscar",
    ".poscar": "poscar",
    ".xyz": "xyz",
    ".extxyz": "xyz",
    ".zip": "zip",
    ".db": "ase",
}
#: What to do with files that are not read.
_HINTS = {
    ".xls": "save it as .xlsx, or as CSV",
    ".ods": "save it as .xlsx, or as CSV",
    ".tar": "unpack it, and import the folder",
    ".tgz": "unpack it, and import the folder",
    ".7z": "unpack it, and import the folder",
}
#: Files that VASP names so, whatever follows: POSCAR, CONTCAR_relaxed.
_VASP = ("poscar", "contcar")


def format_of(path: Path, given: str | None = None) -> str:
    """The format of a file. Raises InputError for a file that is not there, or of no known format."""
    if not path.exists():
        near = [str(other) for other in path.parent.iterdir()] if path.parent.is_dir() else []
        raise TableError(f"there is no file {path}", did_you_mean(str(path), near))
    if given:
        if given not in READERS:
            raise InputError(f"there is no format '{given[:40]}'", did_you_mean(given, READERS))
        return given
    kind = "folder" if path.is_dir() else by_name(path.name)
    if kind is None:
        hint = _HINTS.get(path.suffix.lower()) or _HINTS.get(Path(path.stem).suffix.lower())
        raise TableError(f"cannot tell the format of {path.name}", hint or "say it: --format " + "|".join(READERS))
    return "ase" if kind == "jsonl" and _is_ase(path) else kind


def by_name(name: str) -> str | None:
    """The format that a file of this name has, compressed or not; None for an unknown one."""
    lower = name.lower().removesuffix(".gz")
    if lower.startswith(_VASP):
        return "poscar"
    return SUFFIXES.get(Path(lower).suffix)


def _is_ase(path: Path) -> bool:
    """Whether a JSON file is a database of ASE, which says so at its end."""
    if path.suffix.lower() != ".json":
        return False
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2000))
        return b'"nextid":' in file.read().replace(b" ", b"")
