"""The card of a model that was just trained, section by section."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matloop.discovery import card_facts, validating
from matloop.discovery.card import (
    Candidate,
    Card,
    Cleaning,
    CleaningStep,
    FeaturizerFacts,
    Representation,
    Selection,
    Uncertainty,
    Use,
    Validation,
)
from matloop.discovery.fitting import Fitting
from matloop.discovery.predictor import Predictor
from matloop.discovery.training_rows import TrainingRows
from matloop.models.out_of_fold import last_step

#: Of so many levels of confidence it is said in words how they held.
QUOTED = (0.5, 0.8, 0.9, 0.95)


def card_of(
    work: TrainingRows,
    fitting: Fitting,
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
        cleaning=Cleaning(steps=steps, remarks=[*work.remarks, *_without_outcome(work, fitting)]),
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


def _without_outcome(work: TrainingRows, fitting: Fitting) -> list[str]:
    n = len(work.unlabelled)
    if not n:
        return []
    rows = f"{n} {'row' if n == 1 else 'rows'} without a {work.target.name}"
    if fitting.unlabelled is not None:
        return [f"{rows} taught the model as well, by their inputs"]
    return [f"{rows} {'was' if n == 1 else 'were'} left aside; --model self_training learns from such rows as well"]


def _called(fitting: Fitting) -> str:
    return "an ensemble chosen by auto" if fitting.kind == "auto" else fitting.kind


def _labels(work: TrainingRows) -> NDArray[Any] | None:
    column = work.dataset.material
    if column is None or column.kind == "structure":
        return None
    return np.array([str(cell) for cell in work.dataset.frame[column.name]], dtype=object)


def _representation(work: TrainingRows, final: Predictor) -> Representation:
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
    return Representation(
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


def _selection(fitting: Fitting, final: Predictor) -> Selection:
    is_numbers = fitting.work.classes is None
    trials = getattr(last_step(final.model), "trials_", None)
    if trials is None:
        chosen = Candidate(model=fitting.kind, seconds=fitting.seconds, weight=1.0)
        return Selection(
            method="named by whoever trained it", chosen=fitting.kind, candidates=[chosen], seconds=fitting.seconds
        )
    shares = 1 if is_numbers or len(fitting.work.classes or ()) > 2 else 2  # auto sums the squares over both classes
    weights = dict(getattr(last_step(final.model), "weights_", {}) or {})
    candidates = [
        Candidate(
            model=str(trial["model"]),
            score=None if trial.get("score") is None else trial["score"] / shares,
            seconds=trial.get("seconds"),
            status=str(trial.get("status", "done")),
            weight=float(weights.get(trial["model"], 0.0)),
        )
        for trial in trials
    ]
    return Selection(
        method="judged by out-of-fold predictions within the training rows, anew in each fold",
        score_name="MAE" if is_numbers else "Brier score",
        chosen=_called(fitting),
        candidates=candidates,
        budget_seconds=fitting.budget,
        seconds=fitting.seconds,
    )


def _uncertainty(work: TrainingRows, judged: list[validating.Judged]) -> Uncertainty:
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
        remark = " ".join(f"On '{each.split.name}' they held {_held(each)}." for each in others if _held(each))
    return Uncertainty(
        method=method, split=first.split.name, n_rows=len(first.rows), coverage=first.coverage(), remark=remark
    )


def _held(judged: validating.Judged) -> str:
    """How the intervals that are quoted held; "" where there are too few rows for any."""
    quoted = [each for each in judged.coverage() if each.expected in QUOTED]
    return ", ".join(f"{100 * each.expected:.0f} %: {100 * each.observed:.1f} %" for each in quoted)


def _elements(work: TrainingRows) -> list[str]:
    from matloop.core.composition import elements_of
    from matloop.datasets.groups import composition_key

    column = next((c for c in work.inputs if c.kind in ("composition", "structure")), None)
    if column is None:
        return []
    keys = {composition_key(cell, column.kind) for cell in work.dataset.frame[column.name]}
    return sorted({element for key in keys if key for element in elements_of(key)})


def _use(work: TrainingRows) -> Use:
    unit = f" in {work.target.unit}" if work.target.unit else ""
    limits = ["rows outside the domain: the model has seen nothing like them, and its intervals promise nothing there"]
    if work.classes is None:
        low, high = float(work.y.min()), float(work.y.max())
        limits.append(f"values beyond {low:.4g} to {high:.4g}{unit}, which no training row has")
    return Use(
        intended=f"It is made to predict {work.target.name}{unit} of materials like those it learned from.",
        limits=limits,
    )
