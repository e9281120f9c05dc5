"""What a model is worth on rows that it has not seen: everything is learned anew from the training rows of each fold.

Representation, missing values, scales, the choice among models, the sizes of errors, calibration and the domain: of all
these a fold's test rows know nothing, so that scores, coverage and the share inside the domain are those of new rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matloop.discovery.card import Coverage, Domain, OutOfFold, Score, Split
from matloop.discovery.card_facts import LEVELS, coverages, out_of_fold_classes, out_of_fold_numbers
from matloop.discovery.predictor import Predictor
from matloop.discovery.representation import Described
from matloop.discovery.splitting import NamedSplit
from matloop.models.metrics import FIRST, classification_scores, regression_scores
from matloop.models.probabilities import reliability
from matloop.models.splits import GroupedSplit, LeaveOneGroupOut

Array = NDArray[np.float64]
#: The intervals of out-of-fold predictions that a card shows.
SHOWN = 0.9


class Fold(NamedTuple):
    """The test rows of a fold and what a predictor that had not seen them says: the columns of Predictor.predict."""

    test: NDArray[np.intp]
    told: dict[str, Any]
    #: At each level of confidence that the training rows support, the lower and the upper ends.
    intervals: dict[float, tuple[Array, Array]]
    baseline: dict[str, float]


@dataclass
class Judged:
    """A split and its folds that are done; `remark` says why some are not."""

    split: NamedSplit
    y: NDArray[Any]
    classes: list[str] | None
    folds: list[Fold] = field(default_factory=list)
    remark: str = ""
    n_left_out: int = 0

    # -- scores ---------------------------------------------------------------------------------------------------

    def scores(self, rows: Callable[[Fold], Any] | None = None) -> dict[str, list[float]]:
        """Each score in each fold; of those test rows alone that `rows` picks."""
        told: dict[str, list[float]] = {}
        for fold in self.folds:
            chosen = slice(None) if rows is None else rows(fold)
            for name, value in self._score(fold, chosen).items():
                told.setdefault(name, []).append(value)
        return told

    def _score(self, fold: Fold, chosen: Any) -> dict[str, float]:
        y, told = self.y[fold.test][chosen], fold.told
        if not len(y):
            return {}
        if self.classes is None:
            return regression_scores(y, told["prediction"][chosen])
        return classification_scores(y, told["prediction"][chosen], self._probability(fold)[chosen], self.classes)

    def _probability(self, fold: Fold) -> Array:
        assert self.classes is not None
        n = len(fold.test)
        told = [fold.told.get(f"probability of {name}", np.zeros(n)) for name in self.classes]
        return np.column_stack(told)

    def as_split(self) -> Split:
        """The split as a card has it."""
        baseline: dict[str, list[float]] = {}
        for fold in self.folds:
            for name, value in fold.baseline.items():
                baseline.setdefault(name, []).append(value)
        return Split(
            name=self.split.name,
            is_grouped=self.split.splitter.is_grouped,
            n_folds=len(self.folds),
            n_groups=self.split.n_groups,
            scores=_as_scores(self.scores()),
            baseline=_as_scores(baseline),
            remark=self.remark or self._is_none(),
        )

    def _is_none(self) -> str:
        is_dealt = isinstance(self.split.splitter, GroupedSplit | LeaveOneGroupOut)  # not in order of time
        same = is_dealt and self.split.n_groups == len(self.y)
        return "each row is a group of its own: this is a random split" if same else ""

    # -- uncertainty ----------------------------------------------------------------------------------------------

    def joined(self, name: str) -> NDArray[Any]:
        """A column of the predictions of all folds, in their order; 0 for a class that a fold does not know."""
        return np.concatenate([fold.told.get(name, np.zeros(len(fold.test))) for fold in self.folds])

    @property
    def rows(self) -> NDArray[np.intp]:
        """The test rows of all folds, in their order."""
        return np.concatenate([fold.test for fold in self.folds])

    def coverage(self) -> list[Coverage]:
        """What share the intervals hold; of classes, what share of rows came true in bins of the probability said."""
        if self.classes is None:
            levels = set.intersection(*(set(fold.intervals) for fold in self.folds))
            joined = {
                level: tuple(np.concatenate([fold.intervals[level][end] for fold in self.folds]) for end in (0, 1))
                for level in levels
            }
            return coverages(self.y[self.rows], joined)  # type: ignore[arg-type]
        probability = np.concatenate([self._probability(fold) for fold in self.folds])
        codes = np.searchsorted(self.classes, self.y[self.rows])
        told = reliability(probability, codes)
        return [Coverage(expected=float(s), observed=float(t)) for s, t in zip(told.said, told.true, strict=True)]

    def out_of_fold(self, names: NDArray[Any] | None) -> OutOfFold:
        """Predictions of rows by predictors that had not seen them."""
        rows = self.rows
        if self.classes is not None:
            probability = np.concatenate([self._probability(fold) for fold in self.folds])
            return out_of_fold_classes(
                self.split.name, list(self.y[rows]), list(self.joined("prediction")), probability, self.classes
            )
        predicted, lower, upper = (self.joined(name) for name in ("prediction", "lower", "upper"))
        named = None if names is None else list(names[rows])
        return out_of_fold_numbers(self.split.name, self.y[rows], predicted, lower, upper, SHOWN, named)

    # -- domain ---------------------------------------------------------------------------------------------------

    @property
    def share_inside(self) -> float:
        """The share of test rows inside the domain of the predictor that judged them."""
        return float(np.mean(self.joined("in_domain")))

    def domain_scores(self) -> tuple[float | None, float | None]:
        """The first score of all test rows inside, and of those outside."""
        inside = self.joined("in_domain")
        name = FIRST["regression" if self.classes is None else "classification"]
        names = {name for fold in self.folds for name in fold.told}
        whole = Fold(self.rows, {name: self.joined(name) for name in names}, {}, {})
        return self._score(whole, inside).get(name), self._score(whole, ~inside).get(name)


def _as_scores(told: dict[str, list[float]]) -> list[Score]:
    return [Score(name=name, folds=values) for name, values in told.items()]


def judge(
    predictor: Predictor,
    described: Described,
    y: NDArray[Any],
    train: NDArray[np.intp],
    test: NDArray[np.intp],
    classes: list[str] | None,
) -> Fold:
    """What a predictor, fitted on the training rows, says of the test rows."""
    part = described.take(test)
    intervals: dict[float, tuple[Array, Array]] = {}
    confidence = SHOWN
    if predictor.intervals is not None:
        confidence = min(SHOWN, predictor.intervals.highest_confidence)
    told = predictor.predict(part, confidence)
    if predictor.intervals is not None:
        size = predictor.intervals.size(predictor.representation.matrix(part), told["prediction"])
        supported = [level for level in LEVELS if level <= predictor.intervals.highest_confidence]
        intervals = {level: predictor.intervals.around(told["prediction"], size, level) for level in supported}
    return Fold(test, told, intervals, _baseline(y[train], y[test], classes))


def _baseline(train: NDArray[Any], test: NDArray[Any], classes: list[str] | None) -> dict[str, float]:
    """The scores without a model: of the median (of the mean for what is squared), or of the commonest class."""
    n = len(test)
    if classes is None:
        median = regression_scores(test, np.full(n, np.median(train)))
        mean = regression_scores(test, np.full(n, np.mean(train)))
        return median | {name: mean[name] for name in ("RMSE", "R²")}
    share = np.array([np.mean(train == name) for name in classes])
    named = np.full(n, classes[int(share.argmax())], dtype=object)
    return classification_scores(test, named, np.tile(share, (n, 1)), classes)


def domain_section(judged: Iterable[Judged], predictor: Predictor, elements: list[str]) -> Domain:
    """How the domain held: on the split with the most rows outside."""
    most = min(judged, key=lambda each: each.share_inside)
    inside, outside = most.domain_scores()
    task = "regression" if most.classes is None else "classification"
    return Domain(
        method=(
            "distance to the nearest of the centres of the training rows, in the principal components of features that "
            "count by how much the target depends on them, and no input far beyond the range that was seen"
        ),
        split=most.split.name,
        threshold=predictor.domain.threshold_,
        share_inside=most.share_inside,
        score_name=FIRST[task],
        score_inside=inside,
        score_outside=outside,
        elements=elements,
    )
