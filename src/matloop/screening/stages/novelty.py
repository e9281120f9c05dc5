"""The stage `novelty`: not among what is known already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator

from matloop.core.errors import Mistake
from matloop.screening.candidates import Candidates
from matloop.screening.keys import amounts_of, keys_of
from matloop.screening.known import ROWS, material_in, no_file
from matloop.screening.stage import Scene, Stage, Verdict, no_model, verdict_of
from matloop.screening.stages.unique import Way, way, way_mistakes

#: Stands for the training sets of all models.
TRAINING = "training"


class Novelty(Stage):
    """Keeps what is not in the training set of a model, nor in the given tables.

    `known` is "training", "training: MODEL", or a file; or a list of these. Of each known material 8 bytes are kept.
    """

    kind: Literal["novelty"] = "novelty"
    known: tuple[str, ...] = Field((TRAINING,), min_length=1, description="training, or files of known materials")
    by: Way | None = Field(None, description="composition, elements, inchikey or text; what fits unless given")
    column: str | None = Field(None, description="the column of the files; that of the candidates unless given")

    @field_validator("known", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    def sentence(self) -> str:
        return f"not in {' or '.join(Path(name).name for name in self.known)}" + (f", by {self.by}" if self.by else "")

    def mistakes(self, path: str, scene: Scene) -> list[Mistake]:
        found = way_mistakes(path, self.by, scene)
        for name in self.known:
            if name == TRAINING:
                found += [m for model in scene.models or [""] for m in _untrained(f"{path}.known", model, scene)]
            elif name.startswith(f"{TRAINING}:"):
                found += _untrained(f"{path}.known", _model_in(name), scene)
            else:
                found += no_file(f"{path}.known", name, scene)
        return found

    def ready(self, scene: Scene) -> NotKnown:
        by = way(self.by, scene)
        parts = [keys for name in self.known for keys in self._keys(name, by, scene)]
        return NotKnown(by, np.unique(np.concatenate(parts)) if parts else np.zeros(0, np.uint64))

    def _keys(self, name: str, by: str, scene: Scene) -> list[np.ndarray]:
        if name == TRAINING:
            return [_keys(cells, by, scene) for cells in scene.trained_on.values()]
        if name.startswith(f"{TRAINING}:"):
            return [_keys(scene.trained_on[_model_in(name)], by, scene)]
        from matloop.datasets.stream import Stream

        stream = Stream(scene.base / name)
        hint = f"give it: column = …; one of: {', '.join(stream.columns)}"
        column = self.column or material_in(stream.columns, scene, name, hint)
        return [_keys(frame[column].tolist(), by, scene) for frame in stream.chunks(ROWS, [column])]


def _untrained(path: str, model: str, scene: Scene) -> list[Mistake]:
    """A model that is not there, or of which nobody knows what materials it learned from."""
    if not model:
        return [Mistake(path, "there is no model that was trained on anything", "name its file: --model FILE")]
    if (found := no_model(path, model, scene)) or model in scene.trained_on:
        return found
    return [Mistake(path, f"the file of the model '{model}' has no materials that it learned from", "train it again")]


def _model_in(name: str) -> str:
    return name.partition(":")[2].strip()


def _keys(cells: Any, by: str, scene: Scene) -> np.ndarray:
    """The keys of all known materials that can be read."""
    cells = list(cells)
    given = amounts_of(cells, scene.kind or "composition") if by in ("composition", "elements") else cells
    keys, failures = keys_of(given, by, len(cells))
    return np.delete(keys, list(failures))


@dataclass(frozen=True)
class NotKnown:
    """The judge: the keys of what is known, in order."""

    by: str
    known: np.ndarray

    def judge(self, candidates: Candidates) -> Verdict:
        keys, failures = candidates.keys(self.by)
        reasons = np.full(len(candidates), "", object)
        if len(self.known):
            place = np.searchsorted(self.known, keys).clip(0, len(self.known) - 1)
            reasons[self.known[place] == keys] = "known"
        for i, reason in failures.items():
            reasons[i] = reason
        return verdict_of(reasons)
