"""matloop export: trials and journal, or a dataset, as files for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matloop.cli.target import AsJson, Name, StoreOption


def register(app: typer.Typer) -> None:
    app.command()(export)


def export(
    name: Name,
    out: Annotated[
        Path, typer.Option("--output", "--out", "-o", metavar="FOLDER", help="The folder to write into.")
    ] = Path(),
    formats: Annotated[
        str,
        typer.Option("--format", help="Which of csv, parquet, jsonl; of datasets with structures extxyz and cif too."),
    ] = "csv,parquet,jsonl",
    only_open: Annotated[
        bool, typer.Option("--only-open", help="Of a dataset, leave out the records that may not be passed on.")
    ] = False,
    store: StoreOption = None,
    json: AsJson = False,
) -> None:
    """Write all trials with units, and the journal; or the records of a dataset, NAME being its .parquet file.

    Records of ICSD, CSD and other owners who forbid it are not exported.

    Example: matloop export bear --format csv -o results
    """
    from matloop.cli.target import begun
    from matloop.cli.terminal import print_json
    from matloop.core.errors import InputError, did_you_mean
    from matloop.reports.export import FORMATS

    wanted = [kind.strip().lower() for kind in formats.split(",") if kind.strip()]
    if Path(name).suffix.lower() in (".parquet", ".pq"):
        paths = _dataset(Path(name), out, wanted, only_open)
    else:
        for kind in wanted:
            if kind not in FORMATS:
                raise InputError(f"there is no format '{kind}'", did_you_mean(kind, FORMATS))
        paths = begun(name, store).export(out, wanted)
    if json:
        print_json({"files": [str(path) for path in paths]})
    else:
        typer.echo("\n".join(str(path) for path in paths))


def _dataset(path: Path, folder: Path, formats: list[str], only_open: bool) -> list[Path]:
    from matloop.datasets.dataset import Dataset

    dataset = Dataset.read(path)
    endings = {"cif": "zip"}
    return [
        dataset.export(folder / f"{path.stem}-records.{endings.get(kind, kind)}", kind, only_open) for kind in formats
    ]
