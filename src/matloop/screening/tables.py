"""Tables that are written piece by piece: a shortlist, the list of the rejected, generated candidates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matloop.core.errors import TableError
from matloop.screening.ledger import PLACE
from matloop.screening.plan import Plan
from matloop.screening.stage import REASON
from matloop.screening.work import STEP

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: The column of a candidate's place in the stream, counted from 0.
ROW = "row"
#: Up to so many bytes are held in memory before they are written.
_HELD = 1 << 28


class Tables:
    """Pieces of a table, held while they are small, else written as they come. `with Tables(path) as tables`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n = 0
        self._held: list[pa.Table] = []
        self._writer: Any = None
        self._part = path.with_name(f".{path.name}.new")

    def __enter__(self) -> Tables:
        return self

    def add(self, frame: pd.DataFrame) -> None:
        """Raises TableError where a column changes from numbers to text after much has been written."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        self.n += len(frame)
        if self._writer is None:
            self._held.append(table)
            if sum(held.nbytes for held in self._held) < _HELD:
                return
            table = _together(self._held, self.path)
            self._held = []
            self._writer = pq.ParquetWriter(self._part, table.schema, compression="zstd")
        self._writer.write_table(_fitted(table, self._writer.schema, self.path))

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is not None and self._writer is not None:  # else the part is none of ours: another screen's, perhaps
            with suppress(OSError):
                self._writer.close()
            self._part.unlink(missing_ok=True)

    def finish(self, metadata: Mapping[bytes, bytes]) -> None:
        """Put the file in its place, whole."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        from matloop.files.whole import write_whole

        if self._writer is None:
            table = _together(self._held, self.path) if self._held else pa.table({})
            sink = pa.BufferOutputStream()
            pq.write_table(table.replace_schema_metadata(dict(metadata)), sink, compression="zstd")
            write_whole(self.path, sink.getvalue().to_pybytes())
            return
        self._writer.add_key_value_metadata(dict(metadata))
        self._writer.close()
        self._part.replace(self.path)


def _together(tables: list[pa.Table], path: Path) -> pa.Table:
    import pyarrow as pa

    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        raise TableError(f"{path.name}: {_clash(error)}", "a column must be of one kind in the whole stream") from error


def _fitted(table: pa.Table, schema: pa.Schema, path: Path) -> pa.Table:
    """With the columns of the schema, in their kinds; a column that is missing is empty."""
    import pyarrow as pa

    if new := [name for name in table.column_names if name not in schema.names]:
        raise TableError(f"{path.name}: the column '{new[0]}' came only after much was written")
    try:
        empty = {f.name: pa.nulls(len(table), f.type) for f in schema if f.name not in table.column_names}
        columns = [empty[f.name] if f.name in empty else table.column(f.name).cast(f.type) for f in schema]
        return pa.Table.from_arrays(columns, schema=schema)
    except pa.ArrowException as error:
        raise TableError(f"{path.name}: {_clash(error)}", "a column must be of one kind in the whole stream") from error


def _clash(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """With the place in the stream as the first column, unless there is one of that name."""
    made = frame.reset_index(drop=True)
    if ROW not in made.columns:
        made.insert(0, ROW, frame.index.to_numpy())
    return made


def write_fallen(path: Path, files: Iterable[Path], plan: Plan) -> int:
    """All candidates that fell, with the stage and the reason; how many there are."""
    with Tables(path) as tables:
        for frame in _named(files, plan):
            tables.add(frame)
        tables.finish({})
    return tables.n


def _named(files: Iterable[Path], plan: Plan) -> Iterator[pd.DataFrame]:
    import pyarrow.parquet as pq

    titles = [step.title for step in plan.steps]
    for file in files:
        frame = pq.read_table(file, partitioning=None).to_pandas().set_index(PLACE)
        steps = frame.pop(STEP).to_numpy()
        reasons = frame.pop(REASON)
        made = numbered(frame)
        made["stage"] = [titles[step] for step in steps]
        made["reason"] = reasons.to_numpy()
        yield made
