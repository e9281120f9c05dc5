"""The shortlist: what is left of a screen, and why each other candidate fell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matloop.core.errors import InputError, TableError
from matloop.datasets.column import Column
from matloop.screening.ledger import PLACE
from matloop.screening.plan import Plan
from matloop.screening.predictor import column_of
from matloop.screening.stage import REASON
from matloop.screening.work import STEP, Tally

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from matloop.screening.source import Source

#: The key under which a Parquet file says what screen it is the shortlist of.
KEY, VERSION = b"matloop.shortlist", 1
#: The column of a candidate's place in the stream, counted from 0.
ROW = "row"
#: Up to so many bytes of a shortlist are held in memory before they are written.
_HELD = 1 << 28


@dataclass(frozen=True)
class Passed:
    """A stage of the funnel: how many candidates came, how many were left, and why others fell, most frequent first."""

    title: str
    kind: str
    entered: int
    kept: int
    reasons: Mapping[str, int]


def funnel_of(plan: Plan, tallies: Sequence[Tally]) -> list[Passed]:
    """The stages with what each did."""
    return [
        Passed(step.title, step.kind, tally.entered, tally.kept, dict(tally.reasons.most_common()))
        for step, tally in zip(plan.steps, tallies, strict=True)
    ]


@dataclass(frozen=True)
class Facts:
    """What a shortlist says of itself beside its table."""

    screen: Mapping[str, Any]
    funnel: Sequence[Passed]
    material: str | None = None
    kind: str | None = None
    #: By name: the target (name, unit, direction), the task, the hash of the file, and where it lies.
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: Columns that tell the candidates apart for a model of the planner.
    descriptors: Sequence[str] = ()
    source: str = ""

    def to_json(self) -> str:
        return json.dumps({"version": VERSION, **asdict(self)}, default=str)


class Shortlist:
    """The candidates that are left, best first, and how the others fell; a Parquet file that says so itself.

    Raises TableError for a file that cannot be read, and InputError for a table that no screen wrote.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.facts = _facts(self.path)

    def __len__(self) -> int:
        import pyarrow.parquet as pq

        return int(pq.read_metadata(self.path).num_rows)

    @property
    def funnel(self) -> Sequence[Passed]:
        """The stages with what each did."""
        return self.facts.funnel

    @property
    def frame(self) -> pd.DataFrame:
        """The whole table."""
        from matloop.datasets.saving import read_frame

        return read_frame(self.path)

    def head(self, n: int) -> pd.DataFrame:
        """The first n candidates, without reading the others."""
        import pandas as pd

        frames = [*self.pieces(n)][:1]
        return frames[0].iloc[:n] if frames else pd.DataFrame()

    @property
    def label(self) -> str:
        """The column that people call a candidate by: its formula or SMILES; of structures, what else names them."""
        from matloop.datasets.saving import facts_of, schema

        if self.facts.material is not None and self.facts.kind != "structure":
            return self.facts.material
        described = facts_of(schema(self.path), self.path.name) or {}
        names = [column.name for column in described.get("columns", ()) if column.role == "identity"]
        return next((name for name in names if name != ROW), ROW)

    def pool(self) -> dict[str, Any]:
        """What makes a Pool of it beside the rows: label, descriptors, predictions with their units, and SMILES."""
        models = {name: about for name, about in self.facts.models.items() if about["task"] == "regression"}
        numbers = {column_of(name): about["target"].get("unit") for name, about in models.items()}
        columns = [*self.facts.descriptors, *numbers]
        settings: dict[str, Any] = {"label": self.label, "columns": columns or [self.label]}
        if self.facts.kind == "molecule":
            settings["smiles"] = [self.facts.material]
        return settings | {"unit_of": {column: unit for column, unit in numbers.items() if unit}}

    def pieces(self, size: int) -> Iterator[pd.DataFrame]:
        """The table, so many rows at a time."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(size):
                yield batch.to_pandas()


def _facts(path: Path) -> Facts:
    from matloop.datasets.saving import schema

    if path.suffix.lower() not in (".parquet", ".pq"):
        raise InputError(f"{path} does not say what its columns mean", "name the Parquet file of the shortlist")
    text = (schema(path).metadata or {}).get(KEY)
    if text is None:
        raise InputError(f"{path} is no shortlist", "matloop screen writes one; any table can be a pool without it")
    try:
        known = json.loads(text)
        if known.pop("version") > VERSION:
            raise TableError(f"{path.name} is of a newer version of matloop", "pip install --upgrade matloop")
        known["funnel"] = [Passed(**passed) for passed in known["funnel"]]
        return Facts(**known)
    except (ValueError, TypeError, KeyError) as error:
        raise TableError(f"{path.name} does not say what its columns mean: its metadata cannot be read") from error


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
        if error is not None:
            if self._writer is not None:
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


def metadata_of(frame: pd.DataFrame, source: Source, facts: Facts, is_proprietary: bool) -> dict[bytes, bytes]:
    """What a Parquet file of a shortlist says of itself: which screen it is of, what its columns are, and its terms.

    It is proprietary if the candidates are, or the training rows of a model, which it quotes.
    """
    from matloop.datasets.dataset import Dataset
    from matloop.datasets.saving import KEY as OF_DATASET
    from matloop.datasets.saving import described

    columns = [column for column in _columns(source.columns, facts) if column.name in frame.columns]
    dataset = Dataset(
        frame.head(100),
        columns,
        name=str(facts.screen.get("name", "")),
        origin=facts.source,
        licence=source.terms.licence,
        citation=source.terms.citation,
        is_proprietary=is_proprietary,
    )
    return {KEY: facts.to_json().encode(), OF_DATASET: described(dataset).encode()}


def _columns(known: Mapping[str, Column], facts: Facts) -> Iterator[Column]:
    """The columns of the candidates as they were, and those of predictions with their units."""
    yield from known.values()
    yield Column(ROW, role="identity")
    calculators = [stage for stage in facts.screen.get("stages", ()) if stage["kind"] == "calculator"]
    yield from (
        Column(stage.get("column", "calculated"), unit=stage["unit"]) for stage in calculators if "unit" in stage
    )
    for model, about in facts.models.items():
        unit, is_class = about["target"].get("unit"), about["task"] == "classification"
        for part in ("lower", "upper", "std"):
            yield Column(column_of(model, part), unit=unit)
        yield Column(column_of(model), unit=None if is_class else unit, kind="text" if is_class else "number")
