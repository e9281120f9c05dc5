"""From a dataset to a trained model: described, fitted, and judged by splits that are honest."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matloop.core.errors import InputError, did_you_mean
from matloop.core.progress import Progress, silent
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset, SetAside
from matloop.discovery import card_facts, splitting, validating
from matloop.discovery.card import (
    Candidate,
    Card,
    Cleaning,
    CleaningStep,
    FeaturizerFacts,
    Selection,
    Uncertainty,
    Use,
    Validation,
)
from matloop.discovery.card import Representation as RepresentationFacts
from matloop.discovery.predictor import Predictor
from matloop.discovery.representation import Described, Representation, cache_of
from matloop.discovery.trained import TrainedModel
from matloop.models import catalogue
from matloop.models.metrics import FIRST
from matloop.models.out_of_fold import last_step

if TYPE_CHECKING:
    from matloop.models.catalogue import Task

#: Seconds for `auto` unless said otherwise; a model that was named takes what it takes.
BUDGET = 600.0
#: The final fit may take so many times as long as that of a fold.
FINAL = 2.0
#: With fewer rows nothing can be learned and judged.
LEAST_ROWS = 10


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
    work = _prepared(dataset, target, features, task, n_jobs, progress)
    if folds is not None:
        folds = Path(folds)
    ways = list(splits) if splits else splitting.usual(work.dataset, work.inputs, folds)
    if folds is not None and "folds" not in ways:
        ways = ["folds" if way == "random" else way for way in ways]
        ways = ways if "folds" in ways else ["folds", *ways]
    named = splitting.named(ways, work.dataset, work.inputs, work.classes is not None, folds, seed, work.places)
    fitting = _Fitting(
        work, model, seed, n_jobs or _processors(), budget if budget is not None else _usual_budget(model)
    )
    judged, final = fitting.run(named, progress)
    card = _card(work, fitting, judged, final, time.monotonic() - began, command)
    trained = TrainedModel(work.target, work.inputs, final, card.to_dict(), work.dataset)
    trained.is_incomplete = fitting.is_interrupted
    return trained


def wanted_seconds(text: str | None) -> float | None:
    """'10 min', '1.5 h' or '90' (seconds) as seconds. Raises InputError for what is no positive duration."""
    from matloop.labs.duration import seconds_of

    if text is None:
        return None
    try:
        seconds = seconds_of(text)
    except ValueError as error:
        raise InputError(str(error), "such as: --budget '10 min'") from error
    if seconds <= 0:
        raise InputError(f"in '{text[:40]}' no model can be trained", "such as: --budget '10 min'")
    return seconds


def _usual_budget(model: str) -> float | None:
    return BUDGET if model == "auto" else None


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# -- what is learned from -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Work:
    """The rows that can be used, described; `y` (n,) are numbers, or names of classes; `places` where they stood."""

    dataset: Dataset
    target: Column
    inputs: list[Column]
    representation: Representation
    described: Described
    y: NDArray[Any]
    classes: list[str] | None
    places: NDArray[np.intp]
    n_given: int
    failures: dict[str, int]
    remarks: list[str] = field(default_factory=list)

    @property
    def task(self) -> Task:
        return "regression" if self.classes is None else "classification"

    @property
    def materials(self) -> NDArray[Any]:
        """Of each row the material, (n,)."""
        return splitting.material_groups(self.dataset, self.inputs)


def _prepared(
    dataset: Dataset,
    target: str | None,
    features: Sequence[str],
    task: Task | None,
    n_jobs: int | None,
    progress: Progress,
) -> _Work:
    wanted = _target(dataset, target)
    inputs = _inputs(dataset, wanted)
    cells = dataset.frame[wanted.name]
    y, is_known, remarks = _outcomes(wanted, cells, task)
    representation = Representation(inputs, _by_column(features, inputs))

    def tell(done: float, total: float | None, told: str = "") -> None:  # noqa: ARG001 - a Progress is called so
        progress(0, None, f"describing {done:,.0f} of {total:,.0f} rows" if total else "describing the rows")

    cache = cache_of(inputs)
    n_processes = 1 if cache is None else n_jobs or _processors()
    described = representation.describe(dataset.frame, n_processes, cache, tell)
    usable = is_known & described.is_good
    places = np.flatnonzero(usable)
    reasons = Counter(described.failures[i] for i in described.failures if is_known[i])
    aside = [SetAside(f"row {i + 1}", reason) for i, reason in described.failures.items() if is_known[i]]
    if len(places) < LEAST_ROWS:
        why = f"; {len(aside)} could not be described, the first because {aside[0].reason}" if aside else ""
        n = len(places)
        raise InputError(f"{n} rows with a known {wanted.name} are too few to learn from: {LEAST_ROWS} at least{why}")
    used = dataset.take(places).with_facts(set_aside=[*dataset.set_aside, *aside])
    y = y[places]
    classes = None if y.dtype.kind == "f" else sorted(set(y.tolist()))
    if classes is not None:
        _require_classes(classes, Counter(y.tolist()), wanted)
        wanted = wanted.model_copy(update={"kind": "text", "unit": None})
    elif np.ptp(y) == 0:
        raise InputError(f"{wanted.name} is {y[0]:g} in every row: there is nothing to learn")
    n_unknown = int((~is_known).sum())
    if n_unknown:
        remarks.append(f"{n_unknown} rows without a {wanted.name} were left aside")
    return _Work(
        used.described(wanted),
        wanted,
        inputs,
        representation,
        described.take(places),
        y,
        classes,
        places,
        len(dataset),
        dict(reasons.most_common(20)),
        remarks,
    )


def _target(dataset: Dataset, name: str | None) -> Column:
    if name is not None:
        column = dataset.column(name)
        if column.kind not in ("number", "text"):
            raise InputError(
                f"'{name}' is a {column.kind}, which cannot be predicted", "name a column of numbers or classes"
            )
        return column.model_copy(update={"role": "target", "of": None})
    targets = dataset.targets
    if len(targets) != 1:
        could = [c.name for c in targets or dataset.columns.values() if c.kind in ("number", "text")]
        what = "several columns are targets" if targets else "no column is said to be the target"
        raise InputError(what, f"--target with one of: {', '.join(could[:12])}")
    return targets[0]


def _inputs(dataset: Dataset, target: Column) -> list[Column]:
    """The material and the inputs; other targets are none, since they would not be known of a new material."""
    chosen = [c for c in dataset.columns.values() if c.role in ("material", "input") and c.name != target.name]
    if not chosen:
        raise InputError(
            "there is nothing to predict from: no material and no input",
            "say what is one: matloop import FILE --role NAME=material, or --role NAME=input",
        )
    return chosen


def _by_column(features: Sequence[str], inputs: Sequence[Column]) -> dict[str, tuple[str, ...]] | None:
    """The featurizers of each column, by what they read. Raises InputError for one that fits none."""
    from matloop.features.naming import featurizer

    chosen: dict[str, tuple[str, ...]] = {}
    for text in features:
        kind = featurizer(text).kind
        fitting = [c for c in inputs if c.kind == kind] or [
            c for c in inputs if (c.kind, kind) == ("structure", "composition")
        ]
        if not fitting:
            there = ", ".join(f"'{c.name}', a {c.kind}" for c in inputs)
            raise InputError(
                f"'{text[:40]}' describes a {kind}, and there is none among the inputs", f"there is {there}"
            )
        for column in fitting:
            chosen[column.name] = (*chosen.get(column.name, ()), text)
    return chosen or None


def _outcomes(target: Column, cells: Any, task: Task | None) -> tuple[NDArray[Any], NDArray[np.bool_], list[str]]:
    """Numbers or names of classes (n,), which of them are known, and what had to be decided."""
    import pandas as pd

    known = cells.notna().to_numpy()
    is_number = target.kind == "number"
    remarks = []
    if task is None and is_number:
        values = np.unique(cells[known].to_numpy(dtype=float))
        task = "classification" if len(values) == 2 and not np.mod(values, 1).any() else "regression"
        if task == "classification":
            low, high = values
            remarks.append(f"{target.name} is {low:g} or {high:g} in every row: that was taken as two classes")
    if task == "regression" and not is_number:
        raise InputError(f"'{target.name}' holds text, which is predicted as classes", "--task classification")
    if (task or "classification") == "regression":
        y = cells.to_numpy(dtype=float, na_value=np.nan)
        finite = np.isfinite(y)
        return y, finite, remarks
    told = np.array(["" if not there else _class(cell) for cell, there in zip(cells, known, strict=True)], dtype=object)
    assert isinstance(cells, pd.Series)
    return told, known & (told != ""), remarks


def _class(cell: Any) -> str:
    """The name of a class: 1.0 is '1'."""
    return str(int(cell)) if isinstance(cell, float) and cell == int(cell) else str(cell).strip()


def _require_classes(classes: list[str], counts: Mapping[str, int], target: Column) -> None:
    if len(classes) < 2:
        raise InputError(f"{target.name} is '{classes[0]}' in every row: there is nothing to learn")
    if len(classes) > 100:
        hint = "--task regression, or name another column with --target"
        raise InputError(f"{target.name} has {len(classes)} different values: these are no classes", hint)
    rare = [name for name in classes if counts[name] < 5]
    if rare:
        hint = "put rare classes together, or leave their rows out"
        raise InputError(f"'{rare[0]}' is the {target.name} of {counts[rare[0]]} rows; a class needs five", hint)


# -- fitting ------------------------------------------------------------------------------------------------------


class _Fitting:
    """Makes predictors: of all rows first, then of the training rows of each fold, within the budget."""

    def __init__(self, work: _Work, kind: str, seed: int, n_jobs: int, budget: float | None) -> None:
        self.work, self.kind, self.seed, self.n_jobs, self.budget = work, kind, seed, n_jobs, budget
        if kind != "auto":
            catalogue.model(kind, work.task)  # a wrong name is told before anything is computed
            catalogue.check(kind, work.task, work.y)
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
        made, _ = Predictor.fitted(
            representation, estimator, work.described.take(rows), work.y[rows], self.materials[rows], self.seed
        )
        _on_one_thread(made.model)
        return made

    def _estimator(self, seconds: float) -> Any:
        if self.kind != "auto":
            return catalogue.model(self.kind, self.work.task, self.seed, self.n_jobs)
        try:
            from matloop.models import automatic
        except ImportError as error:
            raise InputError(
                "'auto' is not available here", did_you_mean("forest", catalogue.kinds(self.work.task))
            ) from error
        made = automatic.AutomaticRegressor if self.work.task == "regression" else automatic.AutomaticClassifier
        return made(budget=seconds, seed=self.seed, n_jobs=self.n_jobs)


def _on_one_thread(model: Any) -> None:
    """What is stored says nothing of the machine it was made on; whoever predicts much takes several processes."""
    if hasattr(model, "get_params"):
        model.set_params(**{name: 1 for name in model.get_params() if name.split("__")[-1] == "n_jobs"})


# -- the card -----------------------------------------------------------------------------------------------------


def _card(
    work: _Work,
    fitting: _Fitting,
    judged: list[validating.Judged],
    final: Predictor,
    seconds: float,
    command: str,
) -> Card:
    facts = card_facts.data(work.dataset, work.target, work.inputs)
    told = [each for each in judged if each.folds]
    steps = []
    if len(work.y) < work.n_given:
        steps.append(CleaningStep(what="rows that cannot be used", n_before=work.n_given, n_after=len(work.y)))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Card(
        name=work.target.name,
        task=work.task,
        model=_called(fitting),
        data=facts,
        cleaning=Cleaning(steps=steps, remarks=work.remarks),
        representation=_representation(work, final),
        selection=_selection(fitting, final),
        validation=Validation(
            splits=[each.as_split() for each in judged],
            is_nested=True,
            out_of_fold=[each.out_of_fold(_labels(work)) for each in told],
        ),
        uncertainty=_uncertainty(work, told),
        domain=validating.domain_section(told, final, _elements(work)) if told else validating.Domain(),
        use=_use(work),
        provenance=card_facts.provenance(fitting.seed, seconds, now, command),
    )


def _called(fitting: _Fitting) -> str:
    return "an ensemble chosen by auto" if fitting.kind == "auto" else fitting.kind


def _labels(work: _Work) -> NDArray[Any] | None:
    column = work.dataset.material
    if column is None or column.kind == "structure":
        return None
    return np.array([str(cell) for cell in work.dataset.frame[column.name]], dtype=object)


def _representation(work: _Work, final: Predictor) -> RepresentationFacts:
    told = []
    for column in work.inputs:
        if column.kind in ("number", "text"):
            continue
        for part in final.representation.featurizer_of(column).parts:
            told.append(
                FeaturizerFacts(
                    name=part.name, column=column.name, n_features=len(part.names), citations=list(part.citations)
                )
            )
    return RepresentationFacts(
        featurizers=told,
        n_features=final.domain.n_features_in_,
        preprocessing=_preprocessing(final.model),
        n_failed=sum(work.failures.values()),
        failures=work.failures,
    )


#: What the steps of a pipeline do, in words.
_STEPS = {
    "fill": "missing values become the median of their column",
    "scale": "each column to mean 0 and standard deviation 1",
    "components": "principal components that keep 95 % of the variance",
    "cube": "each component to the range 0 to 1",
}


def _preprocessing(model: Any) -> list[str]:
    return [_STEPS[name] for name, _ in getattr(model, "steps", ()) if name in _STEPS]


def _selection(fitting: _Fitting, final: Predictor) -> Selection:
    score: Any = FIRST[fitting.work.task]
    trials = getattr(last_step(final.model), "trials_", None)
    if trials is None:
        chosen = Candidate(model=fitting.kind, seconds=fitting.seconds, weight=1.0)
        return Selection(
            method="named by whoever trained it", chosen=fitting.kind, candidates=[chosen], seconds=fitting.seconds
        )
    weights = dict(getattr(last_step(final.model), "weights_", {}) or {})
    candidates = [
        Candidate(
            model=str(trial["model"]),
            score=trial.get("score"),
            seconds=trial.get("seconds"),
            status=str(trial.get("status", "done")),
            weight=float(weights.get(trial["model"], 0.0)),
        )
        for trial in trials
    ]
    return Selection(
        method="judged by out-of-fold predictions within the training rows, anew in each fold",
        score_name=score,
        chosen=_called(fitting),
        candidates=candidates,
        budget_seconds=fitting.budget,
        seconds=fitting.seconds,
    )


def _uncertainty(work: _Work, judged: list[validating.Judged]) -> Uncertainty:
    method = (
        "conformal intervals from out-of-fold residuals, scaled by their expected size, each side by itself"
        if work.classes is None
        else "probabilities calibrated on out-of-fold predictions (one temperature, one shift for each class)"
    )
    if not judged:
        return Uncertainty(method=method, remark="not measured: no fold could be judged")
    first, *others = judged
    remark = ""
    if work.classes is None:
        told = [f"on '{each.split.name}' {_held(each)}" for each in others]
        remark = "; ".join(filter(None, told))
    return Uncertainty(
        method=method, split=first.split.name, n_rows=len(first.rows), coverage=first.coverage(), remark=remark
    )


def _held(judged: validating.Judged) -> str:
    found = next((each for each in judged.coverage() if each.expected == 0.9), None)
    return "" if found is None else f"90 % intervals held {100 * found.observed:.1f} %"


def _elements(work: _Work) -> list[str]:
    from matloop.core.composition import elements_of
    from matloop.datasets.groups import composition_key

    column = next((c for c in work.inputs if c.kind in ("composition", "structure")), None)
    if column is None:
        return []
    keys = {composition_key(cell, column.kind) for cell in work.dataset.frame[column.name]}
    return sorted({element for key in keys if key for element in elements_of(key)})


def _use(work: _Work) -> Use:
    unit = f" in {work.target.unit}" if work.target.unit else ""
    limits = ["rows outside the domain: the model has seen nothing like them, and its intervals promise nothing there"]
    if work.classes is None:
        low, high = float(work.y.min()), float(work.y.max())
        limits.append(f"values beyond {low:.4g} to {high:.4g}{unit}, which no training row has")
    return Use(intended=f"to predict {work.target.name}{unit} of materials like those it learned from", limits=limits)
