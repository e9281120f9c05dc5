"""Materials as a person names them in a command: a formula or SMILES, and the values of the model's other inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matloop.core.errors import InputError, UnitError, did_you_mean
from matloop.core.units import convert, parse_quantity
from matloop.datasets.column import MATERIALS, Column

if TYPE_CHECKING:
    import pandas as pd

    from matloop.discovery.trained import TrainedModel


def pairs(words: Sequence[str]) -> dict[str, str]:
    """'temperature=300' as a pair. Raises InputError for what is none."""
    found = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name.strip():
            raise InputError(f"'{word}' is not INPUT=VALUE", "such as --with temperature=300")
        found[name.strip()] = value.strip()
    return found


def material_of(model: TrainedModel, text: str, others: Mapping[str, str]) -> tuple[pd.DataFrame, str]:
    """A row of one material as a person writes it, with values of the other inputs; and what it is called.

    Numbers may have a unit of their own. Raises InputError where an input is missing, unknown or no number.
    """
    import pandas as pd

    material = material_column(model)
    names = [c.name for c in model.inputs if c.name != material.name]
    for name in others:
        if name not in names:
            raise InputError(f"the model has no input '{name}'", did_you_mean(name, names))
    missing = [c for c in model.inputs if c.name in names and c.name not in others]
    if missing:
        words = " ".join(f"--with {_quoted(f'{c.name}=VALUE')}" for c in missing)
        raise InputError(f"the model also needs {', '.join(c.titled for c in missing)}", f"{words}, or take a table")
    row: dict[str, Any] = {material.name: text}
    for column in model.inputs:
        if column.name in others:
            row[column.name] = _cell(column, others[column.name])
    return pd.DataFrame([row]), text


def material_column(model: TrainedModel) -> Column:
    """The input that is a material. Raises InputError where there is none."""
    material = next((c for c in model.inputs if c.kind in MATERIALS), None)
    if material is None:
        names = ", ".join(c.name for c in model.inputs)
        raise InputError(f"the model takes no material, but {names}", "put them in a table")
    return material


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word


def _cell(column: Column, text: str) -> Any:
    if column.kind != "number":
        return text
    try:
        return convert(*parse_quantity(text), column.unit)
    except UnitError as error:
        raise InputError(f"{column.name}: {error.message}", error.hint) from None
