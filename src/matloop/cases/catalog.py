"""Which cases there are, and the campaign behind each name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from matloop.core.errors import InputError, did_you_mean


@dataclass
class Case:
    """One published system: its folder has campaign.toml, claim.toml, and a file for each other lab."""

    name: str
    folder: Path

    @cached_property
    def claim(self) -> Mapping[str, Any]:
        """What the paper claims, and how that is defined."""
        return tomllib.loads((self.folder / "claim.toml").read_text(encoding="utf-8"))

    @property
    def labs(self) -> dict[str, str]:
        """The labs it can run on, the first by default, each with what it is."""
        return dict(self.claim.get("labs", {}))

    def file(self, lab: str | None = None) -> Path:
        """The campaign file for this lab. Raises InputError for a lab that the case does not have."""
        default = next(iter(self.labs), None)
        if lab is None or lab == default:
            return self.folder / "campaign.toml"
        if lab not in self.labs:
            raise InputError(f"the case {self.name} has no lab '{lab}'", did_you_mean(lab, self.labs))
        return self.folder / f"{lab}.toml"


def cases() -> dict[str, Case]:
    """All cases by name."""
    root = Path(str(resources.files("matloop.cases")))
    folders = sorted(path.parent for path in root.glob("*/claim.toml"))
    return {folder.name: Case(folder.name, folder) for folder in folders}


def case(name: str) -> Case:
    """The case of this name. Raises InputError."""
    known = cases()
    if name not in known:
        raise InputError(f"there is no case '{name}'", did_you_mean(name, known))
    return known[name]
