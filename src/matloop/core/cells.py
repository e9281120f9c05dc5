"""The columns of a table as they are given: arrays, data frames or lists, brought into one shape without copying."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import WrapValidator

#: Cells of such columns are numbers or yes/no.
NUMERIC = "fiub"
_PLAIN = {str, bool, int, float}
_CHUNK = 1 << 18


def _as_given(cells: Any, check: Callable[[Any], Any]) -> Any:
    """An array of numbers as it is; everything else as a tuple, looked through cell by cell only where it must be."""
    if isinstance(cells, np.ndarray) and cells.ndim == 1 and cells.dtype.kind in NUMERIC:
        return cells
    listed = cells.tolist() if hasattr(cells, "tolist") else cells
    if not isinstance(listed, list | tuple):
        return check(cells)
    kinds = set(map(type, listed))
    if kinds <= _PLAIN and (float not in kinds or all(map(_is_sound, listed))):
        return tuple(listed)
    return check([cell.item() if isinstance(cell, np.generic) else cell for cell in listed])


def _is_sound(cell: Any) -> bool:
    return not isinstance(cell, float) or math.isfinite(cell)


#: One column of a table given in place.
Cells = Annotated[tuple[str | bool | int | float, ...], WrapValidator(_as_given)]


def columns_of(frame: Any) -> dict[str, Any]:
    """The columns of a data frame, those of numbers as arrays that share its memory."""
    return {str(name): _numbers(frame[name]) for name in frame.columns}


def _numbers(column: Any) -> Any:
    """An array where the cells are NumPy's own numbers; other kinds (text, categories, dates) as a list."""
    is_plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in NUMERIC
    return column.to_numpy() if is_plain else column.to_list()


def as_column(name: str, cells: Any) -> np.ndarray:
    """The cells as an array of shape (n,): numbers and yes/no as they are, everything else as text.

    Raises ValueError where a number is missing or infinite.
    """
    if isinstance(cells, tuple):
        cells = _objects(cells) if set(map(type, cells)) == {str} else np.array(cells)
    if cells.dtype.kind not in NUMERIC:
        listed = cells.tolist()
        return cells if set(map(type, listed)) == {str} and cells.dtype == object else _objects(list(map(str, listed)))
    if cells.dtype.kind == "f" and len(cells) and not np.isfinite([cells.min(), cells.max()]).all():
        row = int(np.flatnonzero(~np.isfinite(cells))[0])
        raise ValueError(f"the pool's column '{name}' is empty or not a number in row {row + 1}")
    return cells


def _objects(cells: Iterable[str]) -> np.ndarray:
    listed = list(cells)
    column = np.empty(len(listed), dtype=object)
    column[:] = listed
    return column


def levels_of(column: np.ndarray, most: int) -> tuple[str, ...] | None:
    """The different texts of a column in their order, or None where there are more than `most`."""
    some = column[:: max(1, len(column) // 1000)]
    if len(set(some.tolist())) > most:
        return None
    levels = set(column.tolist())
    return tuple(sorted(levels)) if len(levels) <= most else None


def content_hash(columns: Mapping[str, np.ndarray]) -> str:
    """The SHA-256 of the names and cells of a table, in hexadecimal."""
    found = hashlib.sha256()
    for name, column in columns.items():
        found.update(f"{name}\0{column.dtype.kind}\0".encode())
        for start in range(0, len(column), _CHUNK):
            part = column[start : start + _CHUNK]
            is_text = part.dtype == object
            found.update("\0".join(part).encode("utf-8", "surrogatepass") if is_text else part.tobytes())
    return found.hexdigest()
