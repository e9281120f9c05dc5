"""Units of measurement, checked and converted with pint; loaded only when a unit is really needed."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from matloop.core.errors import UnitError

if TYPE_CHECKING:
    from pint import UnitRegistry

#: What chemists write for shares of a whole; pint knows only percent.
_SHARES = re.compile(r"^\s*(?:(wt|w|at|mol|vol|v)[ .-]*)?%\s*$", re.IGNORECASE)
_SHARE_OF = {"w": "mass", "a": "amount", "m": "amount", "v": "volume"}

#: pint evaluates numbers: "9**9**9" would keep it busy for ever. No unit is a power of a number, or has such marks.
_NO_UNIT = re.compile(r"\d[\s)]*(\*\*|\^|[⁰¹²³⁴⁵⁶⁷⁸⁹⁻])|[,;:=#!?&|<>~@$\"'{}\[\]\\]")
_LONGEST = 100

#: Energies for each atom are no energies: what is counted has a dimension of its own, which pint does not know.
_COUNTED = ("atom = [number_of_atoms] = _ = atoms", "formula_unit = [number_of_formula_units] = _ = formula_units")
_FORMULA_UNIT = re.compile(r"\bf\.\s?u\.|\bfu\b|\bformula unit\b")
#: An exponent without its sign: g/cm3, mS cm-1, Å3.
_BARE_EXPONENT = re.compile(r"(?<=[A-Za-zÅµΩ])(-?\d)(?![\d.])")


@lru_cache(maxsize=1)
def _registry() -> UnitRegistry[Any]:
    from pint import UnitRegistry

    registry: UnitRegistry[Any] = UnitRegistry(autoconvert_offset_to_baseunit=True)
    for definition in _COUNTED:
        registry.define(definition)
    return registry


def _written_for_pint(unit: str) -> str:
    if _SHARES.match(unit):
        return "percent"
    plain = unit.replace("√m", " m^0.5").replace("μ", "µ").replace("℃", "degC").replace("℉", "degF")
    return plain.replace("°C", "degC").replace("°F", "degF").replace("°", "degree")


def _share_of(unit: str) -> str | None:
    """What a share is a share of (mass, amount, volume), where its unit says so."""
    match = _SHARES.match(unit)
    return _SHARE_OF[match.group(1)[0].lower()] if match and match.group(1) else None


@lru_cache(maxsize=512)
def _parsed(unit: str) -> Any:
    if len(unit) > _LONGEST or _NO_UNIT.search(unit):
        raise UnitError(f"'{unit[:60]}' is no unit", "write it as in 'mm', 'S/cm', 'mol/L', 'degC', 'percent'")
    written = _FORMULA_UNIT.sub("formula_unit", _written_for_pint(unit))
    try:
        return _registry().Unit(written)
    except Exception:  # pint raises whatever its parser does; its own reading of a name comes first  # noqa: BLE001
        pass
    try:
        return _registry().Unit(_BARE_EXPONENT.sub(r"^\1", written))
    except Exception as error:
        raise UnitError(f"unknown unit '{unit}'", "write it as in 'mm', 'S/cm', 'mol/L', 'degC', 'percent'") from error


def check_unit(unit: str) -> None:
    """Raise UnitError unless the unit can be read."""
    _parsed(unit)


def convert(value: float, unit: str | None, target: str | None) -> float:
    """The value, given in `unit`, expressed in `target`; a missing unit means the target's own.

    Raises UnitError where one of them is unknown or the dimensions differ.
    """
    if not unit or unit == target:
        return value
    if not target:
        raise UnitError(
            f"'{unit}' was given for a quantity that has no unit",
            "leave it out, or give the quantity one",
        )
    source, wanted = _parsed(unit), _parsed(target)
    if source.dimensionality != wanted.dimensionality:
        raise UnitError(f"'{unit}' is not a unit of the same dimension as '{target}'")
    shares = {_share_of(unit), _share_of(target)} - {None}
    if len(shares) > 1:
        raise UnitError(f"'{unit}' cannot be converted into '{target}'", "that takes the molar masses or densities")
    return float(_registry().Quantity(value, source).to(wanted).magnitude)


_QUANTITY = re.compile(r"^\s*([+-]?(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$", re.DOTALL)


def parse_quantity(text: str) -> tuple[float, str | None]:
    """Split '31.2 kJ' into (31.2, 'kJ'); the unit is None where there is none. Raises UnitError for no number."""
    match = _QUANTITY.match(text.replace("−", "-", 1))
    if not match:
        raise UnitError(f"'{text[:60]}' is not a number")
    number = float(match.group(1))
    if math.isinf(number):
        raise UnitError(f"'{text[:60]}' is too large for a number")
    return number, match.group(2) or None
