"""What a header says: a name and behind it a unit: 'band gap (eV)', 'density [g/cm3]', 'E / GPa', 'T, K', 'gap_eV'."""

from __future__ import annotations

import re
from collections.abc import Iterable

from matloop.core.errors import UnitError
from matloop.core.units import check_unit

_BRACKETED = re.compile(r"^(?P<name>.*\S)\s*[(\[](?P<unit>[^()\[\]]+(?:\([^()]*\)[^()\[\]]*)?)[)\]]\s*$", re.DOTALL)
_SLASHED = re.compile(r"^(?P<name>.*\S)\s+/\s+(?P<unit>\S.*?)\s*$")
#: 'T/K', 'gap, eV', 'sigma in S/cm': what stands there is as often no unit, and must be one of those below.
_BARE = [re.compile(rf"^(?P<name>.*\S){sign}(?P<unit>\S.*?)\s*$") for sign in (r"\s+in\s+", r"\s*,\s+", "/")]
_SNAKE = [re.compile(rf"^(?P<name>.+)_(?P<unit>{unit})$") for unit in (r"[^\W_]+_[^\W_]+", r"[^\W_]+|%")]
#: Units that are nothing else, in small letters, as they stand behind an underscore: 'gap_ev', 'density_g_cm3'.
_UNMISTAKABLE = {
    written.casefold().replace("/", "_"): written
    for written in (
        "eV meV keV GPa MPa kPa nm mm µm um Å °C degC % kJ/mol kcal/mol eV/atom meV/atom g/cm3 g/cm^3 kg/m3 S/cm S/m "
        "mS/cm mol/L mg/mL g/mol wt% at% mol% cm-1 cm^-1 m2/g cm3/g mA/cm2 mmol/g mol/kg mV ppm rpm mL/min W/m/K"
    ).split()
} | {"percent": "%", "pct": "%", "kelvin": "K", "celsius": "°C", "angstrom": "Å", "w_mk": "W/(m K)"}
#: log(GPa) is no column named 'log' in GPa.
_FUNCTION = re.compile(r"(?:^|[\s_])(?:log|ln|lg|log10|log2|exp|sqrt)$", re.IGNORECASE)
_TEMPERATURE = re.compile(
    r"(?:^|[^a-z])(?:t|temp|temperature)(?:$|[^a-z])|temperature|(?:melting|boiling)[ _]point", re.IGNORECASE
)
#: What a bare K or C behind a name must stand behind: in 'x_K' it is potassium.
_KELVIN = re.compile(r"(?:^|[\W_])T(?:_?(?:[a-z]{1,2}|max|min))?$|(?i:temp|theta_D$|curie|n[eé]el|melting|debye)")
_LENGTH = re.compile(
    r"radius|radii|diameter|length|distance|lattice|thickness|\b(?:a|b|c|lcd|pld|d|r[A-Z]?)$", re.IGNORECASE
)
_ALIASES = {"ºC": "°C", "oC": "°C", "deg C": "°C", "deg. C": "°C", "Ang": "Å", "Ang.": "Å", "A^3": "Å^3", "wppm": "ppm"}
_ALIASES |= {"Kelvin": "K", "Celsius": "°C", "Torr": "torr", "Hartree": "hartree", "Ha": "hartree", "Angstrom": "Å"}
#: K beneath the stroke, where everybody reads it, though 'W/m K' is by the letter W·K/m.
_FOR_EACH_KELVIN = re.compile(r"^(\w?[WJ])/(m|cm|mol|g|kg)[ ·*-]?K$")
#: What stands in the place of a unit where there is none.
NO_UNIT = {"-", "–", "—", "dimensionless", "unitless", "a.u.", "arb. u.", "arb. units", "arbitrary units", "ph"}
#: What could be units (gigawatt, year, barn), but in headers of materials are methods, sites and elements.
_LABELS = {"GW", "G0W0", "Pt", "a", "B", "b", "a/b", "A/B", "R2", "R^2", "at"}
#: Units that are as often something else: what their column must tell of.
_ONLY_OF = {
    "min": "time|durat|anneal|aging|ageing|soak|dwell|period|age\\b",
    "P": "viscos",
    "MW": "power",
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
            if match["unit"].strip().casefold() in NO_UNIT:
                return match["name"], None
            unit = known_unit(match["unit"], match["name"])
            if unit is not None and is_meant(unit, match["name"]):
                return match["name"], unit
    for pattern in (*_BARE, *_SNAKE):
        if (match := pattern.match(header)) and (unit := _unmistakable(match["unit"], match["name"])):
            return (match["name"] if pattern in _BARE else header), unit  # snake_case is meant to be used as it is
    return header, None


def _unmistakable(text: str, name: str) -> str | None:
    if text in ("K", "C"):
        return {"K": "K", "C": "°C"}[text] if _KELVIN.search(name) else None
    return _UNMISTAKABLE.get(text.casefold().replace("/", "_"))


def is_meant(unit: str, name: str) -> bool:
    """Whether what can be read as a unit is one: 'gap (GW)' was computed in the GW approximation, not in gigawatt."""
    if unit in _LABELS:
        return False
    needed = _ONLY_OF.get(unit)
    return needed is None or bool(re.search(needed, name, re.IGNORECASE))


def known_unit(text: str, name: str = "") -> str | None:
    """The unit as it is written here; None where the text is no unit.

    C and F are degrees where `name` tells of a temperature, and A is angstrom where it tells of a length.
    """
    unit = text.strip()
    for written, meant in _LATEX:
        unit = unit.replace(written, meant)
    unit = _FOR_EACH_KELVIN.sub(r"\1/(\2 K)", (_ALIASES).get(unit.strip(), unit.strip()))
    if unit in ("C", "F") and _TEMPERATURE.search(name):
        unit = f"°{unit}"
    if unit == "A3" and "volume" in name.casefold():
        unit = "Å3"
    if unit == "A" and _LENGTH.search(name):
        unit = "Å"
    try:
        check_unit(unit)
    except UnitError:
        return None
    return unit
