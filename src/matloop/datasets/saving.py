"""Datasets in one Parquet file: any Parquet reader sees the table, and matloop the rest, which is in the schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matloop.core.errors import TableError
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset, SetAside

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: The key of the schema's metadata, and the version of what stands under it.
KEY, VERSION = b"matloop", 1
#: What the footer of a file may take: the records set aside stand there, and may be many.
MOST_METADATA = 2**31 - 1


def save(dataset: Dataset, path: Path) -> Path:
    """Write the file whole or not at all. Raises TableError for cells that Parquet cannot hold."""
    from matloop.files.whole import write_whole

    write_whole(path, as_bytes(dataset))
    return path


def as_bytes(dataset: Dataset) -> bytes:
    """The content of the Parquet file. Raises TableError for cells that it cannot hold."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pa.Table.from_pandas(dataset.frame, preserve_index=False)
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), KEY: described(dataset).encode()})
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
    except (pa.ArrowException, UnicodeError) as error:
        told = str(error).splitlines()[0][:200]
        raise TableError(f"the dataset '{dataset.name}' cannot be written as Parquet: {told}") from error
    return bytes(sink.getvalue().to_pybytes())


def read(path: Path) -> Dataset:
    """A saved dataset, or any other Parquet file with its columns guessed. Raises TableError."""
    facts = facts_of(schema(path), path.name)
    if facts is None:
        return Dataset(read_frame(path), name=path.stem, origin=path.name)
    return Dataset(read_frame(path), **facts)


def read_frame(path: Path) -> pd.DataFrame:
    """The table alone, whoever wrote it. Raises TableError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path, thrift_string_size_limit=MOST_METADATA, partitioning=None).to_pandas()
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        raise _refused(path, error) from error


def schema(path: Path) -> pa.Schema:
    """The columns and the metadata of a Parquet file. Raises TableError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise TableError(f"there is no file {path}")
    try:
        with pq.ParquetFile(path, thrift_string_size_limit=MOST_METADATA) as file:
            return file.schema_arrow
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: Exception) -> TableError:
    return TableError(f"{path.name} is no Parquet file: {(str(error).splitlines() or ['?'])[0][:200]}")


def described(dataset: Dataset) -> str:
    """Everything but the table, as JSON."""
    return json.dumps(
        {
            "version": VERSION,
            "name": dataset.name,
            "origin": dataset.origin,
            "licence": dataset.licence,
            "citation": dataset.citation,
            "is_proprietary": dataset.is_proprietary,
            "columns": [
                column.model_dump(exclude_defaults=True) | {"name": name} for name, column in dataset.columns.items()
            ],
            "set_aside": [[record.place, record.reason, record.raw] for record in dataset.set_aside],
        }
    )


def facts_of(schema: pa.Schema, name: str) -> dict[str, Any] | None:
    """What a schema says of the dataset in the file; None where it says nothing. Raises TableError."""
    text = (schema.metadata or {}).get(KEY)
    if text is None:
        return None
    try:
        facts = json.loads(text)
        version = facts.pop("version")
        if version > VERSION:
            raise TableError(f"{name} was written by a newer version of matloop", "pip install --upgrade matloop")
        facts["columns"] = [Column(**column) for column in facts["columns"]]
        facts["set_aside"] = [SetAside(*record) for record in facts["set_aside"]]
    except TableError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise TableError(f"{name} does not say what its columns are: its metadata cannot be read") from error
    return dict(facts)
