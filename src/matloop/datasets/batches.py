"""Parquet, CSV and SMILES files as a sequence of Arrow tables, of whatever size comes easily."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from matloop.core.errors import TableError
from matloop.datasets.dataset import SetAside
from matloop.datasets.decimal_commas import has_decimal_commas, with_points
from matloop.datasets.formats.delimited import Records, read_header, without_preamble
from matloop.datasets.formats.smiles import cells_of, has_header, header_of
from matloop.files.table import dialect_of

if TYPE_CHECKING:
    import pyarrow as pa

OnBad = Callable[[SetAside], None]
#: How much of a CSV file is parsed at a time, in bytes; and how much of it is looked at before.
BLOCK, HEAD = 2 << 20, 1 << 20
#: A line of a SMILES file that is longer holds no molecule, in bytes.
LONGEST_LINE = 100_000


def parquet_batches(path: Path, size: int, columns: Sequence[str] | None) -> Iterator[pa.Table]:
    """The rows of a file, or of all Parquet files in a folder by their names. Raises TableError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for file in sorted(path.rglob("*.parquet")) if path.is_dir() else [path]:
        try:
            with pq.ParquetFile(file) as opened:
                schema = opened.schema_arrow
                for batch in opened.iter_batches(size, columns=columns, use_threads=False):
                    table = pa.Table.from_batches([batch])
                    yield table.replace_schema_metadata(schema.metadata)
        except (pa.ArrowException, OSError) as error:
            raise TableError(f"{file.name} cannot be read: {(str(error).splitlines() or ['?'])[0][:200]}") from error


def delimited_batches(path: Path, columns: Sequence[str] | None, on_bad: OnBad | None) -> Iterator[pa.Table]:
    """The rows of a CSV or TSV file, gzipped or not, every cell as text. Raises TableError."""
    import pyarrow as pa
    from pyarrow import csv as reader

    head = without_preamble(_head(path))
    dialect = dialect_of(head, path.name)
    records = Records(head, dialect["delimiter"])
    header = read_header(records, path.name)
    n_above = records.n_read
    told: list[SetAside] = []
    with_commas: set[str] | None = None

    def invalid(row: Any) -> str:
        place = path.name if row.number is None else f"{path.name}:{row.number}"
        reason = f"the row has {row.actual_columns} cells, but the header {row.expected_columns}"
        told.append(SetAside(place, reason, str(row.text)[:500]))
        return "skip"

    how = {
        "read_options": reader.ReadOptions(block_size=BLOCK, skip_rows=n_above, column_names=header, use_threads=False),
        "parse_options": reader.ParseOptions(
            delimiter=dialect["delimiter"], invalid_row_handler=invalid, newlines_in_values='"' in head
        ),
        "convert_options": reader.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            include_columns=list(columns or [name for name in header if name]),
        ),
    }
    try:
        with pa.input_stream(str(path), compression="detect") as stream, reader.open_csv(stream, **how) as opened:
            for batch in opened:
                table = pa.Table.from_batches([batch])
                if with_commas is None:  # the first part of a column tells how all of it is written
                    delimiter = dialect["delimiter"]
                    with_commas = {n for n in table.column_names if has_decimal_commas(table.column(n), delimiter)}
                yield _with_decimal_points(table, with_commas) if with_commas else table
                _tell(told, on_bad)
    except (pa.ArrowException, OSError) as error:
        _tell(told, on_bad)
        told_ = (str(error).splitlines() or ["?"])[0][:200]
        raise TableError(
            f"{path.name} cannot be read: {told_}", "matloop import FILE reads what can be read"
        ) from error
    _tell(told, on_bad)


def _tell(told: list[SetAside], on_bad: OnBad | None) -> None:
    if told and on_bad is None:
        raise TableError(f"{told[0].place}: {told[0].reason}", "matloop import reads the file and sets such rows aside")
    for record in told:
        on_bad(record)  # type: ignore[misc]
    told.clear()


def _head(path: Path) -> str:
    """The first part of the text, without a line that is cut off."""
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            content = file.read(HEAD)
    except (OSError, EOFError, zlib.error) as error:
        raise TableError(f"{path.name} cannot be read: {str(error)[:200]}") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content:
        raise TableError(f"{path.name} is not in UTF-8", "save it as CSV in UTF-8, or use matloop import first")
    whole = content if len(content) < HEAD else content[: content.rfind(b"\n") + 1] or content
    return whole.decode("utf-8-sig", "replace")


def _with_decimal_points(table: pa.Table, names: set[str]) -> pa.Table:
    import pyarrow as pa

    cells = {name: table.column(name) for name in table.column_names}
    return pa.table({name: with_points(its) if name in names else its for name, its in cells.items()})


def smiles_batches(path: Path, size: int, columns: Sequence[str] | None, on_bad: OnBad | None) -> Iterator[pa.Table]:
    """The lines of a SMILES file, gzipped or not, in columns of text; of one that is cut off what is before the cut.

    Raises TableError.
    """
    import pyarrow as pa

    names: list[str] = []
    rows: list[list[str | None]] = []

    def table() -> pa.Table:
        cells = zip(*rows, strict=True)
        made = pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, cells, strict=True)})
        return made if columns is None else made.select(list(columns))

    end = 0
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            for end, line, told in _lines(file):
                if end == 1:
                    names = header_of(line)
                if told:
                    _tell([SetAside(f"{path.name}:{end}", told, line[:500])], on_bad)
                if told or not line.strip() or line.startswith("#") or (end == 1 and has_header(line)):
                    continue
                cells = cells_of(line, names)
                if len(cells) > len(names):
                    told = f"the line has {len(cells)} parts, but the first {len(names)}"
                    _tell([SetAside(f"{path.name}:{end}", told, line.strip()[:500])], on_bad)
                    continue
                rows.append([*cells, *[None] * (len(names) - len(cells))] if len(cells) < len(names) else [*cells])
                if len(rows) == size:
                    yield table()
                    rows = []
    except (OSError, EOFError, zlib.error) as error:
        if not end or not _is_past_the_good(error):
            raise TableError(f"{path.name} cannot be read: {str(error)[:200]}") from error
        _tell([SetAside(f"{path.name}:{end + 1}", f"the rest of the file cannot be read: {str(error)[:200]}")], on_bad)
    if rows:
        yield table()


def _lines(file: IO[bytes] | gzip.GzipFile) -> Iterator[tuple[int, str, str]]:
    """The lines of a file by their number, and why one is no record; of one that is too long only the beginning."""
    number = 0
    while content := file.readline(LONGEST_LINE):
        number += 1
        length = len(content)
        while not content.endswith(b"\n") and length >= LONGEST_LINE and (more := file.readline(LONGEST_LINE)):
            length += len(more)
            if more.endswith(b"\n"):
                break
        told = f"the line has {length:,} characters" if length > LONGEST_LINE else ""
        try:
            line = content.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            line, told = content.decode("utf-8", "replace"), told or "the line is not text in UTF-8"
        yield number, line, told


def _is_past_the_good(error: Exception) -> bool:
    """Whether what came before is as it was packed: the file is cut off, or something else is behind its end."""
    return isinstance(error, EOFError) or "Not a gzipped file" in str(error)
