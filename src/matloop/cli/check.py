"""matloop check: every mistake of a campaign file at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matloop.cli.target import AsJson

if TYPE_CHECKING:
    from matloop.core.spec import Settings

#: Candidates that need more memory than this, in bytes, are worth a word.
LARGE = 100_000_000


def register(app: typer.Typer) -> None:
    app.command()(check)


def check(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="The campaign file.")] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of campaign files, for editors.")
    ] = False,
    json: AsJson = False,
) -> None:
    """List every mistake of a campaign file at once.

    Each with its place and the nearest right spelling; exit code 2 if there is one.

    Example: matloop check bear.toml
    """
    from matloop.cli.terminal import print_json
    from matloop.core.errors import InputError, SpecError

    if schema:
        from matloop.core.schema import campaign_schema

        print_json(campaign_schema())
        return
    if file is None:
        raise InputError("no file to check", "matloop check FILE, or matloop check --schema")
    try:
        facts = _facts(file)
    except SpecError as error:
        if not json:
            raise
        print_json({"ok": False, "mistakes": [mistake._asdict() for mistake in error.mistakes]})
        raise typer.Exit(2) from None
    if json:
        print_json({"ok": True, "mistakes": [], **facts})
    else:
        typer.echo(f"{file}: good. {facts['summary']}")


def _facts(file: Path) -> dict[str, object]:
    """Load all that a run would need, the lab's own files included."""
    from matloop.campaign.campaign import Campaign
    from matloop.cli.terminal import counted

    campaign = Campaign.from_file(file)
    campaign.check_constraints()
    campaign.check_lab()
    spec, n = campaign.spec, campaign.spec.space.n_points
    size = "without end" if n == float("inf") else f"{n:,.0f} points"
    wishes = ", ".join(wish.sentence() for wish in spec.objectives)
    lab = getattr(spec.lab, "kind", "person")
    variables = counted(len(spec.space.variables), "variable")
    summary = f"'{spec.campaign.name}': {wishes}; {variables} ({size}); {_budget(spec.campaign)}; lab: {lab}"
    memory = spec.space.n_bytes
    if memory > LARGE:
        summary += f"; the candidates need about {memory / 1e9:.1f} GB of memory"
    linear = _linear(campaign.spec.space)
    return {"name": spec.campaign.name, "summary": summary, "memory_bytes": memory, "linear_constraints": linear}


def _budget(settings: Settings) -> str:
    """All budgets in words."""
    amounts = {
        "{} trials": settings.budget,
        "{:g} hours": settings.budget_hours,
        "a cost of {:g}": settings.budget_cost,
    }
    return " or ".join(words.format(n) for words, n in amounts.items() if n is not None) or "no budget"


def _linear(space: object) -> dict[str, bool]:
    return {constraint.text: constraint.linear is not None for constraint in space.constraints}  # type: ignore[attr-defined]
