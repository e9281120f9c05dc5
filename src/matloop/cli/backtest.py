"""matloop backtest: rehearse a campaign many times, and say which planner and batch size to take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matloop.cli.target import AsJson, Name, StoreOption

if TYPE_CHECKING:
    from matloop.campaign.rehearsal.findings import Rehearsal


def register(app: typer.Typer) -> None:
    app.command()(backtest)


def backtest(
    name: Name,
    lab: Annotated[
        str | None, typer.Option(help="Of a case: another of its labs. Else replay or emulator, of the --data.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The table that a replay or an emulator answers from.")] = None,
    planner: Annotated[
        list[str] | None,
        typer.Option(
            help="A kind, a table in TOML such as '{ kind = \"bayesian\", starts = 4 }', or a file of tables."
        ),
    ] = None,
    batch: Annotated[str, typer.Option(help="Batch sizes, such as 1,4; the planner's unless given.")] = "",
    noise: Annotated[
        str,
        typer.Option(help="Standard deviations to add, such as 0,0.5 in the objective's unit, or 20% of its spread."),
    ] = "0",
    seeds: Annotated[int, typer.Option(min=1, help="How many campaigns of each kind.")] = 50,
    budget: Annotated[int | None, typer.Option(min=1, help="How many trials, in place of the file's number.")] = None,
    seed: Annotated[int | None, typer.Option(help="The first seed, in place of the file's.")] = None,
    starts: Annotated[
        int, typer.Option(min=0, help="So many first trials are random and the same for every planner.")
    ] = 0,
    target: Annotated[float | None, typer.Option(help="A value to be reached.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one for each processor unless given.")] = None,
    dask: Annotated[str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler to work on instead.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The folder of results; NAME-backtest unless given.")
    ] = None,
    store: StoreOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No live display.")] = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Do not write the HTML page.")] = False,
    json: AsJson = False,
) -> None:
    """Rehearse a campaign on its simulated lab: planners, batch sizes and noise compared over many seeds.

    Random search is always among them. Ctrl-C keeps what is finished; the same command goes on, and one with more
    planners or seeds carries out only these.

    Example: matloop backtest bear --planner bayesian --planner sobol --batch 1,4 --seeds 20
    """
    from matloop.campaign.backtest import backtest as rehearse

    campaign = _campaign(name, store, lab, data, seed)
    done = rehearse(
        campaign,
        planners=planner or (),
        batches=_sizes(batch),
        noises=[part for part in noise.split(",") if part.strip()] or ["0"],
        seeds=seeds,
        budget=budget,
        starts=starts,
        target=target,
        workers=workers,
        dask=dask,
        folder=output or Path(f"{campaign.name}-backtest"),
        progress=not quiet and not json,
    )
    page = done.report() if done.seeds and not no_report else None
    if json:
        from matloop.campaign.rehearsal.facts import facts
        from matloop.cli.terminal import print_json

        print_json(facts(done) | {"report": str(page) if page else None})
    else:
        _tell(done, page)
    if len(done.seeds) < seeds:
        raise typer.Exit(1)


def _campaign(name: str, store: Path | None, lab: str | None, data: Path | None, seed: int | None) -> Any:
    from matloop.cases.catalog import cases
    from matloop.cli.amend import amendment
    from matloop.cli.target import defined
    from matloop.core.errors import InputError

    is_of_case = lab is None or name in cases()
    amend = amendment(data=data if is_of_case else None, budget=None, seed=seed, planner=None, rename=None)
    if is_of_case:
        return defined(name, store, lab, amend)
    if lab not in ("replay", "emulator") or data is None:
        raise InputError("another lab is a replay or an emulator of a table", "--lab emulator --data TABLE.csv")

    def on_table(definition: dict[str, Any]) -> None:
        if amend:
            amend(definition)
        definition["lab"] = {"kind": lab, "file": str(data.resolve())}

    return defined(name, store, None, on_table)


def _sizes(text: str) -> list[int]:
    from matloop.core.errors import InputError

    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise InputError(f"'{text[:40]}' are no batch sizes", "such as: --batch 1,4") from None


# -- on the screen --------------------------------------------------------------------------------------------


def _tell(done: Rehearsal, page: Path | None) -> None:
    from matloop.campaign.rehearsal.definitions import remarks
    from matloop.cli.terminal import console

    screen, scene = console(), done.scene
    n = len(done.seeds) * len(scene.configurations)
    planning, rest = (1000 * seconds for seconds in done.seconds) if done.seeds else (0.0, 0.0)
    if not done.seeds:
        screen.print("Stopped before every configuration had finished a seed: nothing can be compared yet.")
    else:
        screen.print(
            f"{scene.spec.campaign.name}, on {_article(scene.lab.kind)}: {n:,} campaigns of {scene.budget} trials "
            f"({planning:.1f} ms of planning and {rest:.1f} ms of all else for each trial)",
            markup=False,
        )
        for noise in scene.levels:
            _tell_level(done, noise)
        screen.print(f"[dim]{done.measure.short}: {done.measure.definition}.[/dim]")
        screen.print(
            "[dim]AF(y): trials that random search needs to reach y (median) over those that the planner needs. "
            "EF: best over the median best of random search. Small: quartiles over the seeds.[/dim]"
        )
    for remark in remarks(done):
        screen.print(remark, markup=False, style="yellow")
    if done.folder:
        screen.print(f"Campaigns: {done.folder}", markup=False, soft_wrap=True)
    if page:
        screen.print(f"Page: {page}", markup=False, soft_wrap=True)


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _tell_level(done: Rehearsal, noise: Any) -> None:
    from rich.markup import escape

    from matloop.cli.terminal import console, table

    screen, measure, text = console(), done.measure, noise.sentence(done.scene.spec.objectives)
    unit = f" [{measure.unit}]" if measure.unit else ""
    heads = ["planner", "batch>", f"{escape(f'{measure.short} after {done.scene.budget}{unit}')}>", "EF>"]
    heads += [f"trials to {t.label}>" for t in done.targets]
    shown = done.verdicts[noise].target or (done.targets[0].label if done.targets else None)
    heads += [f"AF({shown})>"] if shown else []
    has_top = any(row.top for row in done.rows)
    made = table(*heads, *(["top 5 % found>"] if has_top else []), title=text[0].upper() + text[1:])
    for row in done.rows:
        if row.noise == noise.text:
            made.add_row(*_cells(row, shown, has_top))
    screen.print(made)
    screen.print(done.verdicts[noise].sentence + "\n", markup=False, style="bold")


def _cells(row: Any, shown: str | None, has_top: bool) -> list[str]:
    from rich.markup import escape

    factor = row.acceleration[shown] if shown else None
    cells = [escape(row.planner), "–" if row.is_random else str(row.batch), _triple(row.best)]
    cells.append(_triple(row.enhancement, ".3g") if row.enhancement and not row.is_random else "–")
    cells += [_triple(trials, ".3g") for trials in row.trials.values()]
    if shown:
        cells.append("–" if factor is None or row.is_random else f"{factor.text}\n[dim]{factor.range}[/dim]")
    if has_top:
        cells.append(_triple([100 * v for v in row.top], ".3g", " %") if row.top else "–")
    return cells


def _triple(values: Any, form: str = ".4g", unit: str = "") -> str:
    """The median, and dim below it the quartiles."""
    low, middle, high = ("never" if v == float("inf") else f"{v:{form}}" for v in values)
    quarters = "" if low == high else f"{low}–{high}"
    return f"{middle}{unit}\n[dim]{quarters}[/dim]"
