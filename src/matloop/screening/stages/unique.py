"""The stage `unique`: of equal candidates the first one stays."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from matloop.core.errors import Mistake
from matloop.screening.candidates import Candidates
from matloop.screening.keys import WAY_OF
from matloop.screening.seen import Seen
from matloop.screening.stage import Scene, Stage, Verdict, no_material, verdict_of

Way = Literal["composition", "elements", "inchikey", "text"]


class Unique(Stage):
    """Keeps the first of equal candidates: equal in composition, elements, InChIKey or text.

    Each that comes this far is remembered, in 9 to 19 bytes: ten million take 134 MB. Put cheap
    stages before it.
    """

    kind: Literal["unique"] = "unique"
    by: Way | None = Field(None, description="composition, elements, inchikey or text; what fits unless given")

    def sentence(self) -> str:
        return "not seen before" + (f", by {self.by}" if self.by else "")

    def mistakes(self, path: str, scene: Scene) -> list[Mistake]:
        return way_mistakes(path, self.by, scene)

    def ready(self, scene: Scene) -> FirstOfEach:
        return FirstOfEach(way(self.by, scene))


class FirstOfEach:
    """Remembers the key of every candidate that passed."""

    def __init__(self, by: str) -> None:
        self.by = by
        self._seen = Seen()
        self._last = np.zeros(0, np.uint64)

    def judge(self, candidates: Candidates) -> Verdict:
        keys, failures = candidates.keys(self.by)
        reasons = np.full(len(candidates), "", object)
        able = np.ones(len(candidates), bool)
        for place, reason in failures.items():
            reasons[place], able[place] = reason, False
        is_new = self._seen.add(keys[able])
        reasons[np.flatnonzero(able)[~is_new]] = "seen before"
        self._last = keys[able][is_new]
        return verdict_of(reasons)

    def learned(self) -> np.ndarray:
        return self._last

    def recall(self, learned: np.ndarray) -> None:
        self._seen.add(learned)


def way(by: str | None, scene: Scene) -> str:
    """How these candidates are compared."""
    return by or WAY_OF.get(scene.kind or "", "text")


def way_mistakes(path: str, by: str | None, scene: Scene) -> list[Mistake]:
    """Compared in a way that does not fit what the candidates are."""
    kinds = {"composition": ("composition", "molecule", "structure"), "inchikey": ("molecule",)}
    chosen = way(by, scene)
    return no_material(
        f"{path}.by" if by else path, scene, kinds.get("composition" if chosen == "elements" else chosen, ())
    )
