"""What the reference of screen files has to list: the keys of a screen, of each stage and of each generator."""

from __future__ import annotations

from pydantic import BaseModel

from matloop.core import registry
from matloop.screening.screen import Screen


def screen_tables() -> dict[str, type[BaseModel]]:
    """Each heading of the page, and the model whose keys it lists."""
    stages = {f"stage: {name}": registry.load("stages", name) for name in registry.names("stages")}
    generators = {f"generate: {name}": registry.load("generators", name) for name in registry.names("generators")}
    return {"the file": Screen} | generators | stages
