"""matloop report: the campaign as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matloop.cli.target import AsJson, Name, StoreOption


def register(app: typer.Typer) -> None:
    app.command()(report)


def report(
    name: Name,
    out: Annotated[
        Path | None,
        typer.Option(
            "--output", "--out", "-o", metavar="FILE", help="Where to write it; NAME-report.html unless given."
        ),
    ] = None,
    store: StoreOption = None,
    json: AsJson = False,
) -> None:
    """Write the report, one HTML file that needs no network.

    Example: matloop report bear -o bear.html
    """
    from matloop.cli.target import begun
    from matloop.cli.terminal import print_json

    path = begun(name, store).report(out)
    if json:
        print_json({"report": str(path)})
    else:
        typer.echo(f"Report: {path}")
