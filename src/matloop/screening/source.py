"""Where candidates come from: files, a table in memory, or a generator; in chunks that can be counted on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from matloop.core.errors import InputError, did_you_mean
from matloop.datasets.column import Column
from matloop.screening.generate import Generator

if TYPE_CHECKING:
    import pandas as pd

    from matloop.datasets.dataset import Dataset, SetAside

#: Text files of which each line is a candidate, but for the first.
_LINES = (".csv", ".tsv", ".txt", ".smi", ".smiles", ".jsonl")
_PARQUET = (".parquet", ".pq")
_BLOCK = 1 << 22


class Terms(NamedTuple):
    """Under which terms the candidates may be used."""

    licence: str | None = None
    citation: str | None = None
    is_proprietary: bool = False


class Source(Protocol):
    """A stream of candidates that is always the same.

    `total` is about how many there are, None where nobody knows before the end; `columns` what is known of each of
    them. `identity` changes where the candidates do.
    """

    total: int | None
    columns: Mapping[str, Column]
    terms: Terms

    @property
    def identity(self) -> str: ...

    def chunks(self, size: int, first: int = 0) -> Iterator[Chunk]:
        """The chunks of this size from the one numbered `first` on."""


class Chunk(Protocol):
    """Some candidates: they, or what makes them elsewhere. Its length counts those that cannot be read, too."""

    @property
    def unread(self) -> list[tuple[str, str]]:
        """What could not be read as a candidate at all: the reason, and the text."""

    def __len__(self) -> int: ...

    def frame(self) -> pd.DataFrame:
        """The candidates, the index their places in the stream."""


@dataclass(frozen=True)
class Span:
    """Candidates of a generator from one place to another: what makes them travels, not they themselves."""

    generator: Generator
    start: int
    stop: int

    @property
    def unread(self) -> list[tuple[str, str]]:
        return []

    def __len__(self) -> int:
        return self.stop - self.start

    def frame(self) -> pd.DataFrame:
        return self.generator.frame(self.start, self.stop)


@dataclass(frozen=True)
class Piece:
    """Rows of a table."""

    rows: pd.DataFrame
    unread: list[tuple[str, str]]

    def __len__(self) -> int:
        return len(self.rows) + len(self.unread)

    def frame(self) -> pd.DataFrame:
        return self.rows


class Generated:
    """The candidates of a generator."""

    terms = Terms()

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.total: int | None = generator.size
        name, kind = generator.column
        self.columns: Mapping[str, Column] = {name: Column(name, role="material", kind=kind)}

    @property
    def identity(self) -> str:
        return self.generator.model_dump_json()

    def chunks(self, size: int, first: int = 0) -> Iterator[Chunk]:
        n = self.generator.size
        for start in range(first * size, n, size):
            yield Span(self.generator, start, min(start + size, n))


class Table:
    """A dataset, or a table in memory whose columns are guessed."""

    def __init__(self, dataset: Dataset) -> None:
        self._frame = dataset.frame
        self.columns: Mapping[str, Column] = dataset.columns
        self.total: int | None = len(dataset)
        self.terms = Terms(dataset.licence, dataset.citation, dataset.is_proprietary)

    @property
    def identity(self) -> str:
        import pandas as pd

        hashes = pd.util.hash_pandas_object(self._frame, index=False).to_numpy()
        return hashlib.sha256(hashes.tobytes() + repr(list(self._frame.columns)).encode()).hexdigest()

    def chunks(self, size: int, first: int = 0) -> Iterator[Chunk]:
        for start in range(first * size, len(self._frame), size):
            yield Piece(self._frame.iloc[start : start + size], [])


class File:
    """A file, or a folder of Parquet files, read in pieces. Raises InputError where it cannot be used."""

    def __init__(self, path: Path) -> None:
        from matloop.datasets.stream import Stream

        self.path = path
        self._unread: list[tuple[str, str]] = []
        self._stream = Stream(path, on_bad=self._note)
        #: Formats that are read whole lose a row with a bad cell; the others leave the cell empty.
        self._keeps_rows = self._stream.kind in ("parquet", "csv", "smiles")
        self.columns: Mapping[str, Column] = self._stream.columns
        self.total: int | None = _n_rows(path)
        self.terms = _terms(path)

    @property
    def identity(self) -> str:
        files = sorted(file for file in self.path.rglob("*") if file.is_file()) if self.path.is_dir() else [self.path]
        whole = hashlib.sha256()
        for file in files:
            with file.open("rb") as content:
                whole.update(f"{file.name}:{hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
        return whole.hexdigest()

    def chunks(self, size: int, first: int = 0) -> Iterator[Chunk]:
        start = 0
        for i, frame in enumerate(self._stream.chunks(size)):
            unread, self._unread[:] = list(self._unread), []
            stop = start + len(frame)
            if i >= first:
                yield Piece(frame.set_axis(np.arange(start, stop), axis=0), unread)
            start = stop

    def _note(self, record: SetAside) -> None:
        """A row that cannot be read. One with a bad cell can: the cell is empty, and whatever needs it will say so."""
        if not self._keeps_rows or record.reason.partition(": ")[0] not in self.columns:
            self._unread.append((record.reason, record.raw))


def source_of(candidates: Any) -> Source:
    """What a user gave as candidates: a path, a table, a Dataset, a generator. Raises InputError."""
    from matloop.datasets.dataset import Dataset

    if isinstance(candidates, Generator):
        return Generated(candidates)
    if isinstance(candidates, str | Path):
        path = Path(candidates)
        if not path.exists():
            near = [str(other) for other in path.parent.glob("*")] if path.parent.is_dir() else []
            hint = "a screen may be resumed: save the candidates to a file" if str(path) == "-" else None
            raise InputError(f"there is no file {path}", hint or did_you_mean(str(path), near))
        return File(path)
    if not isinstance(candidates, Dataset):
        if not hasattr(candidates, "iloc"):
            hint = "give a path, a table, a Dataset or a generator"
            raise InputError(f"a {type(candidates).__name__} has no candidates", hint)
        candidates = Dataset(candidates)
    if not len(candidates):
        raise InputError("there are no candidates")
    return Table(candidates)


def _terms(path: Path) -> Terms:
    """What a dataset says; of a folder of them, the strictest."""
    from matloop.datasets.saving import facts_of, schema

    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path] if path.suffix.lower() in _PARQUET else []
    told = [facts_of(schema(file), file.name) or {} for file in files]
    if not told:
        return Terms()
    any_proprietary = any(facts.get("is_proprietary") for facts in told)
    return Terms(told[0].get("licence"), told[0].get("citation"), any_proprietary)


def _n_rows(path: Path) -> int | None:
    """About how many candidates a file, or a folder of Parquet files, has; None where that takes reading it."""
    if path.is_file() and path.suffix.lower() in _LINES:
        with path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not files or any(file.suffix.lower() not in _PARQUET for file in files):
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return sum(pq.read_metadata(file).num_rows for file in files)
    except (pa.ArrowException, OSError):
        return None  # who reads it will say what is wrong
