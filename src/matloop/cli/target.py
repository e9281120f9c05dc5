"""What a person means by NAME: a campaign file, a case, or a campaign in the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matloop.core.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from matloop.campaign.campaign import Campaign

DEFAULT_STORE = Path("matloop.db")

Name = Annotated[str, typer.Argument(metavar="NAME", help="A campaign file, a case, or a campaign in the store.")]
StoreOption = Annotated[
    Path | None, typer.Option("--store", metavar="FILE", help="The database; matloop.db beside the file unless given.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print facts as JSON, for other programs.")]


def defined(name: str, store: Path | None, lab: str | None = None, amend: Any = None) -> Campaign:
    """The campaign as its file or its case defines it, or else as its journal does; amended where options say so."""
    from matloop.campaign.campaign import Campaign

    if is_file(name):
        return Campaign.from_file(_existing(name), store, amend)
    from matloop.cases.catalog import cases

    if name in cases():
        campaign = Campaign.from_file(cases()[name].file(lab), store or DEFAULT_STORE, amend)
        campaign.folder = Path()
        return campaign
    campaign = in_store(name, store)
    return campaign.amended(amend) if amend else campaign


def begun(name: str, store: Path | None, read_pools: bool = True) -> Campaign:
    """A campaign that is in a store already: by its name, or by the file that defines it."""
    from matloop.campaign.campaign import Campaign

    if not is_file(name):
        return in_store(name, store, read_pools)
    from matloop.campaign.loading import read_spec

    file = _existing(name)
    campaign = Campaign.from_spec(read_spec(file), store, file.parent)
    path = Path(campaign.store_path)
    if not path.is_file() or not campaign.state.sequence:
        raise InputError(f"the campaign '{campaign.name}' has not begun", f"matloop run {name}")
    return Campaign.open(campaign.name, path, read_pools)


def for_results(name: str, store: Path | None) -> Campaign:
    """The same, to take results or verdicts: no missing or changed file of candidates may keep them out."""
    from matloop.core.errors import SpecError

    try:
        return begun(name, store)
    except SpecError as error:
        typer.echo(f"Going on without it: {error.message}", err=True)
        return begun(name, store, read_pools=False)


def in_store(name: str, store: Path | None, read_pools: bool = True) -> Campaign:
    """A campaign by its name in the store. Raises InputError that names what there is."""
    from matloop.campaign.campaign import Campaign
    from matloop.cases.catalog import cases

    path = store or DEFAULT_STORE
    if path.is_file() and (campaign := Campaign.find(name, path, read_pools)):
        return campaign
    known = Campaign.names(path) if path.is_file() else []
    files = [file.name for file in Path().glob("*.toml")]
    what = (
        f"no campaign '{name}' in {path}" if path.is_file() else f"no campaign '{name}': there is no store {path} here"
    )
    raise InputError(f"{what}, and no file or case of that name", did_you_mean(name, [*known, *files, *cases()]))


def is_file(name: str) -> bool:
    """Whether this names a campaign file rather than a campaign."""
    return name.endswith(".toml") or Path(name).is_file() or "/" in name or "\\" in name


def _existing(name: str) -> Path:
    path = Path(name)
    if path.is_file():
        return path
    near = [str(other) for other in path.parent.glob("*.toml")] if path.parent.is_dir() else []
    hint = did_you_mean(name, near) if near else "matloop new NAME writes one to start from"
    raise InputError(f"there is no campaign file {name}", hint)
