"""How facts appear on a terminal: tables, one line each, or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from matloop.core.spec import CampaignSpec
    from matloop.core.state import TrialState
    from matloop.core.trial import Outcome


def console() -> Console:
    """Standard output; as wide as the terminal, and wide enough for a line in a pipe."""
    from rich.console import Console

    return Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else 200)


def say(text: str, style: str | None = None) -> None:
    """A sentence: broken between words on a terminal, one line in a pipe. What will be copied is not for this."""
    console().print(text, markup=False, soft_wrap=not sys.stdout.isatty(), style=style)


def print_json(facts: Any) -> None:
    """Facts for other programs; what is not a number is null."""
    sys.stdout.write(json.dumps(_plain(facts), ensure_ascii=False, indent=2, default=str) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value - value != 0:
        return None
    return value


def table(*columns: str, title: str | None = None) -> Table:
    """An empty table in the house style, as wide as its title; a column named 'x>' is aligned to the right."""
    from rich import box

    from matloop.cli.narrow import NarrowTable

    wide = len(title) if title else None
    made = NarrowTable(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, min_width=wide)
    for column in columns:
        right = column.endswith(">")
        made.add_column(column.rstrip(">"), justify="right" if right else "left", overflow="fold")
    return made


def number(value: Any) -> str:
    """Four significant digits; text as it is."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def counted(n: int, what: str) -> str:
    """'1 trial', '2,000 trials'."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def size(path: Path) -> str:
    """How large a file is: '12 kB', '3.4 MB'."""
    n = path.stat().st_size
    return f"{n / 1e6:.1f} MB" if n >= 1e6 else f"{max(n / 1e3, 1):.0f} kB"


def trial_facts(trial: TrialState) -> dict[str, Any]:
    """A trial for JSON."""
    outcome = trial.outcome
    return {
        "trial": trial.id,
        "number": trial.number,
        "status": str(trial.status),
        "point": trial.point,
        "values": outcome.values if outcome else {},
        "std": outcome.std if outcome else {},
        "achieved": outcome.achieved if outcome else {},
        "failed": outcome.failed if outcome else None,
        "reason": trial.reason,
        "note": trial.note,
        "attempts": trial.attempts,
        "conflicts": [conflict.values for _, conflict in trial.conflicts],
    }


def point_table(spec: CampaignSpec, trials: list[TrialState], title: str | None = None) -> Table:
    """Trials as rows: number, results, point, with units in the heads; a name or unit may look like markup."""
    from rich.markup import escape

    units = spec.space.units
    heads = [f"{wish.name} [{wish.unit}]" if wish.unit else wish.name for wish in spec.objectives]
    variables = [f"{v} [{units[v]}]" if v in units else v for v in spec.space.variables]
    made = table("trial>", *(f"{escape(head)}>" for head in [*heads, *variables]), title=title)
    for trial in trials:
        measured = trial.outcome.values if trial.outcome else {}
        results = [number(measured[w.name]) if w.name in measured else "–" for w in spec.objectives]
        point = [escape(_setting(trial, variable)) for variable in spec.space.variables]
        made.add_row(str(trial.number), *results, *point)
    return made


def _setting(trial: TrialState, variable: str) -> str:
    """The planned value; behind an arrow the achieved one where it is another."""
    planned = trial.point.get(variable, "–")
    achieved = trial.outcome.achieved.get(variable, planned) if trial.outcome else planned
    return number(planned) if achieved == planned else f"{number(planned)} → {number(achieved)}"


def said(outcome: Outcome | None) -> str:
    """All that a result says, in one line: two that differ look different."""
    if outcome is None:
        return "nothing"
    spread = {name: f" ± {number(std)}" for name, std in outcome.std.items()}
    parts = [f"{name} {number(value)}{spread.get(name, '')}" for name, value in outcome.values.items()]
    parts += [f"at {k} {number(v)}" for k, v in outcome.achieved.items()]
    parts += [f"failed: {outcome.failed}"] if outcome.failed else []
    return ", ".join(parts) or "nothing"


def how_to_resolve(campaign: str, trial: TrialState) -> str:
    """The command by which a person says what became of an unknown trial."""
    return f"  matloop resolve {campaign} {trial.number} --happened KEY=VALUE | --did-not-happen | --discard"
