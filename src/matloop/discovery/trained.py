"""A trained model: what it predicts and from which columns, how sure it is, where it knows its way, and its card.

A file of it (`.matloop`) is a zip of `model.skops`, `card.json` and `training.parquet`. Nothing in it is ever unpickled:
a stranger's file cannot run code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from matloop.datasets.column import Column


class TrainedModel:
    """Predicts a target from a table of materials, with intervals, and says which rows it cannot judge.

    Attributes
    ----------
    task : "regression" or "classification".
    target : what is predicted.
    inputs : the columns that a table must have to be predicted.
    pipeline : the scikit-learn pipeline from a table (n rows) to predictions (n,).
    card : the facts of the model card, ready for JSON.
    training : the rows it learned from: inputs, target, and what was predicted of each by models that had not seen it.
    """

    task: str
    target: Column
    inputs: Sequence[Column]
    pipeline: Any
    card: Mapping[str, Any]
    training: pd.DataFrame

    def predict(self, frame: pd.DataFrame, confidence: float = 0.9) -> pd.DataFrame:
        """A row for each row of `frame`, under the same index.

        Regression: `prediction, lower, upper, std, in_domain, distance, failure`. Classification: `prediction,
        probability`, `probability of X` for each class X, `in_domain, distance, failure`. What cannot be judged has no
        numbers, is not in the domain, and `failure` says why; elsewhere that is "".
        """
        raise NotImplementedError

    def features(self, frame: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
        """What the model sees of each row, (n, d), and the names of these d; NaN where a row cannot be described."""
        raise NotImplementedError

    def neighbours(self, frame: pd.DataFrame, k: int = 3) -> tuple[np.ndarray, np.ndarray, list[list[str]]]:
        """The k nearest training rows of each row: their places (n, k), distances (n, k) and labels."""
        raise NotImplementedError

    def save(self, path: Path | str) -> Path:
        """Write the file, whole or not at all."""
        raise NotImplementedError

    @classmethod
    def load(cls, path: Path | str) -> TrainedModel:
        """Read a file. Raises ModelFileError where it is damaged, not ours, or asks for more than it may."""
        raise NotImplementedError
