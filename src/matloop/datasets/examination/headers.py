"""What headers give away: a first record taken for a header, an unknown unit, one quantity in two units."""

from __future__ import annotations

import re
from collections.abc import Iterator

from matloop.datasets.dataset import Dataset
from matloop.datasets.examination.finding import Finding
from matloop.datasets.headers import read_headers

_NUMBER = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?")
_BRACKETS = re.compile(r"^(?P<name>.*\S)\s*[(\[](?P<unit>[^()\[\]]{1,30})[)\]]$")
#: What stands in square brackets, or holds one of these signs, was meant as a unit.
_LIKE_A_UNIT = re.compile(r"[/^%°µ]|\d$|·")


def header_findings(dataset: Dataset) -> Iterator[Finding]:
    """What the names of the columns say about how the file was read."""
    numbers = [name for name in dataset.columns if _NUMBER.fullmatch(name)]
    if numbers:
        told = f"the columns {', '.join(numbers[:3])} have numbers for names: perhaps the file has no header"
        yield Finding("header", told, "--names a,b,c gives the columns names", tuple(numbers), len(numbers))
    for name, column in dataset.columns.items():
        if column.kind == "text" and read_headers([name])[0][1] is not None:
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
