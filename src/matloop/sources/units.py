"""Units as databases write them, as matloop reads them."""

from __future__ import annotations

from typing import Any

from matloop.core.errors import UnitError
from matloop.core.units import check_unit

#: What databases write for "it has none".
_NONE = {"", "1", "none", "inapplicable", "dimensionless", "unitless", "n/a", "a.u.", "arbitrary"}
_SPELLED = {
    "a": "angstrom",
    "ang": "angstrom",
    "gigapascal": "GPa",
    "kelvin": "K",
    "mub": "bohr_magneton",
    "μb": "bohr_magneton",
    "µb": "bohr_magneton",
}


def as_unit(text: Any) -> tuple[str | None, str]:
    """The unit, or None with words on what is written there where it cannot be read: (unit, words)."""
    written = str(text or "").strip()
    if written.casefold() in _NONE:
        return None, ""
    unit = _SPELLED.get(written.casefold(), written)
    try:
        check_unit(unit)
    except UnitError:
        return None, f"in '{written[:60]}' as the provider writes it"
    return unit, ""
