"""From a reader's raw table to a Dataset: units, kinds, roles, and whatever cannot be read is set aside."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from matloop.core.errors import UnitError
from matloop.core.progress import Progress, silent
from matloop.datasets import numeric
from matloop.datasets.checking import checked
from matloop.datasets.column import Column, Kind, Role
from matloop.datasets.dataset import Dataset, DatasetError, SetAside
from matloop.datasets.guessing import guessed_kind, guessed_roles, is_label, names_records, sampled, share
from matloop.datasets.headers import read_headers
from matloop.datasets.options import Options
from matloop.datasets.provenance import with_provenance
from matloop.datasets.raw import Raw

#: A column with this share of numbers among its cells is one of numbers; with a unit in its header, half will do.
OF_NUMBERS = 0.66
#: Whole numbers from here on are not exact as floats; names that are such numbers, or begin with 0, are text.
EXACT = 2**53
_LOSES = re.compile(r"\s*(?:0\d+|\d{16,})\s*\Z")
#: How much is kept of a record that is set aside, and how many reasons an error tells.
LONGEST_RAW, MOST_TOLD = 500, 3


@dataclass
class _Typed:
    """One column with its cells in their type, and why some of them could not be read."""

    name: str
    header: str
    kind: Kind
    unit: str | None
    cells: Any
    problems: dict[int, str]
    known: Column | None


def typed(raw: Raw, path: Path, options: Options, progress: Progress = silent) -> Dataset:
    """The dataset that a raw table makes. Raises InputError where options do not fit it or no record is left."""
    import pandas as pd

    if not len(raw.table):
        raise nothing_left(path.name, raw.set_aside)
    parts = _typed_columns(raw, options)
    columns = _described(parts, options)
    cells = {part.name: _as_counted(part, columns[part.name]) for part in parts}
    frame = pd.DataFrame(cells, index=range(len(raw.table)))
    problems: dict[int, str] = {}
    for part in parts:
        if columns[part.name].role in ("material", "input", "target", "uncertainty"):
            for row, reason in part.problems.items():
                problems.setdefault(row, f"{part.name}: {reason}")
    frame, unreadable = checked(frame, columns, progress)
    problems = unreadable | problems
    set_aside = sorted([*raw.set_aside, *_set_aside(raw, problems)], key=_in_file)
    good = np.ones(len(frame), bool)
    good[list(problems)] = False
    if not good.any():
        raise nothing_left(path.name, set_aside, are_cells=bool(problems))
    kept = np.flatnonzero(good).tolist()
    places = [raw.places[row] for row in kept]
    owners = [options.proprietary or (raw.owners[row] if raw.owners else None) for row in kept]
    frame, columns = with_provenance(frame[good].reset_index(drop=True), columns, places, options.licence, owners)
    return Dataset(
        frame,
        columns.values(),
        name=options.name or path.stem,
        origin=path.name,
        licence=options.licence,
        citation=options.citation,
        is_proprietary=any(owners),
        set_aside=set_aside,
    )


def _as_counted(part: _Typed, column: Column) -> Any:
    """The cells of a column; numbers that name records or tell of years are whole ones: 2014, not 2014.0."""
    cells = part.cells
    if part.kind != "number" or column.role not in ("identity", "provenance"):
        return cells
    is_whole = np.isfinite(cells).all() and (cells == np.floor(cells)).all() and (np.abs(cells) < EXACT).all()
    return cells.astype(np.int64) if is_whole else cells


def nothing_left(name: str, set_aside: Sequence[SetAside], are_cells: bool = False) -> DatasetError:
    """The error for a file in which no record can be used, with the reasons that came most often.

    `are_cells` where it was cells that could not be read as what their column was taken for.
    """
    if not set_aside:
        return DatasetError(f"{name} has no records")
    reasons = Counter(record.reason for record in set_aside).most_common(MOST_TOLD)
    lines = "".join(f"\n  {count} times: {reason}" if count > 1 else f"\n  {reason}" for reason, count in reasons)
    more = f"\n  and more, {len(set_aside)} in all" if len(set_aside) > sum(n for _, n in reasons) else ""
    words = f"{name} has no record that can be used:{lines}{more}"
    error = DatasetError(words, "--kind or --drop say how to take a column" if are_cells else "")
    error.set_aside = list(set_aside)
    return error


def _typed_columns(raw: Raw, options: Options) -> list[_Typed]:
    headers = [str(name) for name in raw.table.columns]
    titles = read_headers(headers)
    parts = []
    for place, (header, (name, unit)) in enumerate(zip(headers, titles, strict=True)):
        if not {name, header} & set(options.drop):
            known = raw.columns.get(header)
            parts.append(_typed_column(raw.table.iloc[:, place], header, name, unit, known, options))
    if not parts:
        raise DatasetError("no column is left", "--drop leaves out fewer")
    return parts


def _typed_column(
    cells: Any, header: str, name: str, unit: str | None, known: Column | None, options: Options
) -> _Typed:
    kind: Kind | None = options.of(options.kinds, name, header) or (known.kind if known else None)
    wanted: str | None = options.of(options.units, name, header)
    unit = known.unit if known and known.unit else unit
    if kind is None:
        kind = "number" if wanted or is_numeric(header, cells, unit) else guessed_kind(header, cells)
    if kind != "number":
        return _Typed(header, header, kind, None, _texts(cells), {}, known)
    try:
        read = numeric.numbers(cells, unit, wanted, name)
    except UnitError as error:
        raise UnitError(f"column '{header[:60]}': {error.message}", error.hint) from error
    return _Typed(name, header, "number", read.unit, read.values, read.problems, known)


def is_numeric(header: str, cells: Any, unit: str | None) -> bool:
    """Whether most of the cells are numbers; all of them must be where the column holds names or numbers of things."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(cells):
        return False
    names_records = is_label(header)
    if pd.api.types.is_numeric_dtype(cells):
        return not (names_records and pd.api.types.is_integer_dtype(cells) and bool((cells.abs() >= EXACT).any()))
    sample = [text for text in sampled(cells) if not numeric.is_missing(text)]
    if not sample:
        return unit is not None
    if names_records and any(_LOSES.match(str(cell)) for cell in cells):
        return False
    return share(sample, numeric.looks_numeric) >= (1.0 if names_records else OF_NUMBERS if unit is None else 0.5)


def _texts(cells: Any) -> Any:
    """The cells as str or None, without the blanks around them."""
    import pandas as pd

    def text(cell: Any) -> str | None:
        if isinstance(cell, dict | list):
            return json.dumps(cell, separators=(",", ":"))
        return (str(cell).strip() or None) if cell is not None and cell == cell and cell is not pd.NaT else None

    made = np.empty(len(cells), dtype=object)
    made[:] = [text(cell) for cell in cells.astype(object).where(cells.notna(), None).tolist()]
    return made


def _described(parts: Sequence[_Typed], options: Options) -> dict[str, Column]:
    import pandas as pd

    said: dict[str, Role] = {part.name: part.known.role for part in parts if part.known and part.known.role != "input"}
    for part in parts:
        is_target = bool({part.name, part.header} & set(options.targets))
        role = options.of(options.roles, part.name, part.header) or ("target" if is_target else None)
        if role == "material":
            said = {name: its for name, its in said.items() if its != "material"}
        if role:
            said[part.name] = role
    labels = [
        part.name
        for part in parts
        if names_records(part.name, part.kind, pd.Series(part.cells, dtype=None if part.kind == "number" else object))
    ]
    guessed = guessed_roles({part.name: part.kind for part in parts}, said, labels)
    columns = {}
    for part in parts:
        its = guessed[part.name]
        if its.role == "target" and part.name not in said and (options.says_targets or not options.guesses_targets):
            its = its.model_copy(update={"role": "input"})
        if part.known:
            its = part.known.model_copy(update={"name": part.name, "kind": part.kind, "role": its.role, "of": its.of})
        columns[part.name] = its.model_copy(update={"unit": part.unit})
    return columns


def _in_file(record: SetAside) -> tuple[str, int]:
    """Sorts records by where they stand: line 9 before line 10."""
    where, digits = re.match(r"(.*?)(\d*)\Z", record.place, re.DOTALL).groups()  # type: ignore[union-attr]
    return where, int(digits or 0)


def _set_aside(raw: Raw, problems: dict[int, str]) -> list[SetAside]:
    rows = sorted(problems)
    if not rows:
        return []
    cells = raw.table.iloc[rows].astype(object).where(raw.table.iloc[rows].notna(), None)
    records = cells.to_dict("records")
    return [
        SetAside(raw.places[row], problems[row], json.dumps(record, ensure_ascii=False, default=str)[:LONGEST_RAW])
        for row, record in zip(rows, records, strict=True)
    ]
