"""What a header says: a name and, in brackets behind it, a unit: 'band gap (eV)', 'density [g/cm3]'."""

from __future__ import annotations

import re
from collections.abc import Iterable

from matloop.core.errors import UnitError
from matloop.core.units import check_unit

_BRACKETED = re.compile(r"^(?P<name>.*\S)\s*[(\[](?P<unit>[^()\[\]]+(?:\([^()]*\)[^()\[\]]*)?)[)\]]\s*$", re.DOTALL)
_SLASHED = re.compile(r"^(?P<name>.*\S)\s+/\s+(?P<unit>\S+)\s*$")
#: log(GPa) is no column named 'log' in GPa.
_FUNCTION = re.compile(r"(?:^|[\s_])(?:log|ln|lg|log10|log2|exp|sqrt)$", re.IGNORECASE)
_TEMPERATURE = re.compile(r"(?:^|[^a-z])(?:t|temp|temperature)(?:$|[^a-z])|temperature", re.IGNORECASE)
_LENGTH = re.compile(
    r"radius|radii|diameter|length|distance|lattice|thickness|\b(?:a|b|c|lcd|pld|d|r[A-Z]?)$", re.IGNORECASE
)
_ALIASES = {"ºC": "°C", "oC": "°C", "deg C": "°C", "deg. C": "°C", "Ang": "Å", "Ang.": "Å", "A^3": "Å^3", "wppm": "ppm"}
#: What stands in the place of a unit where there is none.
_NONE = {"-", "–", "—", "dimensionless", "unitless", "a.u.", "arb. u.", "arb. units", "arbitrary units"}
#: What could be units (gigawatt, year, barn), but in headers of materials are methods, sites and elements.
_LABELS = {"GW", "G0W0", "Pt", "a", "B", "b", "a/b", "A/B", "R2", "R^2", "at"}
#: Units that are as often something else: what their column must tell of.
_ONLY_OF = {
    "min": "time|durat|anneal|aging|ageing|soak|dwell|period|age\\b",
    "P": "viscos",
    "H": "induct",
    "G": "field|coerc|magn",
}
_LATEX = (
    ("$", ""),
    ("{", ""),
    ("}", ""),
    ("^\\circ", "°"),
    ("\\circ", "°"),
    ("\\mu ", "µ"),
    ("\\mu", "µ"),
    ("\\AA", "Å"),
)


def read_headers(headers: Iterable[str]) -> list[tuple[str, str | None]]:
    """(name, unit) of each header; where two names would be the same, both keep their brackets."""
    texts = [text.strip() for text in headers]
    pairs = [_split(text) for text in texts]
    names = [name for name, _ in pairs]
    return [(text if names.count(name) > 1 else name, unit) for text, (name, unit) in zip(texts, pairs, strict=True)]


def _split(header: str) -> tuple[str, str | None]:
    for pattern in (_BRACKETED, _SLASHED):
        if (match := pattern.match(header)) and not _FUNCTION.search(match["name"]):
            if match["unit"].strip().casefold() in _NONE:
                return match["name"], None
            unit = known_unit(match["unit"], match["name"])
            if unit is not None and _is_meant(unit, match["name"]):
                return match["name"], unit
    return header, None


def _is_meant(unit: str, name: str) -> bool:
    """Whether what can be read as a unit is one: 'gap (GW)' was computed in the GW approximation, not in gigawatt."""
    if unit in _LABELS:
        return False
    needed = _ONLY_OF.get(unit)
    return needed is None or bool(re.search(needed, name, re.IGNORECASE))


def known_unit(text: str, name: str = "") -> str | None:
    """The unit as it is written here; None where the text is no unit.

    C is degrees Celsius where `name` tells of a temperature, and A is angstrom where it tells of a length.
    """
    unit = text.strip()
    for written, meant in _LATEX:
        unit = unit.replace(written, meant)
    unit = _ALIASES.get(unit.strip(), unit.strip())
    if unit == "C" and _TEMPERATURE.search(name):
        unit = "°C"
    if unit == "A" and _LENGTH.search(name):
        unit = "Å"
    try:
        check_unit(unit)
    except UnitError:
        return None
    return unit
