"""The shortlist: what is left of a screen, and why each other candidate fell."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matloop.core.errors import InputError, TableError
from matloop.datasets.column import Column
from matloop.screening.plan import Plan
from matloop.screening.predictor import column_of
from matloop.screening.tables import ROW
from matloop.screening.work import Tally

if TYPE_CHECKING:
    import pandas as pd

    from matloop.screening.source import Source

#: The key under which a Parquet file says what screen it is the shortlist of.
KEY, VERSION = b"matloop.shortlist", 1


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
        first = next(self.pieces(n), None)
        return self.frame if first is None else first

    @property
    def label(self) -> str:
        """The column that people call a candidate by: its formula or SMILES; of structures, what else names them."""
        if self.facts.material is not None and self.facts.kind != "structure":
            return self.facts.material
        names = [column.name for column in self.columns if column.role == "identity"]
        return next((name for name in names if name != ROW), ROW)

    def pool(self) -> dict[str, Any]:
        """What makes a Pool of it beside the rows: label, descriptors and predictions with their units, and SMILES."""
        numbers = [column_of(name) for name, about in self.facts.models.items() if about["task"] == "regression"]
        columns = [*self.facts.descriptors, *numbers]
        settings: dict[str, Any] = {"label": self.label, "columns": columns or [self.label]}
        if self.facts.kind == "molecule":
            settings["smiles"] = [self.facts.material]
        units = {column.name: column.unit for column in self.columns}
        return settings | {"unit_of": {name: units[name] for name in columns if units.get(name)}}

    @property
    def columns(self) -> Sequence[Column]:
        """What is known of the columns, as their units; of those that only describe a candidate nothing is."""
        from matloop.datasets.saving import facts_of, schema

        return tuple((facts_of(schema(self.path), self.path.name) or {}).get("columns", ()))

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


def metadata_of(
    frame: pd.DataFrame, source: Source, facts: Facts, added: Mapping[str, str | None], is_proprietary: bool
) -> dict[bytes, bytes]:
    """What a Parquet file of a shortlist says of itself: which screen it is of, what its columns are, and its terms.

    `added` are the columns that stages have added, with their units. It is proprietary if the candidates are, or the
    training rows of a model, which it quotes.
    """
    from matloop.datasets.dataset import Dataset
    from matloop.datasets.saving import KEY as OF_DATASET
    from matloop.datasets.saving import described

    columns = [column for column in _columns(source.columns, facts, added) if column.name in frame.columns]
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


def _columns(known: Mapping[str, Column], facts: Facts, added: Mapping[str, str | None]) -> Iterator[Column]:
    """The columns of the candidates as they were, and those of stages and predictions with their units."""
    yield from known.values()
    yield Column(ROW, role="identity")
    yield from (Column(name, unit=unit) for name, unit in added.items() if unit and name not in known)
    for model, about in facts.models.items():
        unit, is_class = about["target"].get("unit"), about["task"] == "classification"
        for part in ("lower", "upper", "std"):
            yield Column(column_of(model, part), unit=unit)
        yield Column(column_of(model), unit=None if is_class else unit, kind="text" if is_class else "number")
