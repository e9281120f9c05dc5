"""Candidates: a formula or a SMILES with every filling of its places."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from matloop.core.errors import did_you_mean
from matloop.screening.elements import LISTS
from matloop.screening.generate import MOST, Generator

_PLACE = re.compile(r"\{(\w+)\}")


class Substitution(Generator):
    """A template with every filling of its places: "{A}{B}{X}3" with A, B and X from lists.

    For compositions the lists hold elements or groups, such as "NH4"; with `material = "molecule"` the template is a
    SMILES, and the lists hold what may stand there.
    """

    kind: Literal["substitution"] = "substitution"
    template: str = Field(description='such as "{A}{B}{X}3"')
    sites: dict[str, tuple[str, ...]] = Field(min_length=1, description="what may stand at each place")
    material: Literal["composition", "molecule"] = Field("composition", description="composition or molecule")

    @field_validator("sites", mode="before")
    @classmethod
    def _lists(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {site: [part for o in options for part in sorted(LISTS.get(o, {o}))] for site, options in given.items()}

    @model_validator(mode="after")
    def _fits(self) -> Substitution:
        places = list(dict.fromkeys(_PLACE.findall(self.template)))
        for site in places:
            if site not in self.sites:
                raise ValueError(f"nothing is said of the place {{{site}}}: {did_you_mean(site, self.sites)}")
        for site, options in self.sites.items():
            if site not in places:
                raise ValueError(f"the template has no place {{{site}}}: {did_you_mean(site, places)}")
            if not options:
                raise ValueError(f"nothing can stand at the place {{{site}}}")
        if self.n > MOST:
            raise ValueError("these are more than 4e18 candidates")
        return self

    @property
    def column(self) -> tuple[str, str]:
        return ("formula" if self.material == "composition" else "smiles"), self.material

    @cached_property
    def n(self) -> int:
        return math.prod(map(len, self.sites.values()))

    def made(self, places: np.ndarray) -> Sequence[str]:
        chosen: dict[str, list[str]] = {}
        rest = places
        for site, options in reversed(self.sites.items()):
            rest, own = np.divmod(rest, len(options))
            chosen[site] = [options[i] for i in own.tolist()]
        parts = _PLACE.split(self.template)  # text, site, text, site, text
        columns = [chosen[part] if i % 2 else itertools.repeat(part) for i, part in enumerate(parts)]
        return ["".join(row) for row in zip(*columns)]  # noqa: B905 - the texts repeat for ever
