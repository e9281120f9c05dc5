"""matloop predict: what a trained model says of materials."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matloop.cli.target import AsJson

if TYPE_CHECKING:
    from matloop.discovery.predicting import Predictions
    from matloop.discovery.trained import TrainedModel

#: So many rows are shown on the screen; the file has all.
MOST_SHOWN = 20


def register(app: typer.Typer) -> None:
    app.command()(predict)


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A .matloop file, from matloop train.")],
    data: Annotated[
        Path | None, typer.Argument(metavar="DATA", help="A dataset, or any file that matloop import reads.")
    ] = None,
    material: Annotated[
        list[str] | None,
        typer.Option(
            "--material", "-m", metavar="TEXT", help="A formula or SMILES in place of a file; may be repeated."
        ),
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="INPUT=VALUE", help="Another input of --material; may be repeated."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The predictions, a .csv or .parquet file.")
    ] = None,
    confidence: Annotated[
        float, typer.Option(metavar="SHARE", help="What share of true values the intervals shall hold.")
    ] = 0.9,
    why: Annotated[bool, typer.Option("--why", help="Say of each row outside the domain what is unusual.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    json: AsJson = False,
) -> None:
    """Predict each row of a file, with an interval, and say which rows are unlike what the model knows.

    Rows that cannot be described keep their place and have a reason; exit code 1 if none could.

    Example: matloop predict gap.matloop candidates.csv -o predictions.csv
    """
    from matloop.cli.progress import shown
    from matloop.cli.terminal import print_json
    from matloop.core.errors import InputError
    from matloop.discovery import predicting
    from matloop.discovery.tables import read_table
    from matloop.discovery.trained import TrainedModel
    from matloop.files.apart import require_apart

    if (data is None) == (not material):
        raise InputError("it is not said what to predict", "matloop predict MODEL DATA, or --material Fe2O3")
    if with_ and data is not None:
        raise InputError("--with is for --material", "a table has a column for each input")
    if output is not None and output.suffix.lower() not in (".csv", ".parquet", ".pq"):
        raise InputError(f"cannot write predictions to '{output.name}'", "use .csv or .parquet")
    require_apart([model, data], [output])
    trained = TrainedModel.load(model)
    is_quiet = quiet or json
    if data is not None:
        with shown("Reading", "records", is_quiet=is_quiet) as progress:
            dataset = read_table(data, progress)
    else:
        dataset = predicting.of_texts(trained, material or [], with_ or [])
    with shown("Predicting", "rows", is_quiet=is_quiet) as progress:
        done = predicting.predict(trained, dataset, confidence, why, progress)
    if output is not None:
        predicting.write(done, output)
    if json:
        print_json(_facts(trained, done, output))
    else:
        _tell(trained, done, output, confidence)
    if len(done.frame) and (done.frame["failure"] != "").all():
        raise typer.Exit(1)


def _facts(trained: TrainedModel, done: Predictions, output: Path | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "target": trained.target.name,
        "unit": trained.target.unit,
        "rows": len(done.frame),
        "failures": done.failures,
        "set_aside": len(done.dataset.set_aside),
    }
    if output is not None:
        return facts | {"file": str(output)}
    return facts | {"predictions": done.frame.astype(object).to_dict("records")}


# -- on the screen --------------------------------------------------------------------------------------------


def _tell(trained: TrainedModel, done: Predictions, output: Path | None, confidence: float) -> None:
    from matloop.cli.terminal import console, counted, say

    screen, n = console(), len(done.frame)
    _table(trained, done, confidence)
    if n > MOST_SHOWN:
        more = f"and {n - MOST_SHOWN:,} more rows" + ("" if output else "; -o predictions.csv writes them all")
        screen.print(more, style="dim")
    inside = int(done.frame[f"{trained.target.name} in_domain"].sum())
    failed = sum(done.failures.values())
    screen.print(f"{inside:,} of {counted(n, 'row')} inside the domain that the model knows", markup=False)
    for reason, count in list(done.failures.items())[:5]:
        say(f"not predicted: {reason} ({counted(count, 'row')})", "yellow")
    if failed and not output and n > MOST_SHOWN:
        screen.print("-o predictions.csv has the reason of each row", style="dim")
    if done.dataset.set_aside:
        what = counted(len(done.dataset.set_aside), "record")
        first = done.dataset.set_aside[0]
        say(f"not read: {what}, the first {first.place}: {first.reason}", "yellow")
    if output is not None:
        screen.print(f"Predictions: {output}", markup=False, soft_wrap=True)


def _table(trained: TrainedModel, done: Predictions, confidence: float) -> None:
    from rich.markup import escape

    from matloop.cli.terminal import console, table

    target, shown = trained.target, done.frame.head(MOST_SHOWN)
    called = _called(trained, shown)
    heads = [f"{100 * confidence:g} % interval"] if trained.task == "regression" else ["probability>"]
    has_why = f"{target.name} outside" in shown.columns
    made = table(called or "row", f"{escape(target.titled)}>", *heads, "domain", *(["unusual"] if has_why else []))
    suffix = f" [{target.unit}]" if target.unit else ""
    for i, row in enumerate(shown.to_dict("records")):
        cell = row[called] if called else i + 1
        name = escape(str(cell)[:60]) if cell == cell and cell not in (None, "") else "–"
        if row["failure"]:
            made.add_row(name, "–", "–", "–", *([escape(row["failure"])] if has_why else []))
            continue
        if trained.task == "regression":
            value = f"{row[f'{target.name} prediction{suffix}']:.4g}"
            ends = [f"{row[f'{target.name} {end}{suffix}']:.4g}" for end in ("lower", "upper")]
            told = f"{ends[0]} to {ends[1]}"
        else:
            value, told = escape(str(row[f"{target.name} prediction"])), f"{row[f'{target.name} probability']:.2f}"
        inside = "inside" if row[f"{target.name} in_domain"] else "[yellow]outside[/yellow]"
        made.add_row(name, value, told, inside, *([escape(row[f"{target.name} outside"])] if has_why else []))
    console().print(made)


def _called(trained: TrainedModel, frame: Any) -> str | None:
    """The column that names the rows on the screen."""
    from matloop.datasets.column import MATERIALS

    names = [column.name for column in trained.inputs if column.kind in MATERIALS and column.kind != "structure"]
    return next((name for name in names if name in frame.columns), None)
