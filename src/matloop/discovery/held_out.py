"""Rows that a model has not seen, to judge by them what its inputs are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matloop.core.errors import InputError
from matloop.discovery import splitting
from matloop.discovery.training_rows import class_of
from matloop.models.out_of_fold import fit
from matloop.models.splits import GroupedSplit, SplitError

if TYPE_CHECKING:
    import pandas as pd

    from matloop.discovery.trained import TrainedModel

Array = NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """Rows of a table by their places (n,), their outcomes (n,), and a model that has not seen them.

    Outcomes are numbers, or of classes their places among the model's classes; `words` say where all this comes from.
    """

    rows: NDArray[np.intp]
    y: NDArray[Any]
    model: Any
    words: str


def of_table(model: TrainedModel, frame: pd.DataFrame, is_good: NDArray[np.bool_]) -> HeldOut | None:
    """The rows of another table that have an outcome; None where none has one."""
    if model.target.name not in frame.columns:
        return None
    y, known = outcomes(model, frame)
    kept = np.flatnonzero(known & is_good)
    if not len(kept):
        return None
    return HeldOut(kept, y[kept], model.predictor.model, "rows of the table given")


def of_training(model: TrainedModel, X: Array, is_good: NDArray[np.bool_], seed: int = 0) -> HeldOut | None:
    """A fifth of the training rows, and the model learned anew from the others; None where there are too few.

    Rows of one material are on the same side.
    """
    from sklearn.base import clone

    y, known = outcomes(model, model.training)
    rows = np.flatnonzero(known & is_good)
    y = y[rows]
    try:
        assert model.dataset is not None
        groups = splitting.material_groups(model.dataset.take(rows), model.inputs)
        train, test = next(iter(GroupedSplit(5, seed).split(X[rows], y, groups)))
    except SplitError:
        return None
    if model.classes is not None and len(np.unique(y[train])) < len(model.classes):
        return None
    fitted, others = model.predictor.model, (X[rows[train]], y[train], groups[train])
    again = fitted.refit(*others) if hasattr(fitted, "refit") else fit(clone(fitted), *others)
    return HeldOut(
        rows[test], y[test], again, "a fifth of the training rows, by the model learned anew from the others"
    )


def outcomes(model: TrainedModel, frame: pd.DataFrame) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The outcomes of a table (n,) as the model's estimator knows them, and which of them are known."""
    import pandas as pd

    cells = frame[model.target.name]
    if model.classes is None:
        y = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        return y, np.isfinite(y)
    place = {name: i for i, name in enumerate(model.classes)}
    codes = np.array([place.get(class_of(cell), -1) for cell in cells.tolist()], dtype=np.intp)
    if not (codes >= 0).any() and cells.notna().any():
        raise InputError(f"the table has none of the classes of {model.target.name}", ", ".join(model.classes[:10]))
    return codes, codes >= 0
