"""matloop propose, record, resolve: trials that people carry out, and what they say of others."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matloop.cli.target import AsJson, Name, StoreOption

if TYPE_CHECKING:
    from matloop.campaign.record import Recorded


def register(app: typer.Typer) -> None:
    app.command()(propose)
    app.command()(record)
    app.command()(resolve)


def propose(
    name: Name,
    n: Annotated[int, typer.Option("-n", min=0, help="How many new trials; 0 writes the open ones again.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option("--output", "--out", "-o", metavar="FILE", help="The sheet; NAME-trials.csv unless given."),
    ] = None,
    store: StoreOption = None,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Go on though the file has changed.")
    ] = False,
    go_on: Annotated[bool, typer.Option("--go-on", help="Go on in spite of the stop rules that hold now.")] = False,
    json: AsJson = False,
) -> None:
    """Plan trials for a person: a sheet to fill in.

    Example: matloop propose adhesive.toml -n 4
    """
    from matloop.campaign.sheet import require_writable, write_sheet
    from matloop.cli.target import defined
    from matloop.cli.terminal import console, counted, point_table, print_json, trial_facts

    campaign = defined(name, store)
    sheet = out or Path(f"{campaign.name}-trials.csv")
    require_writable(sheet)
    waiting = campaign.propose(n, accept_changes, go_on)
    path = write_sheet(campaign.spec, waiting, sheet) if waiting else None
    if json:
        print_json({"sheet": str(path) if path else None, "trials": [trial_facts(t) for t in waiting]})
        return
    if not waiting:
        typer.echo("no trial waits for a result; plan some with -n 4")
        return
    console().print(
        point_table(
            campaign.spec, waiting, f"{counted(len(waiting), 'trial')} wait{'s' * (len(waiting) == 1)} for a result"
        )
    )
    for trial in waiting[-n:] if n else []:
        typer.echo(f"{trial.number}: {trial.reason}")
    typer.echo(f"Fill in {path}, then: matloop record {shlex.quote(name)} {shlex.quote(str(path))}")


def record(
    name: Name,
    results: Annotated[
        list[str] | None,
        typer.Argument(metavar="SHEET|KEY=VALUE", help="Filled sheets, or with --trial: KEY=VALUE pairs."),
    ] = None,
    trial: Annotated[str | None, typer.Option("--trial", help="One trial, by its id or number.")] = None,
    failed: Annotated[str | None, typer.Option("--failed", help="With --trial: why it gave no values.")] = None,
    by: Annotated[str, typer.Option("--by", help="Who says so.")] = "person",
    store: StoreOption = None,
    json: AsJson = False,
) -> None:
    """Take results back, from sheets or for one trial.

    A mistake in one row costs no other row; exit code 2 tells that there was one.

    Examples: matloop record adhesive adhesive-trials.csv
    or: matloop record adhesive --trial 3 toughness=31.2 "density=1.1 g/cm^3"
    """
    from matloop.cli.target import for_results
    from matloop.cli.terminal import print_json
    from matloop.core.errors import InputError

    campaign = for_results(name, store)
    if trial is not None:
        values: dict[str, Any] = pairs(results or [])
        if failed is not None:
            values["failed"] = failed
        taken = [campaign.record({trial: values}, by)]
    elif results:
        taken = [campaign.record(Path(sheet), by) for sheet in results]
    else:
        raise InputError("nothing to record", f"matloop record {name} SHEET.csv, or --trial ID KEY=VALUE")
    if json:
        print_json([_facts(one) for one in taken])
    else:
        for one in taken:
            _tell(one)
    if any(one.problems for one in taken):
        raise typer.Exit(2)


def resolve(
    name: Name,
    trial: Annotated[str, typer.Argument(metavar="TRIAL", help="The trial, by its id or number.")],
    happened: Annotated[
        list[str] | None,
        typer.Option("--happened", metavar="KEY=VALUE", help="It happened, with this result (repeat for several)."),
    ] = None,
    did_not_happen: Annotated[
        bool, typer.Option("--did-not-happen", help="It never began: it may be sent again.")
    ] = False,
    discard: Annotated[bool, typer.Option("--discard", help="Leave it out, whatever became of it.")] = False,
    why: Annotated[str, typer.Option("--why", help="The reason, kept in the journal; needed for a correction.")] = "",
    store: StoreOption = None,
    json: AsJson = False,
) -> None:
    """Settle an unknown trial, a conflict or an error.

    Nothing is deleted: the journal keeps what was said before, and why it changed.

    Example: matloop resolve bear 7 --happened toughness=31.2
    """
    from matloop.cli.target import for_results
    from matloop.cli.terminal import print_json, trial_facts
    from matloop.core.errors import InputError

    if (happened is not None) + did_not_happen + discard != 1:
        raise InputError("say one thing of the trial", "--happened KEY=VALUE, or --did-not-happen, or --discard")
    campaign = for_results(name, store)
    values = pairs(happened) if happened is not None else None
    resolved = campaign.resolve(trial, happened=values, discard=discard, why=why)
    if json:
        print_json(trial_facts(resolved))
    else:
        typer.echo(f"trial {resolved.number} is {resolved.status} now")


def pairs(words: list[str]) -> dict[str, str]:
    """KEY=VALUE words as a mapping. Raises InputError for a word without '='."""
    from matloop.core.errors import InputError

    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.strip():
            raise InputError(f"'{word}' is not KEY=VALUE", 'such as toughness=31.2 or "toughness=31.2 kJ"')
        if key.strip() in found:
            raise InputError(f"'{key.strip()}' is given twice")
        found[key.strip()] = value.strip()
    return found


def _facts(taken: Recorded) -> dict[str, Any]:
    return {
        "accepted": taken.accepted,
        "duplicates": taken.duplicates,
        "conflicts": taken.conflicts,
        "problems": [problem._asdict() for problem in taken.problems],
        "ignored_columns": taken.ignored,
        "empty_rows": taken.n_empty,
        "remarks": taken.remarks,
    }


def _tell(taken: Recorded) -> None:
    told = [f"{len(taken.accepted)} recorded"]
    told += [f"{len(taken.duplicates)} known already"] if taken.duplicates else []
    told += [f"{taken.n_empty} still empty"] if taken.n_empty else []
    told += [f"columns ignored: {', '.join(taken.ignored)}"] if taken.ignored else []
    typer.echo("; ".join([*told, *taken.remarks]))
    for conflict in taken.conflicts:
        typer.echo(f"{conflict}: another result was recorded before; both are kept (see: matloop status)", err=True)
    for problem in taken.problems:
        typer.echo(f"{problem}", err=True)
