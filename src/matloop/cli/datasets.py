"""matloop datasets: published datasets by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matloop.cli.target import AsJson

if TYPE_CHECKING:
    from matloop.sources.published import Published


def register(app: typer.Typer) -> None:
    app.command()(datasets)


def datasets(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A dataset, or a word to look for; all of them unless given.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Load it into this .parquet file.")
    ] = None,
    json: AsJson = False,
) -> None:
    """List the published datasets that are known by name, show the card of one, or load it.

    Files come from the folder MATLOOP_DATA where they are there, else from their origin; their hash is checked.

    Example: matloop datasets matbench_expt_gap -o gap.parquet
    """
    from matloop.sources.published import card, published_names

    if name in published_names() or output is not None:
        its = card(name or "")
        if output is not None:
            _load(its, output, json)
        else:
            _show(its, json)
        return
    found = [its for its in map(card, published_names()) if name is None or _speaks_of(its, name)]
    if not found:
        card(str(name))  # which names the nearest one
    _list(found, json)


def _speaks_of(its: Published, word: str) -> bool:
    texts = [its.name, its.title, *(column.name for column in its.columns), *its.citation]
    return any(word.casefold() in text.casefold() for text in texts)


def _list(found: list[Published], json: bool) -> None:
    from rich.markup import escape

    from matloop.cli.terminal import console, print_json, table

    if json:
        print_json([_facts(its) for its in found])
        return
    made = table("name", "records>", "what", "licence")
    for its in found:
        made.add_row(its.name, f"{its.rows:,}", escape(its.title), its.licence)
    console().print(made)
    console().print("matloop datasets NAME shows one, with -o FILE it is loaded.", style="dim")


def _show(its: Published, json: bool) -> None:
    from rich.markup import escape

    from matloop.cli.terminal import console, print_json, say, table

    if json:
        print_json(_facts(its))
        return
    screen = console()
    say(f"{its.name}: {its.title}", "bold")
    made = table("column", "role", "kind", "unit", "what")
    for column in its.columns:
        wanted = f"to be {column.direction}d" if column.direction else ""
        words = "; ".join(filter(None, [column.description, wanted, _words(column.values)]))
        made.add_row(escape(column.name), column.role, column.kind, escape(column.unit or ""), escape(words))
    screen.print(made)
    for note in its.notes:
        say(f"Beware: {note}", "yellow")
    screen.print(f"Records: {its.rows:,}. Licence: {its.licence}.", markup=False, soft_wrap=True)
    screen.print(f"Origin: {its.address}", markup=False, soft_wrap=True)
    for reference in its.citation:
        say(f"Cite: {reference}")
    screen.print(_where(its), markup=False, soft_wrap=True)


def _words(values: dict[str, str]) -> str:
    return " or ".join(values.values())


def _where(its: Published) -> str:
    from matloop.files.published import VARIABLE
    from matloop.sources.published import found_here

    if all(found_here(file) for file in its.files):
        return f"Its files are here, in {VARIABLE}."
    if its.derived:
        return f"It is {its.derived}: it has no address, and is only read from {VARIABLE}."
    return f"Load it: matloop datasets {its.name} -o {its.name}.parquet"


def _facts(its: Published) -> dict[str, Any]:
    facts = its.model_dump(exclude={"layout", "has_header", "source"})
    return facts | {"origin": its.address, "files": [{"sha256": f.sha256, "url": its.url(f)} for f in its.files]}


def _load(its: Published, output: Path, json: bool) -> None:
    from matloop.cli.terminal import print_json
    from matloop.sources.published import load_dataset

    dataset = load_dataset(its.name)
    dataset.save(output)
    if json:
        print_json({"file": str(output), "records": len(dataset), "columns": list(dataset.columns)})
        return
    targets = ", ".join(column.titled for column in dataset.targets)
    typer.echo(f"{output}: {len(dataset):,} records" + (f"; to be predicted: {targets}" if targets else ""))
    for note in its.notes:
        typer.echo(f"Beware: {note}")
    typer.echo(f"Licence: {its.licence}. Cite: {'; '.join(its.citation)}")
