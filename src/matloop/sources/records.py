"""Records of a database as a dataset: checked on the way in like those of any file; held, or written piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from matloop.core.errors import InputError
from matloop.core.progress import Progress, silent
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset, DatasetError, SetAside
from matloop.datasets.options import Options
from matloop.datasets.provenance import HASH, LICENCE, ORIGIN, column
from matloop.datasets.raw import Raw
from matloop.datasets.typed import nothing_left, typed
from matloop.sources.writing import DatasetWriter

#: How many records are in memory at once when they are written piece by piece.
PIECE = 5000
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """What a database gave: `columns` by name, and `rows`, which gives each row, or what was set aside, anew each time.

    Each row has its origin.
    """

    name: str
    origin: str
    columns: Mapping[str, Column]
    rows: Callable[[], Iterator[dict[str, Any] | SetAside]]
    licence: str | None = None
    citation: str | None = None

    def held(self, progress: Progress = silent) -> Dataset:
        """All of it as a dataset, without the columns in which nothing stands.

        Raises InputError where no record is left.
        """
        rows, aside = _parted(self.rows())
        if not rows:
            raise self._nothing(aside)
        return self._dataset(rows, aside, _filled(self.columns, rows), progress)

    def written(self, path: Path, progress: Progress = silent) -> tuple[Dataset, int]:
        """The same in a file, never held: returns its description and the number of its records.

        Raises InputError where no record is left; then there is no file.
        """
        filled = _filled(self.columns, self.rows())
        described = [*(self.columns[name] for name in filled), column(HASH)]
        facts = {"name": self.name, "origin": self.origin, "licence": self.licence, "citation": self.citation}
        with DatasetWriter(path, described, **facts) as writer:
            for piece in _pieces(self.rows()):
                rows, aside = _parted(piece)
                try:
                    dataset = self._dataset(rows, aside, filled)
                except DatasetError as error:  # none of these can be used
                    writer.leave_out(error.set_aside)
                    continue
                writer.write(dataset.frame)
                writer.leave_out(dataset.set_aside)
                progress(writer.n, None, "checked and written")
            if not writer.n:
                raise self._nothing(writer.set_aside)
        return writer.dataset, writer.n

    def _dataset(
        self, rows: Sequence[Row], aside: Sequence[SetAside], names: Sequence[str], progress: Progress = silent
    ) -> Dataset:
        import pandas as pd

        cells = pd.DataFrame({name: [row.get(name) for row in rows] for name in names})
        raw = Raw(cells, [row[ORIGIN] for row in rows], list(aside), {name: self.columns[name] for name in names})
        options = Options(name=self.name, licence=self.licence, citation=self.citation)
        return typed(raw, Path(self.name), options, progress).with_facts(origin=self.origin)

    def _nothing(self, aside: Sequence[SetAside]) -> InputError:
        return nothing_left(self.name, aside) if aside else InputError(f"{self.name} has no record for this query")


def _parted(rows: Iterable[dict[str, Any] | SetAside]) -> tuple[list[Row], list[SetAside]]:
    good: list[Row] = []
    aside: list[SetAside] = []
    for row in rows:
        if isinstance(row, SetAside):
            aside.append(row)
        else:
            good.append(row)
    return good, aside


def _filled(columns: Mapping[str, Column], rows: Iterable[Row | SetAside]) -> list[str]:
    """The columns in which anything stands, in their order; a licence that is not known is told as well."""
    missing = dict.fromkeys(name for name in columns if name != LICENCE)
    for row in rows:
        for name in [name for name in missing if not isinstance(row, SetAside) and row.get(name) is not None]:
            del missing[name]
        if not missing:
            break
    return [name for name in columns if name not in missing]


def _pieces(rows: Iterator[dict[str, Any] | SetAside]) -> Iterator[list[dict[str, Any] | SetAside]]:
    while piece := list(islice(rows, PIECE)):
        yield piece
