"""Options of the command line that stand in place of what a file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def amendment(
    *, data: Path | None, budget: int | None, seed: int | None, planner: str | None, rename: str | None
) -> Any:
    """What changes a definition as these options say; None where none of them is given."""
    settings = {"budget": budget, "seed": seed, "name": rename}
    settings = {key: value for key, value in settings.items() if value is not None}
    if not settings and planner is None and data is None:
        return None

    def amend(definition: dict[str, Any]) -> None:
        definition["campaign"] = {**definition.get("campaign", {}), **settings}
        if planner is not None and planner != definition.get("planner", {}).get("kind"):
            definition["planner"] = {"kind": planner}
        if data is not None:
            _replace_data(definition, str(data.resolve()))

    return amend


def _replace_data(definition: dict[str, Any], file: str) -> None:
    """Name this file wherever the definition names one: in its lab's table, and for a pool read from the same."""
    lab = definition.setdefault("lab", {})
    before, lab["file"] = lab.get("file"), file
    for parameter in definition.get("space", {}).values():
        if isinstance(parameter, dict) and parameter.get("kind") == "pool" and parameter.get("file") == before:
            parameter["file"] = file
            parameter.pop("sha256", None)
