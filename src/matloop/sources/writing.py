"""A dataset written piece by piece, so that its size does not matter: the same file as `Dataset.save` makes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset, SetAside
from matloop.datasets.saving import KEY, described
from matloop.files.whole import sweep

if TYPE_CHECKING:
    import pandas as pd

#: So many records that were set aside are kept in the file; of the others the number.
MOST_ASIDE = 10_000


class DatasetWriter:
    """A context manager: the file is there once it ends without an error, and not at all otherwise."""

    def __init__(self, path: Path, columns: Sequence[Column], **facts: Any) -> None:
        import pyarrow as pa

        self.path, self._columns, self._facts = path, list(columns), facts
        self._part = path.with_name(f".{path.name}.{os.getpid()}.new")
        types = [(one.name, pa.float64() if one.kind == "number" else pa.string()) for one in columns]
        self._schema = pa.schema(types)
        self._writer: Any = None
        self.n = 0
        self.n_aside = 0
        self.set_aside: list[SetAside] = []

    def __enter__(self) -> Self:
        import pyarrow.parquet as pq

        self.path.parent.mkdir(parents=True, exist_ok=True)
        sweep(self.path)
        try:
            self._writer = pq.ParquetWriter(self._part, self._with_facts(), compression="zstd")
        except BaseException:
            self._part.unlink(missing_ok=True)
            raise
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        try:
            self._writer.close()
            if kind is None:
                if self.set_aside:
                    self._rewrite()
                with self._part.open("rb+") as file:
                    os.fsync(file.fileno())
                self._part.replace(self.path)
        finally:
            self._part.unlink(missing_ok=True)

    def write(self, frame: pd.DataFrame) -> None:
        """Add these records."""
        import pyarrow as pa

        if len(frame):
            self._writer.write_table(pa.Table.from_pandas(frame, self._schema, preserve_index=False))
            self.n += len(frame)

    def leave_out(self, records: Iterable[SetAside]) -> None:
        """Set records aside."""
        for record in records:
            self.n_aside += 1
            if len(self.set_aside) < MOST_ASIDE:
                self.set_aside.append(record)

    @property
    def dataset(self) -> Dataset:
        """The description of what is written, without its records."""
        aside = list(self.set_aside)
        if self.n_aside > len(aside):
            aside.append(SetAside(self.path.name, f"and {self.n_aside - len(aside):,} more, of which only the number"))
        frame = self._schema.empty_table().to_pandas()
        return Dataset(frame, self._columns, set_aside=aside, **self._facts)

    def _with_facts(self) -> Any:
        return self._schema.with_metadata({KEY: described(self.dataset).encode()})

    def _rewrite(self) -> None:
        """What was set aside is known at the end, but stands in the schema, which is written at the beginning."""
        import pyarrow.parquet as pq

        again = self._part.with_suffix(".again")
        try:
            with (
                pq.ParquetFile(self._part) as old,
                pq.ParquetWriter(again, self._with_facts(), compression="zstd") as new,
            ):
                for i in range(old.num_row_groups):
                    new.write_table(old.read_row_group(i).replace_schema_metadata(None).cast(self._schema))
            again.replace(self._part)
        finally:
            again.unlink(missing_ok=True)
