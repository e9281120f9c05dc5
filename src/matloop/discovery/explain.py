"""What `matloop explain` does: why a trained model says what it says, on the whole and of single materials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matloop.core.errors import InputError
from matloop.core.progress import Progress, silent
from matloop.discovery import held_out
from matloop.discovery.element_curves import element_curves
from matloop.discovery.explanation import Explanation, Inputs, rank
from matloop.models.explain import groups as together
from matloop.models.explain.asked import Asked, place_of_class
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
    code = code_of(model, label)
    steps = _Steps(progress, 6)
    steps.next("learning anew without a fifth of the rows" if frame is None else "looking for outcomes")
    basis = _basis(model, frame, seed)
    chosen = basis.some(rows, seed)
    inputs = basis.everything.take(chosen)
    ask = Asked(basis.estimator, inputs.X, code)
    steps.next("shuffling")
    importances, of_table = (
        _importances(basis, groups, rows, seed, steps)
        for groups in (basis.everything.groups, basis.everything.of_table)
    )
    steps.next("contributions")
    told = contributions(
        basis.estimator,
        inputs.X,
        basis.background(rows, seed + 1),
        inputs.names,
        inputs.groups,
        code,
        N_ORDERS,
        seed,
        steps.inner,
    )
    shown = {
        group: _clearest(inputs.X, columns, told.values[:, place])
        for place, (group, columns) in enumerate(inputs.groups.items())
    }
    steps.next("sensitivity")
    shares = sensitivity(ask, inputs.X, progress=steps.inner)
    steps.next("curves")
    curves = [_curve(ask, inputs, shown[group]) for group in _strongest(told)]
    many = basis.some(MANY_ROWS, seed)
    curves += element_curves(model, basis.estimator, basis.table.iloc[many], code)
    steps.next("rules")
    rules = _rules(basis, many)
    steps.end()
    judged = basis.judged
    return Explanation(
        target=model.target,
        label=None if code is None else (model.classes or [])[code],
        inputs=inputs,
        explained_by=basis.words,
        contributions=told,
        shown=shown,
        sensitivity=_summed(shares, inputs.groups),
        curves=curves,
        rules=rules,
        importances=importances,
        of_table=of_table,
        judged_on="" if judged is None else f"{judged.words} ({min(rows, len(judged.y))} rows)",
        remarks=basis.remarks,
    )


@dataclass(frozen=True)
class _Basis:
    """What an explanation stands on: a table as the model sees it, and an estimator that answers to the rows `pool`."""

    model: TrainedModel
    table: pd.DataFrame
    everything: Inputs
    good: NDArray[np.intp]
    judged: held_out.HeldOut | None
    estimator: Any
    pool: NDArray[np.intp]
    words: str
    remarks: list[str]

    def some(self, most: int, seed: int) -> NDArray[np.intp]:
        """At most so many of the rows, by their places in the table."""
        return self.pool[some_of(len(self.pool), most, seed)]

    def background(self, most: int, seed: int) -> Array:
        """Rows to measure contributions against, (m, d)."""
        return self.everything.X[self.good[some_of(len(self.good), most, seed)]]


def _basis(model: TrainedModel, frame: pd.DataFrame | None, seed: int) -> _Basis:
    table = frame if frame is not None else model.training
    everything, is_good = described(model, table)
    good = np.flatnonzero(is_good)
    if not len(good):
        raise InputError("no row of the table can be described", "matloop predict tells why")
    remarks = []
    if len(good) < len(table):
        remarks.append(f"{len(table) - len(good)} rows could not be described and were left out.")
    if frame is not None:
        judged, why = held_out.of_table(model, table, is_good), "the table has no outcomes"
    else:
        judged = held_out.of_training(model, everything.X, is_good, seed)
        why = "there are too few training rows to hold some out"
    if judged is None:
        remarks.append(f"Importance was not measured: {why}.")
    estimator, pool, words = model.predictor.model, good, "rows of the table given"
    if frame is None:
        words = "its training rows"
        if judged is not None and len(judged.rows) >= LEAST_HELD_OUT:
            estimator, pool, words = judged.model, judged.rows, judged.words
    return _Basis(model, table, everything, good, judged, estimator, pool, words, remarks)


def described(model: TrainedModel, frame: pd.DataFrame) -> tuple[Inputs, NDArray[np.bool_]]:
    """What the model sees of each row of a table, and which rows could be described."""
    rows = model.described(frame)
    representation = model.predictor.representation
    names = tuple(map(str, representation.get_feature_names_out()))
    X = representation.matrix(rows)
    groups = together.by_name(names)
    return Inputs(X, names, representation.units, groups, representation.places_of_columns), rows.is_good


def _strongest(told: Contributions) -> list[str]:
    """The groups that move the answers most."""
    order = np.argsort(-told.mean_absolute)[:N_CURVES]
    return [told.names[i] for i in order if told.mean_absolute[i] > 0]


def _curve(ask: Asked, inputs: Inputs, column: int) -> Dependence:
    return along_column(ask, inputs.X, column, inputs.names[column], inputs.units[column], N_PLACES)


def _summed(shares: Array, groups: together.Groups) -> dict[str, float]:
    """The shares (d,) of single inputs as those of groups, the largest first."""
    found = {group: float(shares[list(columns)].sum()) for group, columns in groups.items()}
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _clearest(X: Array, columns: list[int], moved: Array) -> int:
    """Of the columns of a group the one whose value tells best how far the group moved the answer, (n,)."""
    return max(columns, key=lambda i: abs(rank(X[:, i], moved)))


def code_of(model: TrainedModel, label: str | None) -> int | None:
    """The place of the class that is explained: of two the second unless one is named."""
    if model.classes is None:
        if label is not None:
            raise InputError(f"{model.target.name} is a number: there are no classes", "leave --class out")
        return None
    return place_of_class(model.classes, label)


def _importances(
    basis: _Basis, groups: dict[str, list[int]], rows: int, seed: int, steps: _Steps
) -> Importances | None:
    judged, inputs = basis.judged, basis.everything
    if judged is None:
        return None
    chosen = some_of(len(judged.y), rows, seed)
    X = inputs.X[judged.rows[chosen]]
    # a group that is the same in every row, such as the share of an element that none has, cannot be shuffled
    moving = {name: columns for name, columns in groups.items() if np.any(X[:, columns] != X[0, columns])}
    return permutation_importance(
        judged.model, X, judged.y[chosen], moving or groups, inputs.names, N_SHUFFLES, seed, steps.inner
    )


def _rules(basis: _Basis, rows: NDArray[np.intp]) -> Rules:
    """Rules for the classes; of a number, for its upper quarter, or the lower one where less is better."""
    model, inputs, frame = basis.model, basis.everything.take(rows), basis.table.iloc[rows]
    answers = np.asarray(basis.estimator.predict(inputs.X))
    words = _words_of(model, answers)
    measured = None
    if model.target.name in frame.columns:
        y, known = held_out.outcomes(model, frame)
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


def some_of(n: int, most: int, seed: int) -> NDArray[np.intp]:
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
