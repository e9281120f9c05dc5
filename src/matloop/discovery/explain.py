"""What `matloop explain` does: why a trained model says what it says, on the whole and of single materials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matloop.core.errors import InputError
from matloop.core.progress import Progress, silent
from matloop.datasets.column import Column
from matloop.discovery import held_out
from matloop.discovery.element_curves import SHARE_OF, element_curves
from matloop.models.explain import groups as together
from matloop.models.explain.asked import Asked
from matloop.models.explain.contributions import Contributions, contributions
from matloop.models.explain.dependence import Dependence, along_column
from matloop.models.explain.permutation import Importances, permutation_importance
from matloop.models.explain.rules import Rules, find_rules
from matloop.models.explain.sensitivity import sensitivity

if TYPE_CHECKING:
    import pandas as pd

    from matloop.discovery.trained import TrainedModel

Array = NDArray[np.float64]
#: So many rows are explained; elements are looked for, and rules counted, in more of them.
ROWS, MANY_ROWS = 100, 5000
#: Curves are drawn along so many inputs, at so many places; shuffles of each group; orders of a sampled contribution.
N_CURVES, N_PLACES, N_SHUFFLES, N_ORDERS = 6, 20, 5, 16


#: With so many rows held out, all is explained by them: a model may know its training rows by heart, and then no small
#: change of one of them moves its answer.
LEAST_HELD_OUT = 50
#: A rank correlation between an input and its contribution that is a direction.
CLEAR = 0.6


@dataclass(frozen=True)
class Inputs:
    """What the model sees: rows (n, d), the names and units of the columns, and which of them belong together.

    `groups` are such as the statistics of one property; `of_table` are all that was made of one column of the table.
    """

    X: Array
    names: tuple[str, ...]
    units: tuple[str | None, ...]
    groups: dict[str, list[int]]
    of_table: dict[str, list[int]]

    def take(self, rows: Any) -> Inputs:
        """These rows."""
        return replace(self, X=self.X[rows])


@dataclass(frozen=True)
class Explanation:
    """All that is told of a model; what could not be found out is None, and `remarks` say why.

    `shown` is, for each group of inputs, the column whose value stands for it in a figure.
    """

    target: Column
    label: str | None
    inputs: Inputs
    #: Which rows these are, in words.
    explained_by: str
    contributions: Contributions
    shown: dict[str, int]
    sensitivity: dict[str, float]
    curves: list[Dependence]
    rules: Rules
    importances: Importances | None = None
    #: The same for whole columns of the table: a material, of which many features say the same, as one.
    of_table: Importances | None = None
    judged_on: str = ""
    remarks: list[str] = field(default_factory=list)

    @property
    def answer(self) -> Column:
        """What the model answers: the target, or the probability of a class."""
        if self.label is None:
            return self.target
        return Column(f"probability of {self.label}", role="target")

    def sentences(self) -> list[str]:
        """What whole columns of the table are worth, and where the shares of elements lead."""
        told = []
        unit = f" {self.answer.unit}" if self.answer.unit else ""
        if self.of_table is not None and len(self.of_table.groups) > 1:
            of = unit if self.of_table.loss_name == "MAE" else ""
            worth = ", ".join(f"{g.name} {g.mean:.3g}{of}" for g in self.of_table.groups)
            told.append(f"{self.of_table.loss_name} added when a whole column is shuffled: {worth}.")
        for curve in self.curves:
            if curve.name.startswith(SHARE_OF):
                ends = f"{curve.grid[0]:.2f} to {curve.grid[-1]:.2f}"
                change = f"{curve.average[0]:.3g} to {curve.average[-1]:.3g}{unit}"
                told.append(f"{curve.name} from {ends}: {self.answer.name} from {change} on average.")
        return told

    def direction(self, group: str) -> str:
        """Whether the answer rises or falls with an input, "" where it does neither clearly: by rank correlation."""
        columns = self.inputs.groups[group]
        place = self.contributions.names.index(group)
        rank = _rank(self.inputs.X[:, self.shown[group]], self.contributions.values[:, place])
        if abs(rank) < CLEAR:
            return ""
        name = f" with {self.inputs.names[self.shown[group]]}" if len(columns) > 1 else ""
        return ("rises" if rank > 0 else "falls") + name

    def facts(self) -> dict[str, Any]:
        """For other programs."""
        told = self.contributions
        found = self.importances
        return {
            "target": self.target.name,
            "unit": self.target.unit,
            "class": self.label,
            "rows": len(self.inputs.X),
            "explained_by": self.explained_by,
            "importance": None
            if found is None
            else {
                "measure": f"{found.loss_name} added when shuffled",
                "judged_on": self.judged_on,
                "unshuffled": found.loss,
                "inputs": [
                    {"input": g.name, "mean": g.mean, "std": g.std, "members": list(g.members)} for g in found.groups
                ],
                "columns": {g.name: g.mean for g in (self.of_table.groups if self.of_table else ())},
            },
            "contributions": {
                "method": told.method,
                "scale": told.scale,
                "base": told.base,
                "mean_absolute": dict(zip(told.names, told.mean_absolute.tolist(), strict=True)),
            },
            "direction": {group: self.direction(group) for group in told.names},
            "sensitivity": self.sensitivity,
            "dependence": [
                {"input": c.name, "unit": c.unit, "at": c.grid.tolist(), "average": c.average.tolist()}
                for c in self.curves
            ],
            "rules": [
                {
                    "if": [str(condition) for condition in rule.conditions],
                    "then": rule.then,
                    "precision": rule.precision,
                    "measured_precision": rule.measured_precision,
                    "support": rule.support,
                    "rows": rule.n_holds,
                }
                for rule in self.rules.rules
            ],
            "rules_agree_with_model": self.rules.agreement,
            "remarks": self.remarks,
        }


def explain(
    model: TrainedModel,
    frame: pd.DataFrame | None = None,
    label: str | None = None,
    rows: int = ROWS,
    seed: int = 0,
    progress: Progress = silent,
) -> Explanation:
    """Explain a model by the rows of a table, or by its training rows where none is given.

    Importance is judged on rows that the model has not seen: those of the table that have an outcome, else a fifth of
    the training rows, by a copy of the model that has learned from the others. Where these are enough, that copy and
    these rows stand for the model in all else as well. Of classes `label` is explained.

    Raises InputError where no row can be described, or a class is unknown.
    """
    remarks: list[str] = []
    given = frame if frame is not None else model.training
    everything, is_good = described(model, given)
    good = np.flatnonzero(is_good)
    if not len(good):
        raise InputError("no row of the table can be described", "matloop predict tells why")
    if len(good) < len(given):
        remarks.append(f"{len(given) - len(good)} rows could not be described and were left out.")
    code = _code(model, label)
    steps = _Steps(progress, 6)

    steps.next("learning anew without a fifth of the rows" if frame is None else "looking for outcomes")
    if frame is None:
        judged = held_out.of_training(model, everything.X, is_good, seed)
    else:
        judged = held_out.of_table(model, given, is_good)
    if judged is None:
        why = "the table has no outcomes" if frame is not None else "there are too few training rows to hold some out"
        remarks.append(f"Importance was not measured: {why}.")
    estimator, pool, explained_by = model.predictor.model, good, "rows of the table given"
    if frame is None:
        explained_by = "its training rows"
        if judged is not None and len(judged.rows) >= LEAST_HELD_OUT:
            estimator, pool, explained_by = judged.model, judged.rows, judged.words
    chosen = pool[_some(len(pool), rows, seed)]
    inputs = everything.take(chosen)

    steps.next("shuffling")
    importances = _importances(judged, everything, everything.groups, rows, seed, steps)
    of_table = _importances(judged, everything, everything.of_table, rows, seed, steps)
    steps.next("contributions")
    background = everything.X[good[_some(len(good), rows, seed + 1)]]
    told = contributions(
        estimator, inputs.X, background, inputs.names, inputs.groups, code, N_ORDERS, seed, progress=steps.inner
    )
    steps.next("sensitivity")
    ask = Asked(estimator, inputs.X, code)
    single = sensitivity(ask, inputs.X, progress=steps.inner)
    steps.next("curves")
    shown = {
        group: _clearest(inputs.X, columns, told.values[:, place])
        for place, (group, columns) in enumerate(inputs.groups.items())
    }
    strongest = [told.names[i] for i in np.argsort(-told.mean_absolute)[:N_CURVES] if told.mean_absolute[i] > 0]
    curves = [
        along_column(ask, inputs.X, shown[g], inputs.names[shown[g]], inputs.units[shown[g]], N_PLACES)
        for g in strongest
    ]
    many = pool[_some(len(pool), MANY_ROWS, seed)]
    curves += element_curves(model, estimator, given.iloc[many], code)
    steps.next("rules")
    rules = _rules(model, estimator, everything.take(many), given.iloc[many])
    steps.end()
    shares = {group: float(single[columns].sum()) for group, columns in inputs.groups.items()}
    ranked = dict(sorted(shares.items(), key=lambda pair: -pair[1]))
    name = None if code is None else (model.classes or [])[code]
    judged_on = "" if judged is None else f"{judged.words} ({min(rows, len(judged.y))} rows)"
    return Explanation(
        model.target,
        name,
        inputs,
        explained_by,
        told,
        shown,
        ranked,
        curves,
        rules,
        importances,
        of_table,
        judged_on,
        remarks,
    )


def described(model: TrainedModel, frame: pd.DataFrame) -> tuple[Inputs, NDArray[np.bool_]]:
    """What the model sees of each row of a table, and which rows could be described."""
    rows = model.described(frame)
    representation = model.predictor.representation
    names = tuple(map(str, representation.get_feature_names_out()))
    X = representation.matrix(rows)
    groups = together.by_name(names)
    return Inputs(X, names, representation.units, groups, representation.places_of_columns), rows.is_good


def _clearest(X: Array, columns: list[int], moved: Array) -> int:
    """Of the columns of a group the one whose value tells best how far the group moved the answer, (n,)."""
    return max(columns, key=lambda i: abs(_rank(X[:, i], moved)))


def _rank(values: Array, moved: Array) -> float:
    """The rank correlation of an input and its contribution; 0 where one of them does not vary."""
    from scipy.stats import spearmanr

    known = np.isfinite(values)
    if known.sum() < 3 or np.ptp(values[known]) == 0 or np.ptp(moved[known]) == 0:
        return 0.0
    return float(spearmanr(values[known], moved[known]).statistic)


def _code(model: TrainedModel, label: str | None) -> int | None:
    """The place of the class that is explained: of two the second unless one is named."""
    if model.classes is None:
        if label is not None:
            raise InputError(f"{model.target.name} is a number: there are no classes", "leave --class out")
        return None
    return int(Asked(_Classes(model.classes), np.empty((0, 0)), label).place)


class _Classes:
    def __init__(self, names: Sequence[str]) -> None:
        self.classes_ = list(names)


def _importances(
    judged: held_out.HeldOut | None,
    inputs: Inputs,
    groups: dict[str, list[int]],
    rows: int,
    seed: int,
    steps: _Steps,
) -> Importances | None:
    if judged is None:
        return None
    chosen = _some(len(judged.y), rows, seed)
    X = inputs.X[judged.rows[chosen]]
    # a group that is the same in every row, such as the share of an element that none has, cannot be shuffled
    moving = {name: columns for name, columns in groups.items() if np.any(X[:, columns] != X[0, columns])}
    return permutation_importance(
        judged.model, X, judged.y[chosen], moving or groups, inputs.names, N_SHUFFLES, seed, steps.inner
    )


def _rules(model: TrainedModel, estimator: Any, inputs: Inputs, frame: pd.DataFrame) -> Rules:
    """Rules for the classes; of a number, for its upper quarter, or the lower one where less is better."""
    answers = np.asarray(estimator.predict(inputs.X))
    has_outcome = model.target.name in frame.columns
    y, known = held_out.outcomes(model, frame) if has_outcome else (np.empty(0), np.array([False]))
    words = _words_of(model, answers)
    measured = words(y).tolist() if known.all() else None
    return find_rules(inputs.X, words(answers).tolist(), inputs.names, inputs.units, measured)


def _words_of(model: TrainedModel, answers: NDArray[Any]) -> Any:
    """A function from answers (n,) to words: the class, or whether a number is beyond the quartile."""
    if model.classes is not None:
        classes = np.array([f"{model.target.name} is {name}" for name in model.classes], dtype=object)
        return lambda values: classes[np.asarray(values, dtype=np.intp)]
    is_low = model.target.direction == "minimize"
    border = float(f"{np.quantile(answers, 0.25 if is_low else 0.75):.3g}")
    unit = f" {model.target.unit}" if model.target.unit else ""
    above, below = f"{model.target.name} > {border:g}{unit}", f"{model.target.name} ≤ {border:g}{unit}"
    return lambda values: np.where(np.asarray(values, dtype=float) > border, above, below)


def _some(n: int, most: int, seed: int) -> NDArray[np.intp]:
    """At most so many of n places, in order."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))


class _Steps:
    """Progress over steps of which each has a progress of its own."""

    def __init__(self, progress: Progress, n: int) -> None:
        self._progress, self._n, self._done, self._words = progress, n, -1, ""

    def next(self, words: str) -> None:
        self._done, self._words = self._done + 1, words
        self._progress(self._done, self._n, words)

    def inner(self, done: float, total: float | None, told: str = "") -> None:
        self._progress(self._done + done / (total or 1.0), self._n, self._words)

    def end(self) -> None:
        self._progress(self._n, self._n, "")
