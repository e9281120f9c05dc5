"""Predictors made within a budget: the final one of all rows first, then one for each fold, which is judged at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matloop.core.errors import InputError
from matloop.core.progress import Progress
from matloop.discovery import splitting, validating
from matloop.discovery.predictor import Predictor
from matloop.discovery.representation import Representation
from matloop.discovery.training_rows import TrainingRows
from matloop.models import catalogue
from matloop.models.threads import on_threads

#: The final fit may take so many times as long as that of a fold.
FINAL = 2.0


class Fitting:
    """Makes predictors: of all rows first, then of the training rows of each fold, within the budget."""

    def __init__(self, work: TrainingRows, kind: str, seed: int, n_jobs: int, budget: float | None) -> None:
        self.work, self.kind, self.seed, self.n_jobs, self.budget = work, kind, seed, n_jobs, budget
        has_use = catalogue.SUITS.get(kind, catalogue.Suits()).has_unlabelled
        self.unlabelled = work.unlabelled if has_use and len(work.unlabelled) else None
        if kind != "auto":
            catalogue.model(kind, work.task)  # one for another task is told before anything is fitted
            catalogue.check(kind, work.task, work.y, 0 if self.unlabelled is None else len(self.unlabelled))
        self.materials = work.materials
        self.seconds = 0.0
        self.is_interrupted = False

    def run(
        self, splits: Sequence[splitting.NamedSplit], progress: Progress
    ) -> tuple[list[validating.Judged], Predictor]:
        """The final predictor, and each split with what predictors like it said of its test rows."""
        work, began = self.work, time.monotonic()
        X = work.representation.fit(work.described).matrix(work.described)
        folds = [(split, split.folds(X, work.y)) for split in splits]
        left = sum(len(each) for _, each in folds)
        total = left + FINAL
        progress(0, total, f"fitting {self.kind}")
        everyone = np.arange(len(work.y))
        final = self._predictor(everyone, self._share(began, left + FINAL) * FINAL)
        self.seconds = time.monotonic() - began
        judged = [validating.Judged(split, work.y, work.classes) for split, _ in folds]
        try:
            for each, (_, parts) in zip(judged, folds, strict=True):
                for number, (train, test) in enumerate(parts):
                    progress(total - left, total, f"{each.split.name}, fold {number + 1} of {len(parts)}")
                    if each.folds and self.kind != "auto" and self._is_over(began):
                        each.remark = f"the time was up after {len(each.folds)} of {len(parts)} folds"
                        left -= len(parts) - number
                        break
                    self._judge(each, train, test, self._share(began, left), len(parts))
                    left -= 1
        except KeyboardInterrupt:
            self.is_interrupted = True
            each.remark = f"interrupted after {len(each.folds)} of {len(parts)} folds"
        else:
            progress(total, total, "")
        return [one for one in judged if one.folds or one.remark], final

    def _judge(
        self, judged: validating.Judged, train: NDArray[np.intp], test: NDArray[np.intp], seconds: float, n_folds: int
    ) -> None:
        """One fold; one that knows a single class has nothing to say and is left out."""
        work = self.work
        if work.classes is not None and len(set(work.y[train].tolist())) < 2:
            judged.n_left_out += 1
            what = f"{judged.n_left_out} of {n_folds} folds were left out"
            judged.remark = f"{what}: their training rows hold one class alone"
            return
        predictor = self._predictor(train, seconds)
        judged.folds.append(validating.judge(predictor, work.described, work.y, train, test, work.classes))

    def _share(self, began: float, left: float) -> float:
        """The seconds that the next fit may take; without end where there is no budget."""
        if self.budget is None:
            return float("inf")
        return max(0.0, self.budget - (time.monotonic() - began)) / max(left, 1)

    def _is_over(self, began: float) -> bool:
        return self.budget is not None and time.monotonic() - began > self.budget

    def _predictor(self, rows: NDArray[np.intp], seconds: float) -> Predictor:
        work = self.work
        estimator = self._estimator(seconds)
        representation = Representation(**work.representation.get_params())
        described, y, materials = work.described.take(rows), work.y[rows], self.materials[rows]
        try:
            made, _ = Predictor.fitted(representation, estimator, described, y, materials, self.seed, self.unlabelled)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            told = str(error).splitlines()[0][:200]
            hint = "take more rows, or another kind of model: matloop train --list"
            raise InputError(f"'{self.kind}' cannot learn from {len(rows)} of these rows: {told}", hint) from error
        on_threads(made.model, 1)  # what is stored says nothing of the machine; many rows take several processes
        return made

    def _estimator(self, seconds: float) -> Any:
        if self.kind != "auto":
            return catalogue.model(self.kind, self.work.task, self.seed, self.n_jobs)
        from matloop.models import automatic

        made = automatic.AutomaticRegressor if self.work.task == "regression" else automatic.AutomaticClassifier
        return made(budget=seconds, seed=self.seed, n_jobs=self.n_jobs)
