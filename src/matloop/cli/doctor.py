"""matloop doctor: is everything in order on this machine, and in this store?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from matloop.cli.target import DEFAULT_STORE, AsJson, StoreOption

if TYPE_CHECKING:
    from matloop.store.sql import SqlStore

#: Less room than this on the disk of the store is a warning, in bytes.
LITTLE_ROOM = 200_000_000


#: What each extra installs that its commands ask for, by the names of modules.
EXTRAS = {
    "boost": ("lightgbm",),
    "sources": ("httpx",),
    "structures": ("pymatgen", "matminer", "dscribe", "ase"),
    "molecules": ("rdkit",),
    "porous": ("pyzeo", "raspalib", "ase"),
    "explain": ("shap",),
    "maps": ("umap",),
    "cluster": ("dask", "distributed"),
}


class Finding(NamedTuple):
    what: str
    ok: bool
    told: str


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A campaign: replay its journal and compare the suggestions.")
    ] = None,
    store: StoreOption = None,
    json: AsJson = False,
) -> None:
    """Examine the installation and the store.

    With NAME it also replays that campaign's journal: its planner must suggest the same again.

    Example: matloop doctor bear
    """
    from rich.markup import escape

    from matloop.cli.terminal import console, print_json, table

    found = [*_installation(), *_store(store or DEFAULT_STORE)]
    if name is not None:
        found += _replay(name, store)
    if json:
        print_json([finding._asdict() for finding in found])
    else:
        made = table("", "examined", "found")
        for finding in found:
            made.add_row("ok" if finding.ok else "[red]![/red]", escape(finding.what), escape(finding.told))
        console().print(made)
    if not all(finding.ok for finding in found):
        raise typer.Exit(1)


def _installation() -> Iterator[Finding]:
    import os
    import sys

    from matloop.campaign.provenance import versions

    yield Finding("versions", sys.version_info >= (3, 11), ", ".join(f"{k} {v}" for k, v in versions().items()))
    yield Finding("extras", True, _extras())
    published = os.environ.get("MATLOOP_DATA")
    there = bool(published) and Path(str(published)).is_dir()
    told = f"MATLOOP_DATA: {published}" if published else "MATLOOP_DATA is not set: replays need --data FILE"
    yield Finding(
        "published data", there or not published, told if there or not published else f"{told} does not exist"
    )


def _extras() -> str:
    """Which are installed, and how to install one of the others; nothing is imported for it."""
    from importlib.util import find_spec

    there = [extra for extra, modules in EXTRAS.items() if all(map(find_spec, modules))]
    others = [extra for extra in EXTRAS if extra not in there]
    told = ", ".join(there) or "none"
    return f'{told}; not installed: {", ".join(others)} (pip install "matloop[{others[0]}]")' if others else told


def _store(path: Path) -> Iterator[Finding]:
    import os
    import shutil

    from matloop.core.errors import StoreError
    from matloop.store.sql import SqlStore

    where = path.resolve().parent
    if not where.is_dir():
        yield Finding("store", False, f"there is no folder {where}")
        return
    writable = os.access(where, os.W_OK)
    yield Finding("folder", writable, f"{where} can{'' if writable else 'not'} be written")
    free = shutil.disk_usage(where).free
    yield Finding("room on the disk", free > LITTLE_ROOM, f"{free / 1e9:.1f} GB free")
    if not path.is_file():
        yield Finding("store", True, f"none at {path} yet")
        return
    try:
        yield from _journals(SqlStore(path, create=False))
    except StoreError as error:
        yield Finding("store", False, error.message)


def _journals(store: SqlStore) -> Iterator[Finding]:
    from matloop.campaign.journal import Journal

    damage = store.damage()
    yield Finding("store", damage is None, damage or f"{store.path}: no damage found")
    for name in store.campaigns():
        state = Journal(store, name).state
        told = f"{state.sequence} events, {len(state.trials)} trials, {state.status}"
        yield Finding(f"journal of {name}", True, told)


def _replay(name: str, store: Path | None) -> Iterator[Finding]:
    from matloop.cli.target import begun

    campaign = begun(name, store)
    differing = campaign.repeats()
    told = "replaying it gives the same suggestions" if not differing else "; ".join(differing[:3])
    yield Finding(f"suggestions of {campaign.name}", not differing, told)
