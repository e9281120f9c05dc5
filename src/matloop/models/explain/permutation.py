"""Permutation importance: how much worse the model gets when an input is shuffled.

Breiman 2001, doi:10.1023/A:1010933404324. Wanted are rows that the model has not seen: on its training rows, an input
that it only remembers seems important.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from matloop.core.progress import Progress, silent
from matloop.models.explain.asked import names_of
from matloop.models.explain.groups import Groups, each


@dataclass(frozen=True)
class Importance:
    """What a group of inputs is worth: the loss added when it is shuffled, its mean and spread over the repeats."""

    name: str
    members: tuple[str, ...]
    mean: float
    std: float


@dataclass(frozen=True)
class Importances:
    """All groups, the most important first; `loss` is the unshuffled one."""

    groups: tuple[Importance, ...]
    loss: float
    #: What the loss is: "MAE" in the target's unit, or "balanced error": 1 less the balanced accuracy.
    loss_name: str
    n_rows: int


def permutation_importance(
    model: Any,
    rows: Any,
    measured: np.ndarray | Sequence[Any],
    groups: Groups | None = None,
    names: Sequence[str] | None = None,
    n_repeats: int = 10,
    seed: int = 0,
    progress: Progress = silent,
) -> Importances:
    """The importance of each group of columns of `rows` (n, d), a matrix or a frame, by `measured` values or classes.

    The columns of a group are shuffled together, so that what correlates within it stays as it was.
    """
    labels = names_of(rows, names)
    groups = groups or each(labels)
    is_classifier = bool(len(getattr(model, "classes_", ())))
    loss = balanced_error if is_classifier else mean_absolute_error
    truth, rng = np.asarray(measured), np.random.default_rng(seed)
    known = np.asarray(model.predict(rows))
    plain = loss(truth, known)
    orders = [rng.permutation(len(truth)) for _ in range(n_repeats)]
    found = []
    for done, (name, columns) in enumerate(groups.items()):
        added = [loss(truth, answers) - plain for answers in _answers(model, rows, known, columns, orders)]
        members = tuple(labels[i] for i in columns)
        found.append(Importance(name, members, float(np.mean(added)), float(np.std(added))))
        progress(done + 1, len(groups), name)
    found.sort(key=lambda one: -one.mean)
    return Importances(tuple(found), plain, "balanced error" if is_classifier else "MAE", len(truth))


def _answers(
    model: Any, rows: Any, known: np.ndarray, columns: Sequence[int], orders: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """The answers (n,) to the rows with the columns in each of the orders; what stays the same is not asked again."""
    places, sources = np.tile(np.arange(len(rows)), len(orders)), np.concatenate(orders)
    moved, is_new = _shuffled(rows, columns, places, sources)
    answers = known[places]
    if is_new.any():
        answers[is_new] = model.predict(moved[is_new])
    return np.split(answers, len(orders))


def _shuffled(rows: Any, columns: Sequence[int], places: np.ndarray, sources: np.ndarray) -> tuple[Any, np.ndarray]:
    """The rows at these places with the columns of others, and which of them (m,) are not what they were."""
    if not hasattr(rows, "columns"):
        members = list(columns)
        moved = rows[places]
        is_new = np.any(rows[sources][:, members] != moved[:, members], axis=1)
        moved[:, members] = rows[sources][:, members]
        return moved, is_new
    moved = rows.iloc[places].reset_index(drop=True)
    for i in columns:
        moved.isetitem(i, rows.iloc[sources, i].to_numpy())
    return moved, np.full(len(places), True)


def mean_absolute_error(measured: np.ndarray, predicted: np.ndarray) -> float:
    """The mean absolute error."""
    return float(np.mean(np.abs(np.asarray(measured, dtype=float) - np.asarray(predicted, dtype=float))))


def balanced_error(measured: np.ndarray, predicted: np.ndarray) -> float:
    """1 less the mean recall of the classes that were measured."""
    recalls = [np.mean(np.asarray(predicted)[measured == label] == label) for label in np.unique(measured)]
    return 1.0 - float(np.mean(recalls))
