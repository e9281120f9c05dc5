"""From a dataset to a trained model: described, fitted, and judged by splits that are honest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matloop.core.errors import InputError
from matloop.core.progress import Progress, silent
from matloop.datasets.dataset import Dataset
from matloop.discovery import splitting
from matloop.discovery.fitting import Fitting
from matloop.discovery.trained import TrainedModel
from matloop.discovery.training_card import card_of
from matloop.discovery.training_rows import TrainingRows, training_rows
from matloop.models import catalogue
from matloop.models.steady_warnings import steady_warnings
from matloop.processes import n_cores

if TYPE_CHECKING:
    from matloop.models.catalogue import Task

#: Seconds for `auto` unless said otherwise, so that with describing and storing it is done in ten minutes. A model that
#: was named takes what it takes.
BUDGET = 540.0


def train(
    dataset: Dataset,
    target: str | None = None,
    model: str = "auto",
    splits: Sequence[str] | None = None,
    budget: float | None = None,
    folds: Path | str | None = None,
    features: Sequence[str] = (),
    task: Task | None = None,
    seed: int = 0,
    n_jobs: int | None = None,
    progress: Progress = silent,
    command: str = "",
) -> TrainedModel:
    """A model of the target, judged on rows held back in each of the ways that `splits` names.

    `model` is a kind of `models.catalogue`, or "auto" to choose within `budget` seconds. `splits` are names of
    `discovery.splitting.WAYS`; unless given, a random split beside one that keeps together what is alike. `folds` is a
    file of published folds. `features` names featurizers of the materials. Ctrl-C while the model is being judged ends
    the judging: the model is whole, and its card says which folds are missing.

    Raises InputError where the dataset does not hold what is asked for, or too little of it.
    """
    began = time.monotonic()
    if model != "auto":
        catalogue.require(model)
    n_jobs = n_jobs or n_cores()
    rows = training_rows(dataset, target, features, task, n_jobs, progress)
    folds = None if folds is None else Path(folds)
    ways = _ways(splits, rows, folds)
    named = splitting.named(ways, rows.dataset, rows.inputs, rows.classes is not None, folds, seed, rows.places)
    if folds is not None and dataset.set_aside:
        n = len(dataset.set_aside)
        rows.remarks.append(f"{n} records were set aside when the data were read: the file of folds counts the others")
    fitting = Fitting(rows, model, seed, n_jobs, BUDGET if budget is None and model == "auto" else budget)
    with steady_warnings():
        judged, final = fitting.run(named, progress)
    card = card_of(rows, fitting, judged, final, time.monotonic() - began, command)
    trained = TrainedModel(rows.target, rows.inputs, final, card.to_dict(), rows.dataset)
    trained.is_incomplete = fitting.is_interrupted
    return trained


def _ways(splits: Sequence[str] | None, rows: TrainingRows, folds: Path | None) -> list[str]:
    """The names of the splits; folds from a file take the place of random ones."""
    if not splits:
        return splitting.usual(rows.dataset, rows.inputs, folds)
    if folds is None or "folds" in splits:
        return list(splits)
    ways = ["folds" if way == "random" else way for way in splits]
    return ways if "folds" in ways else ["folds", *ways]


def wanted_seconds(text: str | None) -> float | None:
    """'10 min', '1.5 h' or '90' (seconds) as seconds. Raises InputError for what is no positive duration."""
    from matloop.core.duration import seconds_of

    if text is None:
        return None
    try:
        seconds = seconds_of(text)
    except ValueError as error:
        raise InputError(str(error), "such as: --budget '10 min'") from error
    if seconds <= 0:
        raise InputError(f"in '{text[:40]}' no model can be trained", "such as: --budget '10 min'")
    return seconds
