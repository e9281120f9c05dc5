"""A fitted model as a function from rows to one number each, whatever it was fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from matloop.core.errors import InputError, did_you_mean


class Asked:
    """The model as `ask(matrix (n, d)) -> (n,)`: its prediction, or of a classifier the probability of one class.

    `like` are rows as the model was fitted on them: a matrix, or a frame whose column names the model wants to see.
    """

    def __init__(self, model: Any, like: Any, label: Any = None) -> None:
        self.model = model
        self.columns = list(like.columns) if hasattr(like, "columns") else None
        self.classes = list(getattr(model, "classes_", ()))
        self.place = place_of_class(self.classes, label) if self.classes else 0
        self.label = self.classes[self.place] if self.classes else None

    def __call__(self, matrix: np.ndarray) -> np.ndarray:
        rows = self.rows(matrix)
        if not self.classes:
            return np.asarray(self.model.predict(rows), dtype=float).reshape(len(matrix))
        if hasattr(self.model, "predict_proba"):
            return np.asarray(self.model.predict_proba(rows), dtype=float)[:, self.place]
        return np.asarray(self.model.predict(rows) == self.label, dtype=float)

    def rows(self, matrix: np.ndarray) -> Any:
        """The matrix as the model takes it."""
        if self.columns is None:
            return matrix
        import pandas as pd

        return pd.DataFrame(matrix, columns=self.columns)


def place_of_class(classes: Sequence[Any], label: Any = None) -> int:
    """The place of the class that is meant: of two the second unless one is named. Raises InputError."""
    if label is None:
        if len(classes) > 2:
            hint = f"one of: {', '.join(map(str, classes[:20]))}"
            raise InputError(f"the model knows {len(classes)} classes: name the one to explain", hint)
        return len(classes) - 1
    found = [i for i, known in enumerate(classes) if known == label or str(known) == str(label)]
    if not found:
        raise InputError(f"the model knows no class '{label}'", did_you_mean(label, classes))
    return found[0]


def as_matrix(rows: Any) -> np.ndarray:
    """The rows as numbers, (n, d). Raises InputError that names the first column which holds something else."""
    if not hasattr(rows, "columns"):
        return np.atleast_2d(np.asarray(rows, dtype=float))
    columns = []
    for name in rows.columns:
        try:
            columns.append(np.asarray(rows[name], dtype=float))
        except (TypeError, ValueError):
            hint = "explain the model behind its featurizers, whose inputs are numbers"
            raise InputError(f"the column '{name}' holds something else than numbers", hint) from None
    return np.column_stack(columns) if columns else np.empty((len(rows), 0))


def names_of(rows: Any, names: Sequence[str] | None) -> tuple[str, ...]:
    """The names of the columns: those given, the frame's, or 'input 1', 'input 2'…"""
    if names is None:
        names = list(rows.columns) if hasattr(rows, "columns") else [f"input {i + 1}" for i in range(rows.shape[1])]
    if len(names) != rows.shape[1]:
        raise InputError(f"{len(names)} names for {rows.shape[1]} columns")
    return tuple(map(str, names))
