"""matloop describe: materials and spectra become features."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matloop.cli.target import AsJson

if TYPE_CHECKING:
    from matloop.datasets.dataset import SetAside
    from matloop.discovery.describe import Described
    from matloop.discovery.maps import Drawn
    from matloop.features.catalogue import Entry

#: How many reasons of failures are told on the screen; --failures has all records.
MOST_TOLD = 5


def register(app: typer.Typer) -> None:
    app.command()(describe)


def describe(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A dataset, or any file that matloop import reads.")
    ] = None,
    featurizer: Annotated[
        list[str] | None,
        typer.Option(
            "--features", "-f", metavar="NAMES", help="Such as magpie,fractions or peaks:n=3; the usual ones if none."
        ),
    ] = None,
    column: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column to describe; the material unless given.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The features, a .parquet or .csv file."),
    ] = None,
    failures: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the records that fail, and why, into this CSV file.")
    ] = None,
    map_: Annotated[
        str | None, typer.Option("--map", metavar="METHOD", help="Draw a map as a page: pca, umap or autoencoder.")
    ] = None,
    clusters: Annotated[
        str | None,
        typer.Option(
            metavar="N", help="Find clusters and draw them: a number, auto, agglomerative, dbscan or hdbscan."
        ),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one for each processor unless given.")] = None,
    dask: Annotated[str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler to work on instead.")] = None,
    cache: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where costly features are kept; in MATLOOP_CACHE unless given."),
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Compute everything anew, and keep nothing.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List all featurizers.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    json: AsJson = False,
) -> None:
    """Compute features of the materials in a file: a dataset with a column for each, its unit, and what to cite.

    Records that cannot be described are set aside with their reason and counted; all others are kept.

    Example: matloop describe gaps.csv -f magpie,fractions -o features.parquet
    """
    if list_:
        _list(json)
        return
    from dataclasses import replace

    from matloop.cli.progress import shown
    from matloop.cli.terminal import print_json
    from matloop.core.errors import InputError
    from matloop.discovery import describe as discovery
    from matloop.discovery import maps
    from matloop.discovery.tables import read_table
    from matloop.features.naming import featurizers
    from matloop.files.apart import require_apart

    if file is None:
        raise InputError("it is not said what to describe", "matloop describe FILE; --list shows the featurizers")
    chosen = [each for text in featurizer or () for each in featurizers(text)]
    output = output or file.parent / f"{file.stem}.features.parquet"
    discovery.check_output(output)
    require_apart([file if file.is_file() else None], [output, failures])
    maps.check(map_, clusters)
    is_quiet = quiet or json
    with shown("Reading", "records", is_quiet=is_quiet) as progress:
        dataset = read_table(file, progress)
    folder = _cache(cache, no_cache)
    with shown("Describing", "records", is_quiet=is_quiet) as progress:
        done = discovery.describe(dataset, chosen, column, workers or -1, folder, dask, progress)
    drawn = None
    if map_ is not None or clusters is not None:
        with shown("Drawing a map", "", is_quiet=is_quiet):
            drawn = maps.map_of(done.dataset, done.features, map_ or "pca", clusters)
        done = replace(done, dataset=drawn.dataset)
    written = discovery.write(done, output)
    page = None if drawn is None else maps.write_page(drawn, output.with_suffix(".map.html"), file.stem)
    if failures is not None:
        discovery.write_failures(done, failures)
    if json:
        print_json(done.facts() | {"file": str(written)} | (_map_facts(drawn, page) if drawn else {}))
    else:
        _tell(done, written, failures)
        _tell_map(drawn, page)
    if not len(done.dataset):
        raise typer.Exit(1)


def _cache(folder: Path | None, is_off: bool) -> Path | None:
    from matloop.files.cache import cache_folder

    if is_off or folder is not None:
        return None if is_off else folder
    usual, told = cache_folder("features")
    if told:
        typer.echo(told, err=True)
    return usual


# -- on the screen --------------------------------------------------------------------------------------------


def _tell(done: Described, written: Path, failures: Path | None) -> None:
    from rich.markup import escape

    from matloop.cli.terminal import console, counted, say, table

    screen, combined, n = console(), done.featurizer, len(done.dataset)
    what = counted(n, "record") if n == done.n_records else f"{n:,} of {counted(done.n_records, 'record')}"
    title = f"{done.column.name}, a {done.column.kind}: {what} described by {counted(len(combined.names), 'feature')}"
    say(title, "bold")
    made = table("featurizer", "features>", "such as", "cite")
    made.columns[-1].no_wrap = True  # a DOI in two pieces finds no paper
    for part in combined.parts:
        such = ", ".join(_titled(n, u) for n, u in list(zip(part.names, part.units, strict=True))[:2])
        made.add_row(part.name, str(len(part.names)), escape(such), escape("\n".join(part.citations)))
    screen.print(made)
    _tell_aside("not read", done.unread)
    _tell_aside("not described", done.failed)
    if n < done.n_records and failures is None:
        screen.print("--failures FILE.csv writes them out, each with its place.", style="dim")
    if failures is not None:
        screen.print(f"Failures: {failures}", markup=False, soft_wrap=True)
    screen.print(f"Features: {written}", markup=False, soft_wrap=True)


def _tell_aside(what: str, aside: list[SetAside]) -> None:
    from matloop.cli.terminal import counted, say
    from matloop.discovery.describe import reasons

    told = reasons(aside)
    for reason, count, first in told[:MOST_TOLD]:
        words = f"{count:,} records, the first of them {first}" if count > 1 else first
        say(f"{what}: {reason} ({words})", "yellow")
    if len(told) > MOST_TOLD:
        say(f"{what}: for {counted(len(told) - MOST_TOLD, 'more reason')}", "yellow")


def _map_facts(drawn: Drawn, page: Path | None) -> dict[str, Any]:
    return {"map": drawn.facts() | {"page": str(page)}}


def _tell_map(drawn: Drawn | None, page: Path | None) -> None:
    for sentence in drawn.sentences() if drawn else ():
        typer.echo(sentence)
    if page:
        typer.echo(f"Map: {page}")


def _titled(name: str, unit: str | None) -> str:
    return f"{name} [{unit}]" if unit else name


def _list(json: bool) -> None:
    from dataclasses import asdict

    from rich.markup import escape

    from matloop.cli.terminal import console, print_json, table
    from matloop.features.catalogue import catalogue

    entries = catalogue()
    if json:
        print_json([asdict(entry) for entry in entries])
        return
    made = table("featurizer", "of a", "features>", "what, and what to cite")
    made.collapse_padding = True  # so that the longest DOI stands in one line of 80 columns
    for entry in entries:
        told = [escape(entry.what), *(f"[dim]{escape(doi)}[/dim]" for doi in entry.citations)]
        made.add_row(entry.name, entry.kind, _columns(entry), "\n".join(told))
    console().print(made)
    console().print("Parameters: -f NAME:KEY=VALUE; --json lists them all.", style="dim")


def _columns(entry: Entry) -> str:
    if entry.missing:
        return f"needs\nmatloop\\[{entry.extra}]"
    return "from data" if entry.n_columns is None else f"{entry.n_columns:,}"
