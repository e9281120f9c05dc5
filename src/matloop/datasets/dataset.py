"""A dataset: a table of materials whose columns say what they are, with its origin, licence and what was set aside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.core.errors import InputError, did_you_mean
from matloop.datasets.column import Column, Role

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SetAside:
    """A record that could not be used: where it stands, why, and what it said."""

    place: str
    reason: str
    raw: str = ""


class DatasetError(InputError):
    """A dataset that cannot be used as it is asked for; `set_aside` where that is for want of records."""

    set_aside: Sequence[SetAside] = ()


class Dataset:
    """`Dataset(frame, [Column("formula", role="material", kind="composition"), Column("gap", role="target")])`.

    Columns of the frame that are not described are guessed, as `matloop import` does. Cells of text are str or None;
    those of a structure or a spectrum are JSON texts (`matloop.core.structure`, `matloop.core.curve`).
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        columns: Iterable[Column] = (),
        name: str = "",
        origin: str = "",
        licence: str | None = None,
        citation: str | None = None,
        is_proprietary: bool = False,
        set_aside: Sequence[SetAside] = (),
    ) -> None:
        if not all(isinstance(name, str) for name in frame.columns):
            frame = frame.rename(columns=str)
        described = _described(frame, columns)
        self.frame = _with_plain_text(frame, described)
        self.columns: dict[str, Column] = described
        self.name, self.origin, self.licence, self.citation = name, origin, licence, citation
        self.is_proprietary = is_proprietary
        self.set_aside = list(set_aside)

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        aside = f", {len(self.set_aside)} set aside" if self.set_aside else ""
        return f"Dataset({self.name!r}, {len(self)} records of {len(self.columns)} columns{aside})"

    def role(self, role: Role) -> list[Column]:
        """The columns that play this part, in their order."""
        return [column for column in self.columns.values() if column.role == role]

    @property
    def material(self) -> Column | None:
        """The column that says which material a record is about."""
        return next(iter(self.role("material")), None)

    @property
    def inputs(self) -> list[Column]:
        return self.role("input")

    @property
    def targets(self) -> list[Column]:
        return self.role("target")

    def column(self, name: str) -> Column:
        """The column of this name. Raises DatasetError, which names the nearest one."""
        if name not in self.columns:
            raise DatasetError(f"there is no column '{name[:60]}'", did_you_mean(name[:80], self.columns))
        return self.columns[name]

    def take(self, index: Any) -> Dataset:
        """The records at these places, in this order."""
        return self._with(frame=self.frame.iloc[np.asarray(index, dtype=np.intp)].reset_index(drop=True))

    def select(self, mask: Any) -> Dataset:
        """The records for which `mask` (n,) is true."""
        mask = np.asarray(mask, bool)
        if mask.shape != (len(self),):
            raise DatasetError(f"a selection needs one yes or no for each of the {len(self)} records")
        return self.take(np.flatnonzero(mask))

    def described(self, *columns: Column) -> Dataset:
        """The same records with these columns described anew; their cells stay as they are."""
        for column in columns:
            self.column(column.name)
        return self._with(columns=[*(self.columns | {column.name: column for column in columns}).values()])

    def without(self, *names: str) -> Dataset:
        """The same records without these columns."""
        dropped = {self.column(name).name for name in names}
        kept = [column for name, column in self.columns.items() if name not in dropped]
        return self._with(frame=self.frame.drop(columns=list(dropped)), columns=kept)

    def with_column(self, column: Column, cells: Any) -> Dataset:
        """The same records with one column more, or with other cells in it."""
        frame = self.frame.copy()
        frame[column.name] = cells
        return self._with(frame=frame, columns=[*(self.columns | {column.name: column}).values()])

    def with_facts(self, **facts: Any) -> Dataset:
        """The same records under another name, origin, licence, citation, is_proprietary or set_aside."""
        return self._with(**facts)

    def save(self, path: Path | str) -> Path:
        """Write one Parquet file that has everything in it; `Dataset.read` gives it back without loss."""
        from matloop.datasets.saving import save

        return save(self, Path(path))

    @staticmethod
    def read(path: Path | str) -> Dataset:
        """A dataset that was saved. For any other file there is `matloop.datasets.reading.read_any`."""
        from matloop.datasets.saving import read

        return read(Path(path))

    def export(self, path: Path | str, format: str | None = None, only_open: bool = False) -> Path:
        """Write the records for other programs: csv, parquet, jsonl, extxyz or cif, by the file's ending unless given.

        Raises DatasetError where a record of a proprietary database would be passed on.
        """
        from matloop.datasets.export import export

        export(self, Path(path), format, only_open)
        return Path(path)

    def _with(self, **changes: Any) -> Dataset:
        facts: dict[str, Any] = {
            "frame": self.frame,
            "columns": self.columns.values(),
            "name": self.name,
            "origin": self.origin,
            "licence": self.licence,
            "citation": self.citation,
            "is_proprietary": self.is_proprietary,
            "set_aside": self.set_aside,
        }
        return Dataset(**facts | changes)


def _described(frame: pd.DataFrame, columns: Iterable[Column]) -> dict[str, Column]:
    """A column for each of the frame's, in its order. Raises DatasetError where they do not fit."""
    names = list(frame.columns)
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise DatasetError(f"two columns are named '{twice[:60]}'", "rename one of them")
    given = {column.name: column for column in columns}
    for name in given:
        if name not in names:
            raise DatasetError(f"there is no column '{name[:60]}' in the table", did_you_mean(name[:80], names))
    if missing := [name for name in names if name not in given]:
        from matloop.datasets.guessing import guess

        given |= guess(frame[missing], given)
    return _only_one_material({name: given[name] for name in names})


def _only_one_material(columns: Mapping[str, Column]) -> dict[str, Column]:
    materials = [column.name for column in columns.values() if column.role == "material"]
    if len(materials) > 1:
        raise DatasetError(
            f"{len(materials)} columns are the material: " + ", ".join(materials),
            f"one of them is; say --role {materials[1]}=input, or identity",
        )
    for column in columns.values():
        if column.of is not None and column.of not in columns:
            raise DatasetError(
                f"'{column.name}' is the uncertainty of '{column.of}', which is no column",
                did_you_mean(column.of, columns),
            )
    return dict(columns)


def _with_plain_text(frame: pd.DataFrame, columns: Mapping[str, Column]) -> pd.DataFrame:
    """The frame with a plain index, and with str or None in each cell of text, whatever pandas made of it."""
    import pandas as pd

    frame = frame.reset_index(drop=True) if not isinstance(frame.index, pd.RangeIndex) else frame
    changed: dict[str, Any] = {}
    for name, column in columns.items():
        cells = frame[name]
        if column.kind == "number":
            if not (pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_bool_dtype(cells)):
                raise DatasetError(f"'{name}' holds text, but is said to be a number", "matloop import reads it")
        elif not _is_plain(cells):
            plain = np.empty(len(cells), dtype=object)
            plain[:] = [None if missing else _text(cell) for cell, missing in zip(cells, cells.isna(), strict=True)]
            changed[name] = pd.Series(plain, dtype=object, index=frame.index)
    return frame.assign(**changed) if changed else frame


def _text(cell: Any) -> str:
    if isinstance(cell, dict | list | tuple | np.ndarray):
        return json.dumps(cell, default=lambda inner: inner.tolist() if hasattr(inner, "tolist") else str(inner))
    return str(cell)


def _is_plain(cells: Any) -> bool:
    return cells.dtype == object and all(cell is None or type(cell) is str for cell in cells)
