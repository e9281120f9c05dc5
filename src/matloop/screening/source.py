"""Where candidates come from: files, a table in memory, or a generator; in chunks that can be counted on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from matloop.core.errors import InputError, did_you_mean
from matloop.screening.generate import Generator

if TYPE_CHECKING:
    import pandas as pd


class Source(Protocol):
    """A stream of candidates that is always the same.

    `total` is how many there are, None where nobody knows before the end. `identity` changes where the candidates do.
    """

    total: int | None

    @property
    def identity(self) -> str: ...

    def chunks(self, size: int, first: int = 0) -> Iterator[Any]:
        """The chunks from the one numbered `first` on: tables, or whatever `opened` makes one of elsewhere."""

    def head(self) -> pd.DataFrame:
        """The first candidates, to see what columns they have."""


class Span:
    """Candidates of a generator from one place to another: what makes them travels, not they themselves."""

    def __init__(self, generator: Generator, start: int, stop: int) -> None:
        self.generator, self.start, self.stop = generator, start, stop

    def __len__(self) -> int:
        return self.stop - self.start


def opened(chunk: Any) -> pd.DataFrame:
    """The table of a chunk, its index the places in the stream."""
    return chunk.generator.frame(chunk.start, chunk.stop) if isinstance(chunk, Span) else chunk


class Generated:
    """The candidates of a generator."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.total: int | None = generator.size

    @property
    def identity(self) -> str:
        return self.generator.model_dump_json()

    def chunks(self, size: int, first: int = 0) -> Iterator[Span]:
        n = self.generator.size
        for start in range(first * size, n, size):
            yield Span(self.generator, start, min(start + size, n))

    def head(self) -> pd.DataFrame:
        return self.generator.frame(0, 100)


class Frame:
    """A table in memory."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame.reset_index(drop=True)
        self.total: int | None = len(frame)

    @property
    def identity(self) -> str:
        import pandas as pd

        hashes = pd.util.hash_pandas_object(self.frame, index=False).to_numpy()
        return hashlib.sha256(hashes.tobytes() + repr(list(self.frame.columns)).encode()).hexdigest()

    def chunks(self, size: int, first: int = 0) -> Iterator[pd.DataFrame]:
        for start in range(first * size, len(self.frame), size):
            yield self.frame.iloc[start : start + size]

    def head(self) -> pd.DataFrame:
        return self.frame.iloc[:100]


class File:
    """A file, or a folder of Parquet files, read in pieces. Raises TableError where there is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.total: int | None = _n_rows(path)

    @property
    def identity(self) -> str:
        files = sorted(file for file in self.path.rglob("*") if file.is_file()) if self.path.is_dir() else [self.path]
        whole = hashlib.sha256()
        for file in files:
            with file.open("rb") as opened_file:
                whole.update(f"{file.name}:{hashlib.file_digest(opened_file, 'sha256').hexdigest()}\n".encode())
        return whole.hexdigest()

    def chunks(self, size: int, first: int = 0) -> Iterator[pd.DataFrame]:
        start = 0
        for i, frame in enumerate(self._read(size)):
            stop = start + len(frame)
            if i >= first:
                yield frame.set_axis(np.arange(start, stop), axis=0)
            start = stop

    def head(self) -> pd.DataFrame:
        first = next(self._read(100), None)
        if first is None or not len(first):
            raise InputError(f"{self.path} has no candidates")
        return first

    def _read(self, size: int) -> Iterator[pd.DataFrame]:
        from matloop.datasets.stream import read_chunks

        return iter(read_chunks(self.path, size))


def source_of(candidates: Any) -> Source:
    """What a user gave as candidates: a path, a table, a Dataset, a generator. Raises InputError."""
    if isinstance(candidates, Generator):
        return Generated(candidates)
    if isinstance(candidates, str | Path):
        path = Path(candidates)
        if not path.exists():
            near = [str(other) for other in path.parent.glob("*")] if path.parent.is_dir() else []
            raise InputError(f"there is no file {path}", did_you_mean(str(path), near))
        return File(path)
    frame = getattr(candidates, "frame", candidates)
    if not hasattr(frame, "iloc"):
        raise InputError(
            f"a {type(candidates).__name__} has no candidates", "a path, a table, a Dataset or a generator"
        )
    if not len(frame):
        raise InputError("there are no candidates")
    return Frame(frame)


def _n_rows(path: Path) -> int | None:
    """How many candidates a Parquet file, or a folder of them, has; None for other files."""
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not files or any(file.suffix.lower() not in (".parquet", ".pq") for file in files):
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return sum(pq.read_metadata(file).num_rows for file in files)
    except (pa.ArrowException, OSError):
        return None  # who reads it will say what is wrong
