"""Each suggestion's reason, with what was predicted beside what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matloop.core.state import CampaignState, TrialState
from matloop.reports.columns import Column
from matloop.reports.figures.predictions import Judged
from matloop.reports.tables import measured_cell, status_of
from matloop.reports.wording import counted, measured, number


@dataclass(frozen=True)
class Suggestion:
    """One trial as it was suggested: for each quantity what was predicted, measured, and how far off that was."""

    number: int
    planner: str
    reason: str
    cells: list[tuple[str, str, str]]


def predicted_quantities(state: CampaignState, quantities: Sequence[Column]) -> list[Column]:
    """The quantities that a planner predicted."""
    names = {name for trial in state.trials.values() for name in trial.predicted}
    return [column for column in quantities if column.name in names]


def suggestion(trial: TrialState, quantities: Sequence[Column]) -> Suggestion:
    """The row of one trial."""
    cells = [(_predicted(trial, c), _measured(trial, c), _off(trial, c)) for c in quantities]
    return Suggestion(trial.number, trial.planner, trial.reason or "no reason given", cells)


def _predicted(trial: TrialState, column: Column) -> str:
    prediction = trial.predicted.get(column.name)
    return "–" if prediction is None else measured(prediction.mean, prediction.std)


def _measured(trial: TrialState, column: Column) -> str:
    text = measured_cell(trial, column).text
    return text if text != "–" or status_of(trial) == "done" else status_of(trial)


def _off(trial: TrialState, column: Column) -> str:
    found = judged_one(trial, column)
    return f"{(found.measured - found.mean) / found.std:+.1f}" if found is not None and found.std > 0 else "–"


def judged_one(trial: TrialState, column: Column) -> Judged | None:
    """The prediction with its measurement, where there are both."""
    prediction, observation = trial.predicted.get(column.name), trial.observation
    if prediction is None or observation is None or column.name not in observation.values:
        return None
    return Judged(trial.number, prediction.mean, prediction.std, observation.values[column.name])


def judged(state: CampaignState, column: Column) -> list[Judged]:
    """Every prediction of a quantity that a measurement has judged."""
    found = (judged_one(trial, column) for trial in state.trials.values())
    return [one for one in found if one is not None]


def verdict(column: Column, found: Sequence[Judged]) -> str:
    """How good the predictions were, in a sentence."""
    within = sum(one.is_within for one in found)
    error = sum(abs(one.measured - one.mean) for one in found) / len(found)
    unit = f" {column.unit}" if column.unit else ""
    return (
        f"{column.name}: {within} of {counted(len(found), 'measured value')} lie within ± 2 standard deviations of "
        f"their prediction (about 95\u00a0% would, were it calibrated); the mean error is {number(error, 3)}{unit}."
    )
