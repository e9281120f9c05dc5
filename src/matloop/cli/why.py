"""matloop why: what spoke for a trial when it was planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from matloop.cli.target import AsJson, Name, StoreOption

if TYPE_CHECKING:
    from matloop.campaign.why import Why
    from matloop.core.state import TrialState


def register(app: typer.Typer) -> None:
    app.command()(why)


def why(
    name: Name,
    trial: Annotated[str, typer.Argument(metavar="TRIAL", help="The trial, by its number or id.")],
    store: StoreOption = None,
    json: AsJson = False,
) -> None:
    """Tell why a trial was planned, by the results that were known then.

    Example: matloop why bear 12
    """
    from matloop.cli.target import begun
    from matloop.cli.terminal import print_json

    campaign = begun(name, store, read_pools=False)
    found, reasons = campaign.why(trial)
    if json:
        print_json(_facts(found, reasons))
    else:
        _tell(found, reasons)


def _facts(trial: TrialState, why: Why) -> dict[str, Any]:
    from matloop.cli.terminal import trial_facts

    told = why.explanation
    return {
        "trial": trial_facts(trial),
        "results_known": why.n_results,
        "expected": {k: {"mean": m, "std": s} for k, (m, s) in told.expected.items()} if told else {},
        "exploring": told.exploring if told else None,
        "nearest": [
            {"trial": n.trial, "results": n.results, "differences": n.differences, "distance": n.distance}
            for n in (told.nearest if told else ())
        ],
        "binding": told.binding if told else [],
        "better_tried": told.n_better_tried if told else 0,
        "relevance": why.relevance,
        "success": told.success if told else None,
        "missing": why.missing or None,
    }


def _tell(trial: TrialState, why: Why) -> None:
    from matloop.cli.terminal import console, counted, number

    screen, units = console(), why.spec.space.units
    point = ", ".join(f"{v} {number(x)}" + (f" {units[v]}" if v in units else "") for v, x in trial.point.items())
    screen.print(f"Trial {trial.number} ({trial.status}): {point}", markup=False)
    screen.print(f"Reason given: {trial.reason or 'none'}", markup=False)
    told = why.explanation
    if told is None:
        screen.print(f"Nothing had been learned yet: {counted(why.n_results, 'result')} known when it was planned.")
        return
    screen.print(f"By the {counted(why.n_results, 'result')} known when it was planned:")
    if why.missing:
        screen.print(f"  (without what the planner was told: {why.missing})", markup=False)
    for line in _expectations(trial, why):
        screen.print(f"  {line}", markup=False)
    if told.exploring is not None:
        screen.print(f"  {told.exploring:.0%} of the improvement expected there came from uncertainty: {told.side}")
    if told.success is not None:
        screen.print(f"  {told.success:.0%} likely to succeed, by what had failed until then")
    for name, shares in why.relevance.items():
        if not shares:
            continue
        ranked = ", ".join(f"{variable} {share:.0%}" for variable, share in list(shares.items())[:6])
        screen.print(f"  what moves {name}: {ranked}", markup=False)
    for held in told.binding:
        screen.print(f"  held by {held}", markup=False)
    if told.n_better_tried:
        again = "none is tried twice here"
        screen.print(f"  {counted(told.n_better_tried, 'tried point')} promised more than this one; {again}")
    screen.print(_neighbours(why))


def _expectations(trial: TrialState, why: Why) -> list[str]:
    """What was expected beside what came, a line for each objective."""
    from matloop.cli.terminal import number

    lines, measured = [], trial.outcome.values if trial.outcome else {}
    units = {wish.name: f" {wish.unit}" if wish.unit else "" for wish in why.spec.objectives}
    for name, (mean, std) in why.explanation.expected.items() if why.explanation else ():
        line = f"{name} {mean:.4g} ± {std:.2g}{units[name]} expected"
        if name in measured:
            line += f", {number(measured[name])}{units[name]} measured"
            line += f" ({(measured[name] - mean) / std:+.1f} standard deviations)" if std > 0 else ""
        lines.append(line)
    return lines


def _neighbours(why: Why) -> Any:
    from rich.markup import escape

    from matloop.cli.terminal import table
    from matloop.planners.stopping import name_of

    made = table("trial>", "results", "from which this one differs by", title="The nearest trials known then")
    for near in why.explanation.nearest if why.explanation else ():
        differences = ", ".join(near.differences) or "nothing"
        made.add_row(name_of(near.trial), escape(near.results), escape(differences))
    return made
