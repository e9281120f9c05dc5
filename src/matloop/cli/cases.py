"""matloop cases: the published systems that one command runs."""

from __future__ import annotations

from typing import Annotated

import typer

from matloop.cli.target import AsJson


def register(app: typer.Typer) -> None:
    app.command()(cases)


def cases(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="One case, in full.")] = None,
    json: AsJson = False,
) -> None:
    """List the published systems and their claims.

    Example: matloop cases bear
    """
    from matloop.cases.catalog import case
    from matloop.cases.catalog import cases as known
    from matloop.cli.terminal import console, print_json, say, table

    chosen = [case(name)] if name else list(known().values())
    if json:
        print_json([{"name": c.name, **c.claim} for c in chosen])
        return
    screen = console()
    if name:
        for key, value in chosen[0].claim.items():
            words = "; ".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
            say(f"{key + ':':12}{words}")
        screen.print(
            f"\nRun it: matloop run {name}" + "".join(f" [--lab {lab}]" for lab in list(chosen[0].labs)[1:]),
            markup=False,
        )
        return
    made = table("case", "what", "labs", "paper")
    for c in chosen:
        made.add_row(c.name, str(c.claim["title"]), ", ".join(c.labs), str(c.claim["paper"]))
    screen.print(made)
