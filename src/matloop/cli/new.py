"""matloop new: a campaign file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matloop.cli.target import AsJson

_TEMPLATE = """\
# {name}.toml: one campaign. Check it with: matloop check {name}.toml
[campaign]
name = "{name}"
budget = 30                    # trials
seed = 0

[space]                        # what may be varied
temperature = {{ kind = "real", low = 20, high = 80, unit = "degC" }}
time        = {{ kind = "integer", low = 5, high = 60, step = 5, unit = "min" }}
solvent     = {{ kind = "choice", options = ["water", "ethanol", "DMSO"] }}
# blend     = {{ kind = "mixture", components = ["A", "B", "C"], total = 100, unit = "percent", step = 5 }}
# candidate = {{ kind = "pool", file = "candidates.csv" }}
constraints = ["temperature <= 70 or solvent != 'ethanol'"]

[objective]                    # goals: maximize, minimize, near, at_most, at_least
strength = {{ goal = "maximize", unit = "MPa" }}
# cost   = {{ goal = "at_most", limit = 5 }}

[planner]
kind = "bayesian"
batch = 1

{lab}"""

_LABS = {
    "person": '[lab]\nkind = "person"                # matloop propose writes a sheet, matloop record takes it back\n',
    "command": (
        '[lab]\nkind = "command"               # a program for each trial: JSON in, JSON out\n'
        'command = ["python", "lab.py"]\neffect = "irreversible"        # or repeatable, or none\n'
        'capacity = 1\ndeadline = "1 h"\n'
    ),
    "function": (
        '[lab]\nkind = "function"\nfunction = "lab:measure"       # measure(point) in lab.py\n'
        'effect = "none"                # or repeatable, or irreversible\n'
    ),
}


def register(app: typer.Typer) -> None:
    app.command()(new)


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The campaign's name; the file is NAME.toml.")],
    lab: Annotated[str, typer.Option(help="Who carries the trials out: person, command or function.")] = "person",
    case: Annotated[str | None, typer.Option(help="Start from the file of a published case instead.")] = None,
    shortlist: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Start from the shortlist of a screen instead.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Write a campaign file to start from.

    Example: matloop new adhesive --lab person

    On the shortlist of a screen: matloop new absorbers --from shortlist.parquet
    """
    from matloop.cli.terminal import print_json
    from matloop.core.errors import InputError, did_you_mean
    from matloop.core.spec import NAME

    name = name.removesuffix(".toml")
    if not NAME.match(name):
        raise InputError(f"'{name}' is no name for a campaign", "letters, digits, '-', '_' and '.', at most 64")
    if lab not in _LABS:
        raise InputError(f"no template for the lab '{lab}'", did_you_mean(lab, _LABS))
    path = Path(f"{name}.toml")
    text = _text(name, lab, case, shortlist)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(f"{path} exists already", "choose another name, or edit that file") from None
    if json:
        print_json({"file": str(path)})
    else:
        typer.echo(f"{path} is written. Edit it, then: matloop check {path}")


def _text(name: str, lab: str, case: str | None, shortlist: Path | None) -> str:
    if case is not None and shortlist is not None:
        from matloop.core.errors import InputError

        raise InputError("a campaign starts from a case or from a shortlist", "leave --case or --from out")
    if shortlist is not None:
        from matloop.discovery.starting import campaign_file
        from matloop.screening.shortlist import Shortlist

        return campaign_file(Shortlist(shortlist), name, Path(), _LABS[lab])
    if case is None:
        return _TEMPLATE.format(name=name, lab=_LABS[lab])
    from matloop.cases.catalog import case as known

    text = known(case).file().read_text(encoding="utf-8")
    return text.replace(f'name = "{case}"', f'name = "{name}"', 1)
