"""matloop explain: why a trained model says what it says, on the whole or of single materials."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matloop.cli.target import AsJson
from matloop.cli.terminal import say

if TYPE_CHECKING:
    from matloop.discovery.explain_one import Single
    from matloop.discovery.explanation import Explanation
    from matloop.discovery.trained import TrainedModel

#: So many inputs, and rules, are shown on the screen; the page has more.
MOST_SHOWN, MOST_RULES = 12, 6


def register(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A .matloop file, from matloop train.")],
    data: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Rows to explain it by; its training rows unless given.")
    ] = None,
    row: Annotated[
        list[int] | None, typer.Option(metavar="N", help="Explain one row of these, counted from 1; may be repeated.")
    ] = None,
    material: Annotated[
        list[str] | None,
        typer.Option("--material", "-m", metavar="TEXT", help="Explain a formula or SMILES; may be repeated."),
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="INPUT=VALUE", help="Another input of --material; may be repeated."),
    ] = None,
    class_: Annotated[str | None, typer.Option("--class", help="Of more than two classes: which to explain.")] = None,
    rows: Annotated[int, typer.Option(min=10, help="By so many rows: more are surer, and take longer.")] = 100,
    seed: Annotated[int, typer.Option(help="All chance follows from it.")] = 0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The page; explain.html unless given.")
    ] = None,
    no_page: Annotated[bool, typer.Option("--no-page", help="Do not write the HTML page.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    json: AsJson = False,
) -> None:
    """Tell which inputs a model goes by, in which direction, and by which rules; or take single predictions apart.

    Importance is measured on rows that the model has not seen, contributions are Shapley values.

    Examples: matloop explain gap.matloop -o explain.html; matloop explain gap.matloop --material Fe2O3
    """
    from matloop.cli.progress import shown
    from matloop.cli.terminal import print_json
    from matloop.discovery.explaining import Asked, check_page, explained, write_page
    from matloop.discovery.trained import TrainedModel

    page_file = output or Path("explain.html")
    check_page(page_file)
    trained = TrainedModel.load(model)
    asked = Asked(data, row or [], material or [], with_ or [], class_, rows, seed)
    with shown("Explaining", "steps", is_quiet=quiet or json) as progress:
        whole, singles = explained(trained, asked, progress)
    page = None if no_page else write_page(page_file, trained, model.name, whole, singles)
    if json:
        print_json(
            {
                "page": str(page) if page else None,
                "model": whole.facts() if whole else None,
                "materials": [one.facts() for one in singles],
            }
        )
        return
    for one in singles:
        _tell_single(one)
    if whole:
        _tell_whole(trained, whole)
    if page:
        typer.echo(f"Page: {page}")


# -- on the screen --------------------------------------------------------------------------------------------


def _tell_whole(trained: TrainedModel, told: Explanation) -> None:
    from matloop.cli.terminal import console, counted

    what = told.answer.name if told.label else trained.target.titled
    say(f"{what}, explained by {counted(len(told.inputs.X), 'row')}: {told.explained_by}", style="bold")
    for remark in told.remarks:
        say(remark, style="yellow")
    for sentence in told.sentences():
        say(sentence)
    console().print(_inputs(told))
    judged = f"Importance on {told.judged_on}. " if told.judged_on else ""
    say(f"{judged}Contributions {told.contributions.method}.", style="dim")
    say(f"Rules, in which a small tree agrees with the model in {told.rules.agreement:.0%} of the rows:")
    for rule in told.rules.rules[:MOST_RULES]:
        measured = "" if rule.measured_precision is None else f"; measured: in {rule.measured_precision:.0%} of them"
        say(f"  {rule.sentence()}{measured}")


def _inputs(told: Explanation) -> Any:
    """One line for each input, the largest contribution first."""
    import numpy as np
    from rich.markup import escape

    from matloop.cli.terminal import table

    unit = escape(f" [{told.target.unit}]") if told.target.unit and not told.label else ""
    found = told.importances
    added = f"{found.loss_name if found else 'error'} added{unit if found and found.loss_name == 'MAE' else ''}>"
    importance = {group.name: group for group in found.groups} if found else {}
    scale = unit if told.contributions.scale == "prediction" else f" ({told.contributions.scale})"
    made = table("input", added, f"contribution{scale}>", "sensitivity>", "direction")
    parts = told.contributions
    for i in np.argsort(-parts.mean_absolute)[:MOST_SHOWN]:
        name = parts.names[i]
        if not parts.mean_absolute[i] > 0:
            break
        one = importance.get(name)
        cells = [f"{one.mean:.3g} ± {one.std:.1g}" if one else "–", f"{parts.mean_absolute[i]:.3g}"]
        made.add_row(escape(name), *cells, f"{told.sensitivity[name]:.0%}", escape(told.direction(name)))
    return made


def _tell_single(one: Single) -> None:
    from rich.markup import escape

    from matloop.cli.terminal import console, number, table

    say(one.name, style="bold")
    for sentence in one.sentences():
        say(sentence)
    scale = "" if one.contributions.scale == "prediction" else f" ({one.contributions.scale})"
    made = table("input", f"adds{scale}>")
    made.add_row("what it says on average", number(one.contributions.base))
    for part in one.parts[:MOST_SHOWN]:
        made.add_row(escape(part.titled), f"{part.contribution:+.3g}")
    rest = one.parts[MOST_SHOWN:]
    if rest:
        made.add_row(f"{len(rest)} others", f"{sum(part.contribution for part in rest):+.3g}")
    console().print(made)
    near = table("nearest training rows", f"{escape(one.target.titled)}>", "distance>")
    for each in one.neighbours:
        near.add_row(escape(each.name), escape(number(each.measured)), f"{each.distance:.3g}")
    if one.neighbours:
        console().print(near)
