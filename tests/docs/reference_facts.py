"""What there is to be documented: the commands with their options, and the keys of the campaign file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel

from matloop.core import registry
from matloop.core.choice import Choice
from matloop.core.mixture import Component, Mixture
from matloop.core.objective import AtLeast, AtMost, Match, Maximize, Minimize, Near
from matloop.core.parameter import Integer, Real
from matloop.core.pool import Pool
from matloop.core.spec import Settings
from matloop.planners.prior import Prior


def commands() -> dict[str, Any]:
    """Each command by its name, as click knows it; those of a group by both names: `fetch optimade`."""
    from matloop.cli.main import program

    outer = dict(typer.main.get_command(program()).commands)  # type: ignore[attr-defined]
    inner = {f"{name} {inner}": its for name, group in outer.items() for inner, its in _inner(group).items()}
    return outer | inner


def _inner(command: Any) -> dict[str, Any]:
    return dict(getattr(command, "commands", {}))


def options_of(command: Any) -> set[str]:
    """Every spelling of every option of a command, --help left aside."""
    return {word for parameter in command.params for word in parameter.opts if word.startswith("-")} - {"-h", "--help"}


def tables() -> dict[str, type[BaseModel]]:
    """Each heading of the reference of campaign files, and the model whose keys it lists."""
    fixed: dict[str, type[BaseModel]] = {"[campaign]": Settings, "component": Component, "prior": Prior}
    parameters = {model.model_fields["kind"].default: model for model in (Real, Integer, Choice, Mixture, Pool)}
    goals = {model.model_fields["goal"].default: model for model in (Maximize, Minimize, Near, AtMost, AtLeast, Match)}
    planners = {f"planner: {name}": registry.load("planners", name) for name in registry.names("planners")}
    stops = {f"stop: {name}": registry.load("stops", name) for name in registry.names("stops")}
    labs = {f"lab: {name}": registry.load("labs", name) for name in registry.names("labs")}
    kinds = {f"kind: {name}": model for name, model in parameters.items()}
    wishes = {f"goal: {name}": model for name, model in goals.items()}
    return fixed | kinds | wishes | planners | stops | labs


def sections(page: Path) -> dict[str, str]:
    """Heading (without marks of code) -> the text below it, up to the next heading of any level."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    parts = re.split(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return dict(zip((head.replace("`", "").strip() for head in parts[1::2]), parts[2::2], strict=True))


def rows(section: str) -> dict[str, list[str]]:
    """The rows of the tables in a section: the `key` in the first cell -> the other cells."""
    lines = [re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in section.splitlines() if line.startswith("| `")]
    return {re.sub("`", "", cells[0]).strip(): [cell.strip() for cell in cells[1:]] for cells in lines}
