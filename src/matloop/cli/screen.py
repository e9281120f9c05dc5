"""matloop screen: from many candidates to a shortlist, and why each other one fell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matloop.cli.target import AsJson

if TYPE_CHECKING:
    from matloop.discovery.screen import Screened
    from matloop.screening.screen import Screen

_TEMPLATE = """\
# A screen: its stages from cheap to costly. matloop screen FILE --model MODEL.matloop -o shortlist.parquet
name = "oxides"
confidence = 0.9               # of the intervals of all predictions

[generate]                     # or: file = "candidates.parquet"; or name a file on the command line
kind = "compositions"          # or substitution: template = "{A}{B}{X}3", with sites
elements = [["Li", "Na", "K", "Mg", "Ca"], ["Ti", "V", "Mn", "Fe", "Co", "Ni", "Cu"], ["O"]]
amounts = 6

[[stages]]
kind = "chemistry"
forbidden = ["toxic", "radioactive"]
charge_balance = true

[[stages]]
kind = "novelty"
known = "training"             # what the model learned from; or a file

# [[stages]]
# kind = "range"
# prediction = "gap"           # a model goes by its target
# low = 1.1
# high = 1.7
# confidence = 0.8             # the least probability to lie within
# domain = "required"

# [[stages]]
# kind = "top"
# prediction = "gap"
# near = 1.4                   # or goal = "maximize"
# keep = 100
"""


def register(app: typer.Typer) -> None:
    app.command()(screen)


def screen(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="SCREEN.toml|CANDIDATES", help="The screen, and a file or folder of candidates."),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="A trained model, FILE or NAME=FILE; repeat it for several."),
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, help="Keep so many of the best by the model: a last stage 'top'.")
    ] = None,
    material: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column that says what a candidate is; guessed if not set.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The Parquet file of the shortlist.")] = Path(
        "shortlist.parquet"
    ),
    csv: Annotated[bool, typer.Option("--csv", help="Write the shortlist as CSV, too.")] = False,
    rejected: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every other candidate with its reason, as Parquet.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one for each processor unless given.")] = None,
    dask: Annotated[str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler to work on instead.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew where the screen, a model or the candidates changed.")
    ] = False,
    write_candidates: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Only write what the screen generates, as Parquet.")
    ] = None,
    template: Annotated[bool, typer.Option("--template", help="Print a screen to start from.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    no_page: Annotated[bool, typer.Option("--no-page", help="Do not write the HTML page.")] = False,
    json: AsJson = False,
) -> None:
    """Screen any number of candidates down to a shortlist; each other one is counted with the stage and the reason.

    Ctrl-C keeps what is done; the same command goes on from there to the same shortlist.

    Example: matloop screen screen.toml candidates.parquet --model gap.matloop
    """
    from matloop.cli.progress import shown
    from matloop.discovery import screen as work

    if template:
        typer.echo(_TEMPLATE, nl=False)
        return
    definition, base, candidates, name = _definition(files or [], top, material, _named(model or []))
    if write_candidates is not None:
        with shown("Writing", "candidates", quiet or json) as progress:
            n = work.write_candidates(definition, write_candidates, progress)
        _say({"file": str(write_candidates), "candidates": n}, f"{n:,} candidates: {write_candidates}", json)
        return
    with _resumable(), shown("Screening", "candidates", quiet or json) as progress:
        done = work.screen(
            definition,
            candidates,
            _named(model or []),
            output=output,
            csv=csv,
            page=not no_page,
            rejected=rejected,
            workers=workers,
            dask=dask,
            fresh=fresh,
            base=base,
            name=name,
            progress=progress,
        )
    if json:
        from matloop.cli.terminal import print_json

        print_json(_facts(done))
    else:
        _tell(done)


@contextmanager
def _resumable() -> Iterator[None]:
    """Whoever is stopped, by Ctrl-C or a full disk, is told how to go on."""
    from matloop.core.errors import MatloopError
    from matloop.files.whole import is_full

    goes_on = "what is done is kept: the same command goes on from there"
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"interrupted; {goes_on}", err=True)
        raise typer.Exit(130) from None
    except OSError as error:
        if not is_full(error):
            raise
        raise MatloopError(f"{error.strerror}", f"make room; {goes_on}") from error


def _named(models: list[str]) -> list[tuple[str, Path]]:
    """Files of models with the names that were given; "" where none was."""
    pairs = [model.split("=", 1) if "=" in model else ["", model] for model in models]
    return [(name, Path(file)) for name, file in pairs]


def _definition(
    files: list[str], top: int | None, material: str | None, models: Any
) -> tuple[Screen, Path, str | None, str]:
    """The screen as its file and the options say it, where paths count from, the candidates, and its name."""
    from matloop.core.errors import InputError
    from matloop.screening.screen import Screen

    screens = [file for file in files if file.lower().endswith(".toml")]
    others = [file for file in files if file not in screens]
    if len(screens) > 1 or len(others) > 1:
        raise InputError("one screen and one file of candidates can be named", "a folder of Parquet files is one, too")
    if not files:
        raise InputError("there is nothing to screen", "matloop screen --template shows a screen to start from")
    definition = Screen.read(screens[0]) if screens else Screen(name=Path(others[0]).name)
    if material is not None:
        definition = definition.model_copy(update={"material": material})
    if top is not None:
        definition = definition.model_copy(update={"stages": (*definition.stages, _top(top, definition, models))})
    base = Path(screens[0]).parent if screens else Path()
    return definition, base, others[0] if others else None, screens[0] if screens else "the screen"


def _top(keep: int, definition: Screen, models: Any) -> Any:
    from matloop.core.errors import InputError
    from matloop.screening.stages.top import Top

    names = [*definition.models, *(name for name, _ in models)]
    if len(names) != 1:
        raise InputError("--top needs exactly one model", "say by what in the screen: a stage of the kind top")
    if not names[0]:
        from matloop.discovery.screen_parts import name_of_model

        names = [name_of_model(models[0][1])]
    return Top(keep=keep, prediction=names[0])


# -- on the screen --------------------------------------------------------------------------------------------


def _say(facts: dict[str, Any], sentence: str, json: bool) -> None:
    from matloop.cli.terminal import print_json

    if json:
        print_json(facts)
    else:
        typer.echo(sentence)


def _facts(done: Screened) -> dict[str, Any]:
    shortlist = done.shortlist
    return {
        "shortlist": str(shortlist.path),
        "candidates": shortlist.funnel[0].entered,
        "left": len(shortlist),
        "funnel": [
            {"stage": s.title, "kind": s.kind, "came": s.entered, "left": s.kept, "reasons": dict(s.reasons)}
            for s in shortlist.funnel
        ],
        "page": str(done.page) if done.page else None,
        "csv": str(done.csv) if done.csv else None,
        "rejected": str(done.rejected) if done.rejected else None,
        "state": str(done.folder),
    }


def _tell(done: Screened) -> None:
    from rich.markup import escape

    from matloop.cli.terminal import console, table

    screen, shortlist = console(), done.shortlist
    made = table("stage", "came>", "left>", "most frequent reasons")
    for stage in shortlist.funnel:
        reasons = [f"{escape(reason)} [dim]{n:,}[/dim]" for reason, n in list(stage.reasons.items())[:3]]
        made.add_row(escape(stage.title), f"{stage.entered:,}", f"{stage.kept:,}", ", ".join(reasons))
    screen.print(made)
    screen.print(f"{shortlist.funnel[0].entered:,} candidates, {len(shortlist):,} on the shortlist")
    for what, path in (
        ("Shortlist", shortlist.path),
        ("CSV", done.csv),
        ("Rejected", done.rejected),
        ("Page", done.page),
    ):
        if path is not None:
            screen.print(f"{what}: {path}", markup=False, soft_wrap=True)
