"""matloop train: a dataset becomes a model, and what it is worth is said at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matloop.cli.target import AsJson

if TYPE_CHECKING:
    from matloop.discovery.card import Card, Split
    from matloop.discovery.trained import TrainedModel

#: Of the models that were tried, so many are shown.
MOST_SHOWN = 8
#: More inputs than these are counted in place of named.
MOST_INPUTS = 5


def register(app: typer.Typer) -> None:
    app.command()(train)


def train(
    data: Annotated[
        Path | None, typer.Argument(metavar="DATA", help="A dataset, or any file that matloop import reads.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column to be predicted; the only target unless given.")
    ] = None,
    model: Annotated[
        str, typer.Option(metavar="KIND", help="auto, or a kind such as forest; --list shows them.")
    ] = "auto",
    split: Annotated[
        str, typer.Option(metavar="A,B", help="How rows are held back; random beside a grouped split unless given.")
    ] = "",
    folds: Annotated[
        Path | None, typer.Option(metavar="FILE", help='Published folds, JSON: {"0": [rows], …}, counted from 0.')
    ] = None,
    features: Annotated[
        str, typer.Option("--features", "-f", metavar="NAMES", help="Featurizers of the material, such as magpie.")
    ] = "",
    task: Annotated[str | None, typer.Option(help="regression or classification; seen from the target.")] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="TIME", help='Such as "10 min"; auto takes 9 min unless given.')
    ] = None,
    seed: Annotated[int, typer.Option(help="All chance follows from it.")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads; one for each processor unless given.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The model, a .matloop file.")
    ] = None,
    no_data: Annotated[
        bool, typer.Option("--no-data", help="Leave the training rows out of the file: for data you may not pass on.")
    ] = False,
    no_page: Annotated[bool, typer.Option("--no-page", help="Do not write the card as an HTML page.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the kinds of models.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    json: AsJson = False,
) -> None:
    """Learn to predict a column, and measure on rows held back how good, how sure and how far that is.

    Everything is learned anew in each fold. Ctrl-C while the model is being judged keeps it, and says what is missing.

    Example: matloop train gaps.parquet --target gap --model forest -o gap.matloop
    """
    if list_:
        _list(json)
        return
    from matloop.cli.progress import shown
    from matloop.cli.terminal import print_json
    from matloop.core.errors import InputError
    from matloop.discovery.tables import read_table
    from matloop.discovery.train import train as learn
    from matloop.discovery.train import wanted_seconds
    from matloop.features.naming import separated

    if data is None:
        raise InputError("it is not said what to learn from", "matloop train DATA; --list shows the kinds of models")
    if task not in (None, "regression", "classification"):
        raise InputError(f"there is no task '{task[:40]}'", "one of: regression, classification")
    is_quiet = quiet or json
    with shown("Reading", "records", is_quiet=is_quiet) as progress:
        dataset = read_table(data, progress)
    path = _place(output, data, target or next((each.name for each in dataset.targets), "model"))
    with shown("Training", "fits", is_quiet=is_quiet) as progress:
        trained = learn(
            dataset,
            target,
            model,
            [way.strip() for way in split.split(",") if way.strip()],
            wanted_seconds(budget),
            folds,
            [each.strip() for each in separated(features) if each.strip()],
            task,  # type: ignore[arg-type]
            seed,
            threads,
            progress,
            _command(data, target, model, split, folds, features, seed),
        )
    trained.save(path, with_training=not no_data)
    page = None if no_page else _write_card(trained, path)
    if json:
        print_json({"model": str(path), "card": str(page) if page else None, "facts": trained.card})
    else:
        _tell(trained, path, page)
    if trained.is_incomplete:
        raise typer.Exit(1)


def _place(output: Path | None, data: Path, target: str) -> Path:
    """Where the model will be written, which is tried before anything is learned."""
    from matloop.core.errors import InputError
    from matloop.files.whole import require_place

    if output is None:
        plain = re.sub(r'[<>:"/\\|?*\x00-\x1f]+', "_", target)[:80].strip(" .")
        output = data.with_name(f"{plain or 'model'}.matloop")
    elif not output.is_dir() and output.suffix != ".matloop":
        raise InputError(f"a model is a .matloop file, not '{output.name}'", f"-o {output.with_suffix('.matloop')}")
    require_place(output)
    return output


def _command(
    data: Path, target: str | None, model: str, split: str, folds: Path | None, features: str, seed: int
) -> str:
    """The command without the places of files on this computer."""
    options = {"--target": target, "--model": model, "--split": split, "--features": features, "--seed": seed}
    options["--folds"] = folds.name if folds else None
    told = [f"{name} {value}" for name, value in options.items() if value not in (None, "")]
    return " ".join(["matloop train", data.name, *told])


def _write_card(trained: TrainedModel, path: Path) -> Path:
    from matloop.discovery.card import Card
    from matloop.files.whole import write_whole
    from matloop.reports.model_card import as_html

    page = path.with_suffix(".html")
    write_whole(page, as_html(Card.of(trained.card)))
    return page


def _list(json: bool) -> None:
    from matloop.cli.terminal import console, print_json, table
    from matloop.models.catalogue import described

    kinds = described()
    if json:
        print_json(kinds)
        return
    made = table("model", "predicts", "most rows>", "what")
    auto = "The models that prove best on rows left out, chosen and blended within the budget."
    made.add_row("auto", "numbers, classes", "", auto)
    for each in kinds:
        most = f"{each['most_rows']:,}" if each["most_rows"] else ""
        made.add_row(each["name"], ", ".join(each["predicts"]), most, each["what"])
    console().print(made)


# -- on the screen --------------------------------------------------------------------------------------------


def _tell(trained: TrainedModel, path: Path, page: Path | None) -> None:
    from matloop.cli.terminal import console, counted, say, size
    from matloop.discovery.card import Card

    screen, card = console(), Card.of(trained.card)
    unit = f" [{card.data.target.unit}]" if card.data.target.unit else ""
    names = [each.name for each in card.data.inputs]
    inputs = ", ".join(names) if len(names) <= MOST_INPUTS else f"{names[0]} and {len(names) - 1} other columns"
    n = counted(card.data.n_rows, "row")
    title = f"{card.data.target.name}{unit} from {inputs}: {card.task} by {card.model}, {n}, "
    say(title + counted(card.representation.n_features, "feature"), "bold")
    for told in [*card.cleaning.remarks, *_failures(card)]:
        say(told, "yellow")
    _tell_trials(card)
    _tell_scores(card)
    _tell_coverage(card)
    _tell_domain(card)
    screen.print(f"Model: {path} ({size(path)})", markup=False, soft_wrap=True)
    if page:
        screen.print(f"Card: {page}", markup=False, soft_wrap=True)


def _failures(card: Card) -> list[str]:
    from matloop.cli.terminal import counted

    failures = card.representation.failures
    return [f"{counted(n, 'row')} could not be described: {reason}" for reason, n in list(failures.items())[:3]]


def _tell_trials(card: Card) -> None:
    from rich.markup import escape

    from matloop.cli.terminal import console, number, table

    tried = card.selection.candidates
    if len(tried) < 2:
        return
    made = table("tried", f"{card.selection.score_name or 'score'}>", "seconds>", "weight>", "")
    for one in tried[:MOST_SHOWN]:
        seconds = "–" if one.seconds is None else f"{one.seconds:.1f}"
        score = "–" if one.score is None else number(float(one.score))
        weight = f"{one.weight:.2f}" if one.weight else ""
        made.add_row(escape(one.model), score, seconds, weight, "" if one.status == "done" else escape(one.status))
    console().print(made)
    if len(tried) > MOST_SHOWN:
        console().print(f"and {len(tried) - MOST_SHOWN} more", style="dim")


def _tell_scores(card: Card) -> None:
    from rich.markup import escape

    from matloop.cli.terminal import console, counted, say, table

    splits = card.validation.splits
    if not splits:
        return
    unit = card.data.target.unit
    heads = [f"{escape(each.name)}, {counted(each.n_folds, 'fold')}>" for each in splits]
    made = table("score on rows held back", *heads, "without a model>")
    for score in splits[0].scores:
        with_unit = unit if score.name in ("MAE", "RMSE", "median absolute error") else None
        cells = [_with_spread(each, score.name) for each in splits]
        made.add_row(
            escape(score.name + (f" [{with_unit}]" if with_unit else "")), *cells, _baseline(splits[0], score.name)
        )
    console().print(made)
    for each in splits:
        if each.remark:
            say(f"{each.name}: {each.remark}", "yellow")
    _tell_gap(card)


def _with_spread(split: Split, name: str) -> str:
    score = split.score(name)
    if score is None or score.mean is None:
        return "–"
    return f"{score.mean:.4g}" + (f" ± {score.spread:.2g}" if score.spread is not None else "")


def _baseline(split: Split, name: str) -> str:
    found = next((each.mean for each in split.baseline if each.name == name), None)
    return "–" if found is None else f"{found:.4g}"


def _tell_gap(card: Card) -> None:
    from matloop.cli.terminal import say

    gap = card.validation.gap
    if gap is None:
        return
    unit = f" {card.data.target.unit}" if card.data.target.unit and gap.score != "R²" else ""
    what = "worse" if gap.is_worse else "no worse"
    told = f"Gap between '{gap.grouped_by}' and random: {gap.score} {gap.difference:+.3g}{unit}, {what} on unlike rows."
    say(told)


def _tell_coverage(card: Card) -> None:
    from matloop.cli.terminal import say

    if card.task != "regression":
        return
    quoted = [each for each in card.uncertainty.coverage if each.expected in (0.5, 0.8, 0.9, 0.95)]
    if quoted:
        held = ", ".join(f"{100 * each.expected:.0f} %: {100 * each.observed:.1f} %" for each in quoted)
        say(f"Intervals held, on '{card.uncertainty.split}': {held}")
    if card.uncertainty.remark:
        say(card.uncertainty.remark, "dim")


def _tell_domain(card: Card) -> None:
    from matloop.cli.terminal import say

    domain = card.domain
    if domain.share_inside is None:
        return
    told = f"On '{domain.split}' {100 * domain.share_inside:.0f} % of the rows held out lay inside the domain"
    scores = [("inside", domain.score_inside), ("outside", domain.score_outside)]
    told += "".join(f"; {domain.score_name} {where} {value:.4g}" for where, value in scores if value is not None)
    say(told + ".")
