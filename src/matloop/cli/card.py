"""matloop card: the model card of a trained model, as a page, as Markdown or as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matloop.cli.target import AsJson

if TYPE_CHECKING:
    from matloop.discovery.card import Card


def register(app: typer.Typer) -> None:
    app.command()(card)


def card(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A .matloop file, from matloop train.")],
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", metavar="FILE", help="A .html, .md or .json file; may be repeated."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Show the model card, which training has filled in: data, validation, uncertainty, domain, limits, versions.

    Example: matloop card gap.matloop -o card.html -o card.md
    """
    from matloop.cli.terminal import print_json
    from matloop.discovery.card import Card
    from matloop.discovery.card_files import write_card
    from matloop.discovery.trained import TrainedModel

    told = Card.of(TrainedModel.load(model).card)
    for path in output or []:
        write_card(told, path)
    if json:
        print_json(told.to_dict())
        return
    if not output:
        _tell(told)
    for path in output or []:
        typer.echo(f"Card: {path}")


def _tell(told: Card) -> None:
    """What stands at the head of the card; the rest is long."""
    from matloop.cli.terminal import console, say, table
    from matloop.reports.model_card import counts, headline, remarks

    screen = console()
    say(headline(told), "bold")
    for remark in remarks(told):
        say(remark, "yellow")
    made = table("what", "of this model")
    for one in counts(told):
        made.add_row(one.what, one.value)
    screen.print(made)
    screen.print("-o card.html, card.md or card.json writes all of it.", style="dim")
