"""Options of the command line that stand in place of what a file says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matloop.campaign.campaign import Campaign


def amended(
    campaign: Campaign,
    *,
    data: Path | None = None,
    budget: int | None = None,
    seed: int | None = None,
    planner: str | None = None,
    rename: str | None = None,
) -> Campaign:
    """The same campaign with these settings replaced; options that were not given change nothing."""
    settings = {"budget": budget, "seed": seed, "name": rename}
    settings = {key: value for key, value in settings.items() if value is not None}
    if not settings and planner is None and data is None:
        return campaign
    from matloop.campaign.campaign import Campaign as Made
    from matloop.campaign.loading import with_pools
    from matloop.core.spec import parse_spec

    definition = campaign.spec.to_dict()
    definition["campaign"] = {**definition.get("campaign", {}), **settings}
    if planner is not None and planner != definition["planner"]["kind"]:
        definition["planner"] = {"kind": planner}
    if data is not None:
        _replace_data(definition, str(data.resolve()))
    spec = with_pools(parse_spec(definition, "the campaign with these options"), campaign.folder)
    return Made.from_spec(spec, campaign.store_path, campaign.folder)


def _replace_data(definition: dict[str, Any], file: str) -> None:
    """Name this file wherever the definition names one: its lab's table, and a pool read from the same."""
    lab = definition.get("lab", {})
    before = lab.get("file")
    lab["file"] = file
    for parameter in definition["space"].values():
        if isinstance(parameter, dict) and parameter.get("kind") == "pool" and parameter.get("file") == before:
            parameter["file"] = file
            parameter.pop("sha256", None)
