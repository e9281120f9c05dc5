"""matloop status: where a campaign stands, and what waits for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from matloop.cli.target import DEFAULT_STORE, AsJson, StoreOption

if TYPE_CHECKING:
    from rich.console import Console

    from matloop.campaign.campaign import Campaign
    from matloop.core.state import TrialState


def register(app: typer.Typer) -> None:
    app.command()(status)


def status(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A campaign or its file; all of the store unless given.")
    ] = None,
    store: StoreOption = None,
    json: AsJson = False,
) -> None:
    """Tell where a campaign stands and what waits for you.

    Example: matloop status bear
    """
    from matloop.cli.target import begun
    from matloop.cli.terminal import print_json

    if name is None:
        _list(store or DEFAULT_STORE, json)
        return
    campaign = begun(name, store, read_pools=False)
    facts = _facts(campaign, begun(name, store) if _needs_a_forecast(campaign) else None)
    if json:
        print_json(facts)
    else:
        _tell(campaign, facts)


def _list(store: Any, json: bool) -> None:
    from matloop.campaign.journal import Journal
    from matloop.cli.terminal import console, print_json, table
    from matloop.store.sql import SqlStore

    opened = SqlStore(store, create=False)
    rows = []
    for name in opened.campaigns():
        state = Journal(opened, name).state
        begun_at = state.created_time[:16].replace("T", " ")
        rows.append({"campaign": name, "status": state.status, "trials": len(state.trials), "since": begun_at})
    if json:
        print_json(rows)
        return
    made = table("campaign", "status", "trials>", "begun (UTC)")
    for row in rows:
        made.add_row(*(str(value)[:64] for value in row.values()))
    console().print(made if rows else f"no campaign in {store} yet")


def _needs_a_forecast(campaign: Campaign) -> bool:
    """Only with a goal, as models need the pools that all else here can do without."""
    from matloop.planners.stopping import Reached

    return any(isinstance(rule, Reached) for rule in campaign.spec.stop)


def _facts(campaign: Campaign, with_pools: Campaign | None) -> dict[str, Any]:
    from matloop.campaign.ending import kind_of, n_planned
    from matloop.campaign.forecast import trials_left
    from matloop.campaign.spending import spent
    from matloop.campaign.summary import counts
    from matloop.cli.terminal import trial_facts
    from matloop.core.trial import Status

    state, spec = campaign.state, campaign.spec
    forecast = with_pools.forecast() if with_pools else None
    return {
        "campaign": campaign.name,
        "status": state.status,
        "reason": state.status_reason,
        "objectives": [wish.sentence() for wish in spec.objectives],
        "lab": getattr(spec.lab, "kind", "person"),
        "budget": spec.campaign.budget,
        "planned": n_planned(state),
        "spent": spent(spec, state),
        "stop": {kind_of(rule): str(rule) for rule in spec.stop},
        "set_aside": sorted(state.set_aside),
        "forecast": None if forecast is None else forecast.facts(),
        "forecast_in_words": forecast.sentence(trials_left(spec, state)) if forecast else None,
        "trials": {str(s): count for s, count in counts(state).items() if count},
        "best": [trial_facts(trial) for trial in campaign.best],
        "in_flight": [trial_facts(trial) for trial in state.of_status(Status.RUNNING)],
        "overdue": [trial.id for trial in _overdue(campaign)],
        "unknown": [trial_facts(trial) for trial in state.of_status(Status.UNKNOWN)],
        "conflicts": [trial_facts(trial) for trial in state.conflicted],
        "store": str(campaign.journal.store.path),
        "events": state.sequence,
        "worked_seconds": state.elapsed,
    }


def _overdue(campaign: Campaign) -> list[TrialState]:
    """Trials in people's hands whose results are late."""
    from datetime import UTC, datetime

    from matloop.campaign.person import is_overdue, is_person

    now = datetime.now(UTC)
    return [t for t in campaign.state.trials.values() if is_person(campaign.spec) and is_overdue(t, now)]


def _tell(campaign: Campaign, facts: dict[str, Any]) -> None:
    from matloop.campaign.person import is_person
    from matloop.cli.terminal import console, how_to_resolve, point_table, said
    from matloop.core.trial import Status

    state, spec, screen = campaign.state, campaign.spec, console()
    screen.print(f"[bold]{campaign.name}[/bold]: {', '.join(facts['objectives'])}; lab: {facts['lab']}")
    reason = f" ({facts['reason']})" if facts["reason"] else ""
    counts = ", ".join(f"{count} {status}" for status, count in facts["trials"].items()) or "no trial yet"
    of = f" of {facts['budget']}" if facts["budget"] else ""
    screen.print(f"{state.status}{reason}: {facts['planned']}{of} trials planned; {counts}", markup=False)
    _tell_of_the_end(facts, spec.campaign.budget_cost, screen)
    if leaders := campaign.best:
        screen.print(point_table(spec, leaders[:20], "Best so far" if len(leaders) == 1 else "Pareto front"))
    if running := state.of_status(Status.RUNNING):
        screen.print(point_table(spec, running[:20], "Waiting for your results" if is_person(spec) else "In flight"))
    for trial in _overdue(campaign):
        screen.print(f"Trial {trial.number} is overdue: begun {trial.submitted_time[:16]} UTC", markup=False)
    for trial in state.of_status(Status.UNKNOWN):
        screen.print(f"Trial {trial.number} is unknown: {trial.note}", markup=False)
        screen.print(how_to_resolve(campaign.name, trial), markup=False)
    for trial in state.conflicted:
        others = "; ".join(said(conflict) for _, conflict in trial.conflicts)
        told = f"Trial {trial.number} is in conflict: accepted was {said(trial.outcome)}; later came {others}"
        screen.print(told, markup=False)
        screen.print(f"  matloop resolve {campaign.name} {trial.number} --happened KEY=VALUE --why TEXT", markup=False)


def _tell_of_the_end(facts: dict[str, Any], budget_cost: float | None, screen: Console) -> None:
    """When it is to end, what it has cost, and how far it still has to go."""
    from matloop.cli.terminal import number

    if facts["spent"] is not None:
        of = f" of {number(budget_cost)}" if budget_cost else ""
        screen.print(f"Cost so far: {number(facts['spent'])}{of}")
    rules = [rule + " (set aside)" * (kind in facts["set_aside"]) for kind, rule in facts["stop"].items()]
    if rules:
        screen.print(f"Ends with{' the first of' * (len(rules) > 1)}: {'; '.join(rules)}", markup=False)
    if facts["forecast_in_words"] and not facts["forecast"]["is_reached"]:
        screen.print(f"Forecast: {facts['forecast_in_words']}", markup=False)
