"""matloop run: begin a campaign or resume it, and tell how it went."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matloop.cli.target import AsJson, Name, StoreOption

if TYPE_CHECKING:
    from matloop.campaign.campaign import Campaign


def register(app: typer.Typer) -> None:
    app.command()(run)


def run(
    name: Name,
    lab: Annotated[str | None, typer.Option(help="Of a case: another of its labs, such as replay.")] = None,
    data: Annotated[Path | None, typer.Option(help="The published data file that a replay asks.")] = None,
    budget: Annotated[int | None, typer.Option(help="How many trials, in place of the file's number.")] = None,
    seed: Annotated[int | None, typer.Option(help="The seed, in place of the file's.")] = None,
    planner: Annotated[str | None, typer.Option(help="The planner's kind, in place of the file's.")] = None,
    rename: Annotated[str | None, typer.Option("--name", help="Run under another name: a campaign of its own.")] = None,
    store: StoreOption = None,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Go on though the file has changed.")
    ] = False,
    go_on: Annotated[bool, typer.Option("--go-on", help="Go on in spite of the stop rules that hold now.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No live display.")] = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Do not write the HTML report.")] = False,
    json: AsJson = False,
) -> None:
    """Run a campaign, or resume it where it was left.

    Ctrl-C finishes what is in flight and stops; twice stops at once; the same command resumes.

    Example: matloop run bear.toml
    """
    from matloop.cli.amend import amendment
    from matloop.cli.target import defined

    amend = amendment(data=data, budget=budget, seed=seed, planner=planner, rename=rename)
    campaign = defined(name, store, lab, amend)
    if getattr(campaign.spec.lab, "kind", "person") == "person":
        _tell_person(campaign, name, json)
        return
    if said := campaign.check_lab():
        typer.echo(said, err=True)
    campaign.run(accept_changes=accept_changes, go_on=go_on, progress=not quiet and not json)
    report = None if no_report else campaign.report()
    facts = _facts(campaign, report)
    if json:
        from matloop.cli.terminal import print_json

        print_json(facts)
    else:
        _tell(campaign, facts)
    if campaign.state.status != "finished":
        raise typer.Exit(1)


def _tell_person(campaign: Campaign, name: str, json: bool) -> None:
    steps = {
        f"matloop propose {name} -n 4": "plans trials and writes a sheet to fill in",
        f"matloop record {name} SHEET.csv": "takes the results back",
    }
    if json:
        from matloop.cli.terminal import print_json

        print_json({"campaign": campaign.name, "lab": "person", "next": list(steps)})
        return
    typer.echo(f"The trials of '{campaign.name}' are carried out by a person:")
    for command, what in steps.items():
        typer.echo(f"  {command:44}{what}")


def _facts(campaign: Campaign, report: Path | None) -> dict[str, Any]:
    from matloop.campaign.ending import n_planned, reasons_to_stop
    from matloop.campaign.summary import counts
    from matloop.cli.terminal import trial_facts

    state = campaign.state
    n = n_planned(state)
    stopped = [reason for _, reason in reasons_to_stop(campaign.spec, state)] if state.status == "finished" else []
    chance = campaign.baseline(n) if n else None
    return {
        "campaign": campaign.name,
        "status": state.status,
        "reason": state.status_reason,
        "trials": {str(status): count for status, count in counts(state).items() if count},
        "best": [trial_facts(trial) for trial in campaign.best],
        "random_search": None
        if chance is None
        else {
            "median": float(chance.median[-1]),
            "quartiles": [float(chance.lower[-1]), float(chance.upper[-1])],
            "trials": n,
            "repeats": chance.n_repeats,
            "source": chance.source,
        },
        "forecast": _forecast(campaign),
        "can_go_on": state.status_reason in stopped,
        "report": str(report) if report else None,
    }


def _forecast(campaign: Campaign) -> str | None:
    """In words, where a goal is set that has not been reached."""
    from matloop.campaign.forecast import trials_left

    told = campaign.forecast()
    return None if told is None or told.is_reached else told.sentence(trials_left(campaign.spec, campaign.state))


def _tell(campaign: Campaign, facts: dict[str, Any]) -> None:
    from matloop.cli.terminal import console, how_to_resolve, number, point_table
    from matloop.core.trial import Status

    spec, state, screen = campaign.spec, campaign.state, console()
    screen.print(f"{campaign.name}: {state.status}, {state.status_reason}", markup=False)
    leaders = campaign.best
    if leaders:
        title = "Best design" if len(leaders) == 1 else f"Pareto front: {len(leaders)} designs"
        screen.print(point_table(spec, leaders[:20], title))
    if chance := facts["random_search"]:
        goal = next(wish for wish in spec.objectives if not wish.is_threshold)
        low, high = (number(q) for q in chance["quartiles"])
        unit = f" {goal.unit}" if goal.unit else ""
        screen.print(
            f"Random search with {chance['trials']} trials: {goal.name} {number(chance['median'])}{unit} "
            f"(middle half of {chance['repeats']} campaigns: {low} to {high}{unit}; {chance['source']})",
            markup=False,
        )
    for trial in state.of_status(Status.UNKNOWN):
        screen.print(f"Trial {trial.number} is unknown ({trial.note}). Say what became of it:", markup=False)
        screen.print(how_to_resolve(campaign.name, trial), markup=False)
    if said := facts["forecast"]:
        screen.print(f"Forecast: {said}", markup=False)
    if facts["can_go_on"]:
        screen.print(f"To go on in spite of that: matloop run {campaign.name} --go-on", markup=False, soft_wrap=True)
    if facts["report"]:
        screen.print(f"Report: {facts['report']}", markup=False, soft_wrap=True)
    if state.status != "finished":
        screen.print("Not finished: the same command resumes.")
