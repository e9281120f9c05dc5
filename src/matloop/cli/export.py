"""matloop export: trials and journal as files for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matloop.cli.target import AsJson, Name, StoreOption


def register(app: typer.Typer) -> None:
    app.command()(export)


def export(
    name: Name,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write into.")] = Path(),
    formats: Annotated[str, typer.Option("--format", help="Which of csv, parquet, jsonl.")] = "csv,parquet,jsonl",
    store: StoreOption = None,
    json: AsJson = False,
) -> None:
    """Write all trials with units, and the journal.

    Example: matloop export bear --format csv --out results
    """
    from matloop.cli.terminal import print_json
    from matloop.cli.target import begun
    from matloop.core.errors import InputError, did_you_mean
    from matloop.reports.export import FORMATS

    wanted = [kind.strip().lower() for kind in formats.split(",") if kind.strip()]
    for kind in wanted:
        if kind not in FORMATS:
            raise InputError(f"there is no format '{kind}'", did_you_mean(kind, FORMATS))
    paths = begun(name, store).export(out, wanted)
    if json:
        print_json({"files": [str(path) for path in paths]})
    else:
        typer.echo("\n".join(str(path) for path in paths))
