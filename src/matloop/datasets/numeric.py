"""Numbers read from cells of text: a unit of their own is converted, what is no number gets its reason."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from matloop.core.errors import UnitError
from matloop.core.units import convert, parse_quantity
from matloop.datasets.headers import known_unit

#: What people and programs write where there is nothing.
MISSING = {"", "nan", "na", "n/a", "#n/a", "null", "none", "-", "–", "—", "?", "nil", "not available", "<na>"}
_PLAIN = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
#: '0,125' is none: no number of thousands begins with 0.
_THOUSANDS = re.compile(r"^[+-]?[1-9]\d{0,2}([, '’\u00a0\u2009\u202f])\d{3}(?:\1\d{3})*(?:\.\d+)?$")
_UNCERTAIN = re.compile(r"±|\+/-|\+-|^[+-]?\d+\.?\d*\(\d+\)$")
_RANGE = re.compile(r"^\s*[+-]?[\d.]+\s*(?:-|–|to|\.\.)\s*[+-]?[\d.]+\s*\S*$")


@dataclass
class Numbers:
    """`values` (n,) with nan where nothing is or where `problems` has a reason; `unit` is the column's.

    `is_mixed` where cells have several units: a number without one is then a problem, unless the header has it.
    """

    values: np.ndarray
    unit: str | None
    problems: dict[int, str] = field(default_factory=dict)
    is_mixed: bool = False


def numbers(
    cells: Any, header_unit: str | None, wanted: str | None = None, name: str = "", is_mixed: bool = False
) -> Numbers:
    """Each cell as a number in the unit `wanted`, or else in that of the header, or else in the most common one.

    Raises UnitError where the header's unit cannot be converted into the one that is wanted.
    """
    values, rest = _plain(cells)
    is_bare = np.isfinite(values)
    own = {i: _quantity(text, name) for i, text in rest.items()}
    unit = wanted or header_unit or _most_common(own)
    units = {its for _, its, reason in own.values() if its and not reason}
    is_mixed = is_mixed or (header_unit is None and wanted is None and len(units) > 1)
    problems: dict[int, str] = {}
    for i, (value, its, reason) in own.items():
        try:
            values[i] = np.nan if reason else convert(value, its or header_unit, unit)
        except UnitError as error:
            reason = error.message
        if not reason and its is None and is_mixed:
            is_bare[i] = True
        if reason:
            problems[i], values[i] = reason, np.nan
    if is_mixed:
        problems |= dict.fromkeys(
            np.flatnonzero(is_bare).tolist(), f"it has no unit, where others are in {unit} and more"
        )
        values[is_bare] = np.nan
    elif header_unit:
        values[is_bare] = converted(values[is_bare], header_unit, unit)
    return Numbers(values, unit, problems, is_mixed)


def converted(values: np.ndarray, unit: str | None, wanted: str | None) -> np.ndarray:
    """Values (n,) in another unit. Raises UnitError."""
    if not unit or unit == wanted:
        return values
    zero, one = convert(0.0, unit, wanted), convert(1.0, unit, wanted)
    return values * one if zero == 0 else values * (one - zero) + zero


def is_missing(text: str) -> bool:
    """Whether a cell where a number should be says that there is none."""
    return text.strip().casefold() in MISSING


def is_inexact(text: str) -> bool:
    """Whether a cell is a number with its uncertainty, or a bound: '531 ± 13', '<0.1'."""
    return bool(re.match(r"[<>≤≥~≈+-]?\s*\d", text)) and bool(_UNCERTAIN.search(text) or text[:1] in "<>≤≥~≈")


def looks_numeric(text: str) -> bool:
    """Whether a cell is a number, with a unit or without."""
    if re.match(_PLAIN, text.strip()):
        return True
    _, _, reason = _quantity(text.strip(), "")
    return not reason


def _plain(cells: Any) -> tuple[np.ndarray, dict[int, str]]:
    """The cells that are plain finite numbers (n,), nan elsewhere; and the other cells that are not missing."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(cells, pa.ChunkedArray) and not pa.types.is_string(cells.type):
        cells = cells.to_pandas()
    if not isinstance(cells, pa.ChunkedArray) and pd.api.types.is_numeric_dtype(cells):
        values = np.array(cells.to_numpy(dtype=float, na_value=np.nan))
        rest = {int(i): str(values[i]) for i in np.flatnonzero(np.isinf(values))}
        return np.where(np.isinf(values), np.nan, values), rest
    texts = pc.utf8_trim_whitespace(_as_text(cells))
    is_plain = pc.fill_null(pc.match_substring_regex(texts, _PLAIN), False)
    plain = pc.utf8_ltrim(pc.if_else(is_plain, texts, None), "+")
    values = np.array(pc.cast(plain, pa.float64()).to_numpy(zero_copy_only=False), float)
    is_other = pc.and_(
        pc.or_(pc.invert(is_plain), pc.fill_null(pc.is_inf(pc.cast(plain, pa.float64())), False)), pc.is_valid(texts)
    )
    others = np.flatnonzero(is_other.to_numpy(zero_copy_only=False))
    pairs = zip(others.tolist(), texts.take(pa.array(others, pa.int64())).to_pylist(), strict=True)
    return np.where(np.isinf(values), np.nan, values), {i: text for i, text in pairs if not is_missing(text)}


def _as_text(cells: Any) -> Any:
    import pyarrow as pa

    if isinstance(cells, pa.ChunkedArray):
        return cells.combine_chunks()
    if cells.dtype == object:
        cells = [None if cell is None or cell != cell else str(cell) for cell in cells.tolist()]
    texts = pa.array(cells, pa.string(), from_pandas=True)
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts


def _quantity(text: str, name: str) -> tuple[float, str | None, str]:
    """(value, unit, why it is none) of a cell that is not a plain number."""
    shown = text if len(text) <= 40 else text[:37] + "…"
    if _THOUSANDS.match(text):
        return float(re.sub(r"[^\d.+-]", "", text)), None, ""
    if _UNCERTAIN.search(text):
        return np.nan, None, f"'{shown}' has its uncertainty in the same cell"
    if text[:1] in "<>≤≥~≈":
        return np.nan, None, f"'{shown}' is a bound or an estimate, not a number"
    if _RANGE.match(text):
        return np.nan, None, f"'{shown}' is a range, not a number"
    try:
        value, unit = parse_quantity(text)
    except UnitError as error:
        return np.nan, None, error.message if "too large" in error.message else f"'{shown}' is not a number"
    if unit is None:
        return value, None, ""
    known = known_unit(unit, name)
    return (value, known, "") if known else (np.nan, None, f"'{shown}' is not a number, nor one with a known unit")


def _most_common(own: dict[int, tuple[float, str | None, str]]) -> str | None:
    counts = Counter(unit for _, unit, reason in own.values() if unit and not reason)
    return counts.most_common(1)[0][0] if counts else None
