"""Trained models that read the columns of other tables, and travel to other processes as their files."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matloop.datasets.column import MATERIALS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from matloop.discovery.trained import TrainedModel


class Aligned:
    """A trained model, and which column of a table stands for each of its inputs; `file` is its content on disk."""

    def __init__(self, model: TrainedModel, columns: Mapping[str, str], file: bytes | None = None) -> None:
        self.model = model
        self.columns = dict(columns)
        self.file = file
        self.task, self.target = model.task, model.target

    def predict(self, frame: pd.DataFrame, confidence: float = 0.9) -> pd.DataFrame:
        """As TrainedModel.predict."""
        return self.model.predict(self._inputs(frame), confidence)

    def neighbours(self, frame: pd.DataFrame, k: int = 3) -> tuple[np.ndarray, np.ndarray, list[list[str]]]:
        """As TrainedModel.neighbours."""
        return self.model.neighbours(self._inputs(frame), k)

    def features(self, frame: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
        """As TrainedModel.features."""
        return self.model.features(self._inputs(frame))

    def reasons(self, frame: pd.DataFrame) -> list[str]:
        """As TrainedModel.reasons."""
        return self.model.reasons(self._inputs(frame))

    @property
    def knows_training(self) -> bool:
        """Whether its file has the rows that it learned from."""
        return self.model.dataset is not None

    @property
    def is_proprietary(self) -> bool:
        """Whether the rows that it learned from, which a shortlist quotes, may not be passed on."""
        return self.model.dataset is not None and self.model.dataset.is_proprietary

    def materials(self) -> list[Any]:
        """The materials that it learned from; none where it reads only numbers and words, or its file has no rows."""
        name = next((column.name for column in self.model.inputs if column.kind in MATERIALS), None)
        return [] if name is None or not self.knows_training else self.model.training[name].tolist()

    def _inputs(self, frame: pd.DataFrame) -> pd.DataFrame:
        made = frame[list(self.columns.values())]
        return made.set_axis(list(self.columns), axis=1)


def aligned(
    model: TrainedModel, columns: Sequence[str], material: str | None, kind: str | None, file: bytes | None = None
) -> Aligned | str:
    """The model on a table with these columns, or the name of the input that it misses.

    The table's material stands for the model's where their names differ and their kinds do not.
    """
    chosen: dict[str, str] = {}
    for column in model.inputs:
        if column.name in columns:
            chosen[column.name] = column.name
        elif material is not None and column.kind in MATERIALS and column.kind == kind:
            chosen[column.name] = material
        else:
            return column.name
    return Aligned(model, chosen, file)


class ModelFiles:
    """Models as the bytes of their files: pickled small, and loaded once by each process that calls this."""

    def __init__(self, files: Mapping[str, tuple[bytes, Mapping[str, str]]]) -> None:
        self._files = dict(files)
        self._here: Mapping[str, Aligned] | None = None

    @staticmethod
    def of(models: Mapping[str, Any]) -> ModelFiles:
        """These models, all Aligned; this process keeps them as they are."""
        files = {name: model.file or _bytes(model.model) for name, model in models.items()}
        made = ModelFiles({name: (files[name], model.columns) for name, model in models.items()})
        made._here = dict(models)
        return made

    @property
    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each model's file and of how it reads the table."""
        return {
            name: hashlib.sha256(content + repr(sorted(columns.items())).encode()).hexdigest()
            for name, (content, columns) in self._files.items()
        }

    def __call__(self) -> Mapping[str, Aligned]:
        if self._here is None:
            self._here = {name: Aligned(_model(content), columns) for name, (content, columns) in self._files.items()}
        return self._here

    def __getstate__(self) -> dict[str, Any]:
        return {"_files": self._files, "_here": None}


def _bytes(model: TrainedModel) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return model.save(Path(folder) / "model.matloop").read_bytes()


def _model(content: bytes) -> TrainedModel:
    from matloop.discovery.trained import TrainedModel

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.matloop"
        path.write_bytes(content)
        return TrainedModel.load(path)
