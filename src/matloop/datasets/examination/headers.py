"""What headers give away: a first record taken for a header, an unknown unit, one quantity in two units."""

from __future__ import annotations

import re
from collections.abc import Iterator

from matloop.datasets.dataset import Dataset
from matloop.datasets.examination.finding import Finding
from matloop.datasets.headers import read_headers
from matloop.datasets.numeric import is_inexact

_NUMBER = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?")
#: So many cells of a column tell what its others are.
LOOKED_AT = 200
_BRACKETS = re.compile(r"^(?P<name>.*\S)\s*[(\[](?P<unit>[^()\[\]]{1,30})[)\]]$")
#: What stands in square brackets, or holds one of these signs, was meant as a unit.
_LIKE_A_UNIT = re.compile(r"[/^%°µ]|\d$|·")


def _inexact(dataset: Dataset, name: str) -> str | None:
    """A cell such as '531 ± 13', where half of the first cells or more are so."""
    cells = [str(cell).strip() for cell in dataset.frame[name].dropna().head(LOOKED_AT)]
    inexact = [cell for cell in cells if is_inexact(cell)]
    return inexact[0][:40] if inexact and len(inexact) >= len(cells) / 2 else None


def header_findings(dataset: Dataset) -> Iterator[Finding]:
    """What the names of the columns say about how the file was read."""
    numbers = [name for name in dataset.columns if _NUMBER.fullmatch(name)]
    if numbers:
        told = f"the columns {', '.join(numbers[:3])} have numbers for names: perhaps the file has no header"
        yield Finding("header", told, "--names a,b,c gives the columns names", tuple(numbers), len(numbers))
    for name, column in dataset.columns.items():
        plain, unit = read_headers([name])[0]
        if column.kind == "text" and (such := _inexact(dataset, name)):
            told = f"{name}: most of its cells are numbers that are not plain, such as '{such}': it is taken as text"
            hint = f"a number alone can be learned from; its uncertainty belongs into a column '{plain} std'"
            yield Finding("numbers", told, hint, (name,))
        elif column.kind == "text" and unit is not None:
            told = f"{name}: its header has a unit, but most of its cells are no numbers"
            yield Finding("units", told, f"--kind '{name}=number' sets aside the records that are none", (name,))
    bases: dict[str, list[str]] = {}
    for name, column in dataset.columns.items():
        match = _BRACKETS.match(name)
        if match is None or column.kind != "number":
            continue
        bases.setdefault(match["name"].casefold(), []).append(name)
        if column.unit is None and (name.endswith("]") or _LIKE_A_UNIT.search(match["unit"])):
            told = f"{name}: '{match['unit']}' is no unit that is known, so its numbers have none"
            yield Finding("units", told, f"--unit '{name}=UNIT' says it", (name,))
    for names in bases.values():
        units = {dataset.columns[name].unit for name in names} - {None}
        if len(units) > 1:
            told = f"{' and '.join(names)} are one quantity in {len(units)} units"
            yield Finding("units", told, "--drop leaves one of them out", tuple(names))
