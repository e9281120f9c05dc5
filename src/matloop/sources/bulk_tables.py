"""Tables of molecules too large for memory: read, checked and written piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matloop.core.errors import InputError
from matloop.core.progress import Progress, silent
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset, SetAside
from matloop.datasets.naming import format_of
from matloop.datasets.provenance import HASH, LICENCE, ORIGIN, column, record_hashes
from matloop.datasets.stream import Stream
from matloop.sources.writing import DatasetWriter

if TYPE_CHECKING:
    import pandas as pd

    from matloop.sources.bulk import Bulk

#: How many records are in memory at once.
PIECE = 50_000
#: What a SMILES is made of; whether it is one, rdkit says, which is far slower.
_LETTERS = r"^(?:[BCNOPSFIbcnops]|Cl|Br|\[[^\]]+\]|[=#@()/\\.+\-:~$*%]|\d)+$"


def write_tables(
    kind: Bulk,
    files: Sequence[Path],
    output: Path,
    licence: str | None = None,
    most: int | None = None,
    is_checked: bool = False,
    progress: Progress = silent,
) -> tuple[Dataset, int]:
    """Write the records of all files, one after the other; returns their description and their number.

    Raises InputError where a file has no column of molecules, or no record is left.
    """
    columns = _described(kind, files)
    smiles = next(name for name, its in columns.items() if its.role == "material")
    own = [column(name) for name in (ORIGIN, LICENCE, HASH)]
    facts = {"name": kind.name, "origin": " ".join(file.name for file in files), "licence": licence}
    with DatasetWriter(output, [*columns.values(), *own], **facts, citation=kind.citation) as writer:
        for file in files:
            for frame in _pieces(kind, file, columns, writer):
                if most is not None:
                    frame = frame.iloc[: most - writer.n]
                good = _checked(frame, smiles, writer, is_checked)
                good[LICENCE] = licence
                good[HASH] = record_hashes(good, columns)
                writer.write(good)
                progress(writer.n, most, f"{file.name}, {writer.n_aside:,} set aside" if writer.n_aside else file.name)
                if most is not None and writer.n >= most:
                    break
        if not writer.n:
            reason = writer.set_aside[0].reason if writer.set_aside else "they are empty"
            raise InputError(f"the files have no record that can be used: {reason}")
    return writer.dataset, writer.n


def _described(kind: Bulk, files: Sequence[Path]) -> dict[str, Column]:
    """The columns of all files, by the names that they get."""
    made: dict[str, Column] = {}
    for file in files:
        if format_of(file) not in ("smiles", "csv", "parquet"):
            raise InputError(
                f"{file.name} is no table of molecules", f"{kind.name} comes as {kind.title.partition(': ')[2]}"
            )
        for name in _names(kind, file):
            made.setdefault(name.name, name)
    if not any(one.role == "material" for one in made.values()):
        headers = ", ".join(list(made)[:10])
        raise InputError(f"{files[0].name} has no column of molecules that {kind.name} has", f"its columns: {headers}")
    return made


def _names(kind: Bulk, file: Path) -> list[Column]:
    """The columns of one file, each as the database has it, or as it is guessed."""
    return [_known(kind, header, guessed) for header, guessed in Stream(file).columns.items()]


def _known(kind: Bulk, header: str, guessed: Column) -> Column:
    known = kind.columns.get(header.strip().casefold())
    if known is not None:
        return known
    role: Any = "identity" if guessed.role == "material" else guessed.role
    return guessed.model_copy(update={"role": role})


def _pieces(kind: Bulk, file: Path, columns: dict[str, Column], writer: DatasetWriter) -> Iterator[pd.DataFrame]:
    """The records of a file under the names of the dataset, each with its origin."""
    import pandas as pd

    stream = Stream(file, on_bad=lambda record: writer.leave_out([record]))
    names = {header: _known(kind, header, guessed).name for header, guessed in stream.columns.items()}
    first = 0
    for frame in stream.chunks(PIECE):
        made = frame.rename(columns=names)
        for name, its in columns.items():
            if name not in made.columns:
                made[name] = None
            made[name] = pd.to_numeric(made[name], errors="coerce") if its.kind == "number" else _texts(made[name])
        made[ORIGIN] = [f"{file.name}#{i}" for i in range(first, first + len(made))]
        first += len(made)
        yield made[[*columns, ORIGIN]]


def _texts(cells: Any) -> Any:
    """Numbers that are names, as text."""
    if cells.dtype.kind not in "fiu":
        return cells
    return [None if cell != cell else f"{cell:.0f}" if cell == int(cell) else repr(cell) for cell in cells.tolist()]


def _checked(frame: pd.DataFrame, name: str, writer: DatasetWriter, is_checked: bool) -> pd.DataFrame:
    """The records whose SMILES, in the column of that name, is one; the others are set aside."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pa.array(frame[name], pa.string(), from_pandas=True)
    good = pc.fill_null(pc.match_substring_regex(texts, _LETTERS), False).to_numpy(zero_copy_only=False).copy()
    reasons = dict.fromkeys((~good).nonzero()[0].tolist(), "it has no SMILES")
    if is_checked:
        reasons |= _unreadable(frame[name], good)
        good[list(reasons)] = False
    writer.leave_out(
        SetAside(frame[ORIGIN].iloc[i], why, str(frame[name].iloc[i])[:500]) for i, why in sorted(reasons.items())
    )
    return frame[good].copy()


def _unreadable(smiles: Any, good: Any) -> dict[int, str]:
    from matloop.core.molecule import UnreadableMolecule, canonical

    reasons: dict[int, str] = {}
    for i in good.nonzero()[0].tolist():
        try:
            canonical(smiles.iloc[i])
        except UnreadableMolecule as error:
            reasons[i] = error.message
    return reasons
