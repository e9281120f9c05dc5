"""Why a model predicts what it does of one material: what each input adds, and the nearest materials it knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.core.errors import InputError
from matloop.core.progress import Progress, silent
from matloop.datasets.column import Column
from matloop.discovery import explain as whole
from matloop.discovery.explanation import Inputs
from matloop.models.explain.contributions import Contributions, contributions

if TYPE_CHECKING:
    import pandas as pd

    from matloop.discovery.trained import TrainedModel

#: Orders of the inputs in which a single row is walked: more than where there are many rows.
N_ORDERS = 128
N_NEIGHBOURS = 5
#: Rows nearer than this are one: distances of standardized features are exact to about 1e-7.
SAME = 1e-6


@dataclass(frozen=True)
class Part:
    """One input or group of inputs: its value here where it is one number, and what it adds."""

    name: str
    value: float | None
    unit: str | None
    contribution: float

    @property
    def titled(self) -> str:
        """'temperature = 300 K', or the name of a group."""
        if self.value is None:
            return self.name
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.name} = {self.value:.4g}{unit}"


@dataclass(frozen=True)
class Neighbour:
    """A training row: what it is called, what was measured of it, and its distance in standardized features."""

    name: str
    measured: Any
    distance: float


@dataclass(frozen=True)
class Single:
    """One prediction, taken apart. `predicted` is the row of TrainedModel.predict."""

    name: str
    target: Column
    label: str | None
    predicted: dict[str, Any]
    reason: str
    measured: Any
    contributions: Contributions
    parts: list[Part]
    neighbours: list[Neighbour]

    def sentences(self) -> list[str]:
        """What is predicted, how surely, and whether the model knows its way there."""
        told, unit = self.predicted, f" {self.target.unit}" if self.target.unit else ""
        if self.label is None:
            said = f"{self.target.name}: {told['prediction']:.4g}{unit}, in nine of ten cases from "
            said += f"{told['lower']:.4g} to {told['upper']:.4g}{unit}."
        else:
            said = f"{self.target.name}: {told['prediction']} (probability {told['probability']:.2f})."
        if self.measured is not None:
            shown = f"{self.measured:.4g}{unit}" if isinstance(self.measured, float) else str(self.measured)
            said += f" Measured: {shown}."
        found = [said]
        if self.neighbours and self.neighbours[0].distance < SAME:
            found.append("The model has learned from this very row, or from one like it: it has seen the answer.")
        if not told["in_domain"]:
            found.append(f"Outside of what the model knows: {self.reason or 'unlike its training rows'}.")
        return found

    def facts(self) -> dict[str, Any]:
        """For other programs."""
        return {
            "name": self.name,
            "class": self.label,
            **{key: _plain(value) for key, value in self.predicted.items()},
            "outside": self.reason,
            "measured": self.measured,
            "base": self.contributions.base,
            "scale": self.contributions.scale,
            "method": self.contributions.method,
            "contributions": [
                {"input": p.name, "value": p.value, "unit": p.unit, "contribution": p.contribution} for p in self.parts
            ],
            "nearest": [{"name": n.name, "measured": n.measured, "distance": n.distance} for n in self.neighbours],
        }


def explain_one(
    model: TrainedModel,
    frame: pd.DataFrame,
    name: str,
    others: pd.DataFrame | None = None,
    label: str | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Single:
    """Explain the prediction of the one row of `frame`, against `others`: the training rows unless given.

    Raises InputError where it cannot be described, or where there are no others.
    """
    predicted = {str(name): value for name, value in model.predict(frame).iloc[0].items()}
    if predicted["failure"]:
        raise InputError(f"{name} cannot be described: {predicted['failure']}")
    code = whole.code_of(model, label if label is not None or model.classes is None else str(predicted["prediction"]))
    inputs, _ = whole.described(model, frame)
    known, is_good = whole.described(model, model.training if others is None else others)
    background = known.X[is_good]
    background = background[whole.some_of(len(background), N_ORDERS // 2, seed)]
    told = contributions(
        model.predictor.model, inputs.X, background, inputs.names, inputs.groups, code, N_ORDERS, seed, progress
    )
    order = np.argsort(-np.abs(told.values[0]))
    parts = [_part(inputs, told.names[i], float(told.values[0, i])) for i in order]
    measured = frame[model.target.name].iloc[0] if model.target.name in frame.columns else None
    return Single(
        name,
        model.target,
        None if code is None else (model.classes or [])[code],
        predicted,
        model.reasons(frame)[0],
        None if measured is None or measured != measured else _plain(measured),
        told,
        parts,
        _neighbours(model, frame),
    )


def _part(inputs: Inputs, group: str, contribution: float) -> Part:
    columns = inputs.groups[group]
    if len(columns) == 1:
        return Part(group, float(inputs.X[0, columns[0]]), inputs.units[columns[0]], contribution)
    words = [inputs.names[i] for i in columns if inputs.X[0, i] == 1 and inputs.names[i].startswith(f"{group} is ")]
    return Part(words[0] if len(words) == 1 else group, None, None, contribution)


def row_of(model: TrainedModel, frame: pd.DataFrame, number: int) -> tuple[pd.DataFrame, str]:
    """The row of this number, counted from 1, and what it is called."""
    if not 1 <= number <= len(frame):
        raise InputError(f"there is no row {number}: the table has {len(frame)}", "rows are counted from 1")
    row = frame.iloc[[number - 1]].reset_index(drop=True)
    material = next((c.name for c in model.inputs if c.kind in ("composition", "molecule")), None)
    called = f", {row[material].iloc[0]}" if material in row.columns else ""
    return row, f"row {number}{called}"


def _neighbours(model: TrainedModel, frame: pd.DataFrame) -> list[Neighbour]:
    if model.dataset is None:
        return []
    places, distances, labels = model.neighbours(frame, N_NEIGHBOURS)
    outcomes = model.training[model.target.name]
    return [
        Neighbour(label, _plain(outcomes.iloc[place]), float(distance))
        for place, distance, label in zip(places[0], distances[0], labels[0], strict=True)
        if place >= 0
    ]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
