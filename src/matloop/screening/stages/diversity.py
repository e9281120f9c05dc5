"""The stage `diversity`: few candidates that are as different from each other as can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from matloop.core.errors import Mistake
from matloop.datasets.column import MATERIALS
from matloop.screening.candidates import Candidates
from matloop.screening.gathering import Best
from matloop.screening.keys import mixed
from matloop.screening.stage import REASON, Scene, Verdict, no_column, no_material
from matloop.screening.stages.top import Ranked

if TYPE_CHECKING:
    import pandas as pd

#: Distances (m,) of all candidates from the one at a place.
Distances = Callable[[int], np.ndarray]


class Diversity(Ranked):
    """Keeps `keep` candidates, each as far as possible from those chosen before it (greedy max-min: Gonzalez 1985,
    doi:10.1016/0304-3975(85)90224-5).

    It chooses among the best `among` by a column or prediction, and begins with the best; among as many drawn at random
    where nothing ranks them. Compositions are as far apart as the share of atoms that must be exchanged, molecules by
    1 − Tanimoto similarity of Morgan fingerprints, `columns` by the Euclidean distance of standardized numbers.
    """

    kind: Literal["diversity"] = "diversity"
    keep: int = Field(ge=1, le=100_000, description="how many")
    among: int = Field(5000, ge=1, le=1_000_000, description="how many to choose from; they are held in memory")
    columns: tuple[str, ...] = Field((), description="numbers that tell candidates apart; the material unless given")

    def sentence(self) -> str:
        ranked = f" best by {self.by()}" if self.is_ranked else ""
        return f"{self.keep:,} different ones of {self.among:,}{ranked}"

    def mistakes(self, path: str, scene: Scene) -> list[Mistake]:
        found = [m for name in self.columns for m in no_column(f"{path}.columns", name, scene)]
        if not self.columns:
            found += no_material(path, scene, MATERIALS)
        if self.among < self.keep:
            found.append(Mistake(f"{path}.among", f"{self.among} are fewer than the {self.keep} to be kept"))
        return found + (self.rank_mistakes(path, scene) if self.is_ranked else [])

    def ready(self, scene: Scene) -> Spread:
        score = self.score_in(scene) if self.is_ranked else _by_chance
        return Spread(self, Best(self.among, score, f"not among the {self.among:,} that diversity chooses from"))


def _by_chance(candidates: Candidates) -> np.ndarray:
    """A number that is as good as random and always the same for a place in the stream."""
    return mixed(candidates.places.astype(np.uint64)).astype(float)


class Spread:
    """Gathers the best, then picks."""

    def __init__(self, stage: Diversity, best: Best) -> None:
        self.stage, self._best = stage, best
        self._like: Candidates | None = None

    def could_be(self, candidates: Candidates) -> Verdict:
        return self._best.could_be(candidates)

    def add(self, candidates: Candidates) -> pd.DataFrame:
        self._like = candidates
        return self._best.add(candidates)

    def chosen(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        import pandas as pd

        frame, fallen = self._best.chosen()
        if self._like is None or not len(frame):
            return frame, fallen
        distances, failures = self._distances(self._like.of(frame))
        able = np.setdiff1d(np.arange(len(frame)), list(failures))
        picks = able[picked(distances, len(able), self.stage.keep)] if len(able) else able
        reasons = np.full(len(frame), "close to one that was chosen", object)
        for place, reason in failures.items():
            reasons[place] = reason
        reasons[picks] = ""
        rest = frame[reasons != ""].assign(**{REASON: reasons[reasons != ""]})
        return frame.iloc[picks], pd.concat([fallen, rest]) if len(fallen) else rest

    def _distances(self, candidates: Candidates) -> tuple[Distances, dict[int, str]]:
        if self.stage.columns:
            return _of_numbers(np.column_stack([candidates.numbers(name) for name in self.stage.columns]))
        if candidates.kind == "molecule":
            return _of_molecules(candidates.cells())
        amounts, failures = candidates.amounts()
        fractions = amounts.matrix
        return lambda i: np.abs(fractions - fractions[i]).sum(axis=1) / 2, failures


def picked(distances: Distances, n: int, keep: int) -> np.ndarray:
    """The places of up to `keep` of n candidates: the first, then always the one farthest from all picked so far."""
    picks = [0]
    nearest = distances(0)
    while len(picks) < min(keep, n):
        nearest[picks[-1]] = -1.0
        picks.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, distances(picks[-1]))
    return np.array(picks)


def _of_numbers(numbers: np.ndarray) -> tuple[Distances, dict[int, str]]:
    is_whole = np.isfinite(numbers).all(axis=1)
    known = numbers[is_whole]
    spread = known.std(axis=0) if len(known) else np.ones(numbers.shape[1])
    scaled = (known - known.mean(axis=0)) / np.where(spread > 0, spread, 1.0) if len(known) else known
    failures = {int(i): "has no number to tell it from others" for i in np.flatnonzero(~is_whole)}
    return lambda i: np.sqrt(((scaled - scaled[i]) ** 2).sum(axis=1)), failures


def _of_molecules(cells: list[str]) -> tuple[Distances, dict[int, str]]:
    from matloop.core.molecule import UnreadableMolecule, fingerprints

    rows, failures = [], {}
    for i, cell in enumerate(cells):
        try:
            rows.append(fingerprints([str(cell)])[0])
        except UnreadableMolecule as error:
            failures[i] = error.message
    bits = np.unpackbits(np.array(rows, np.uint8).reshape(len(rows), -1), axis=1).astype(np.float32)
    counts = bits.sum(axis=1)

    def distances(i: int) -> np.ndarray:
        shared = bits @ bits[i]
        return np.asarray(1 - shared / np.maximum(counts + counts[i] - shared, 1), float)

    return distances, failures
