"""The reference pages leave nothing out and say nothing that is not so."""

from __future__ import annotations

import re
import tomllib
from typing import Annotated, Any

import pytest
from markdown_blocks import ROOT
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from reference_facts import commands, options_of, rows, sections, tables
from screen_facts import screen_tables

CAMPAIGN_FILE = ROOT / "docs" / "reference" / "campaign-file.md"
SCREEN_FILE = ROOT / "docs" / "reference" / "screen-file.md"
COMMANDS = ROOT / "docs" / "reference" / "commands.md"


@pytest.mark.parametrize(("heading", "model"), tables().items(), ids=list(tables()))
def test_every_key_stands_on_the_page_with_its_default(heading: str, model: type[BaseModel]) -> None:
    section = rows(sections(CAMPAIGN_FILE)[heading])
    # the name of an objective is its key; the kind or goal is what the heading names
    fields = {key: field for key, field in model.model_fields.items() if key not in ("kind", "goal")}
    if heading.startswith("goal"):
        fields.pop("name")
    assert set(section) == set(fields)
    for key, field in fields.items():
        assert _is_default(section[key][0], field), f"{heading}, {key}: the default is not {section[key][0]}"


def _is_default(cell: str, field: FieldInfo) -> bool:
    """The cell says "required", "not set", or the default as the file would have it."""
    if field.is_required() or cell == "required":
        return field.is_required() and cell == "required"
    default = field.get_default(call_default_factory=True)
    if default is None or cell == "not set":
        return default is None and cell == "not set"
    annotated: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return TypeAdapter(annotated).validate_python(tomllib.loads(f"value = {cell.strip('`')}")["value"]) == default


@pytest.mark.parametrize(("heading", "model"), screen_tables().items(), ids=list(screen_tables()))
def test_every_key_of_a_screen_stands_on_its_page_with_its_default(heading: str, model: type[BaseModel]) -> None:
    section = rows(sections(SCREEN_FILE)[heading])
    fields = {key: field for key, field in model.model_fields.items() if key != "kind"}
    assert set(section) == set(fields)
    for key, field in fields.items():
        assert _is_default(section[key][0], field), f"{heading}, {key}: the default is not {section[key][0]}"


@pytest.mark.parametrize("name", commands())
def test_every_option_of_a_command_stands_on_the_page_and_no_other(name: str) -> None:
    listed = {word for cell in rows(sections(COMMANDS)[f"matloop {name}"]) for word in re.findall(r"-[\w-]+", cell)}
    assert listed == options_of(commands()[name])


def test_the_table_at_the_head_of_the_page_has_every_command() -> None:
    linked = re.findall(
        r"\[([a-z]+)\]\(#matloop-([a-z]+)\)", COMMANDS.read_text(encoding="utf-8").partition("\n## ")[0]
    )
    assert sorted(linked) == sorted((name, name) for name in commands() if " " not in name)


@pytest.mark.parametrize("name", commands())
def test_the_help_of_every_command_shows_an_example(name: str) -> None:
    assert re.search(rf"Examples?: matloop {name}\b", commands()[name].help)


def test_the_variables_of_the_environment_that_are_read_stand_on_the_page() -> None:
    sources = (ROOT / "src" / "matloop").rglob("*.py")
    read = {name for path in sources for name in re.findall(r'"(MATLOOP_[A-Z]+)"', path.read_text(encoding="utf-8"))}
    assert read == set(rows(sections(COMMANDS)["Environment variables"]))
