"""A lab that is a model fitted to a table of measurements: it answers between them, and says how well."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, PrivateAttr

from matloop.core.errors import InputError
from matloop.core.objective import Objective
from matloop.core.space import Point, Space
from matloop.core.trial import Outcome
from matloop.labs.tabular import Measurements, TableLab

FOLDS = 5
#: Noise is taken from the residuals of so many of the nearest conditions: it may differ from place to place.
NEIGHBOURS = 30
#: A Gaussian process on more conditions than this takes minutes to fit; a forest does not.
MOST_FOR_GAUSSIAN_PROCESS = 2000

_BEYOND = {
    "forest": "away from its data the forest keeps to the level of the nearest ones",
    "gaussian_process": "away from its data the Gaussian process falls back to their mean",
}


class EmulatorLab(TableLab):
    """`EmulatorLab("crossed_barrel.csv", model="forest", noise=True)`.

    `report` states the error of the model in cross-validation, where all replicates of a condition stay in one fold,
    and how it extrapolates; the log of each trial that lies away from the data says how far.
    """

    label: ClassVar[str] = "emulator"

    kind: Literal["emulator"] = "emulator"
    model: Literal["forest", "gaussian_process"] = Field("forest", description="extremely randomized trees, or a GP")
    noise: bool = Field(True, description="whether to lay the noise of the measurements over the prediction")

    _models: dict[str, Any] = PrivateAttr(default_factory=dict)
    _residuals: dict[str, np.ndarray] = PrivateAttr(default_factory=dict)
    _residual_condition: np.ndarray = PrivateAttr(default_factory=lambda: np.empty(0, int))
    _hull: Any = PrivateAttr(None)
    _report: str = PrivateAttr("")

    def __init__(self, file: Any = None, **settings: Any) -> None:
        super().__init__(**({} if file is None else {"file": str(file)}), **settings)

    @property
    def report(self) -> str:
        """The error of the model and how it extrapolates, in words; empty before `prepare`."""
        return self._report

    def prepare(self, space: Space, objectives: Sequence[Objective], folder: Path, base: Path) -> None:
        """Read the table, fit the model, cross-validate it. Raises InputError where the table is too small or large."""
        super().prepare(space, objectives, folder, base)
        self._require_size(self.data)
        from matloop.labs.fitting import cross_validated, fitted
        from matloop.labs.hull import Hull

        errors, lines = {}, []
        for objective in self._objectives:
            means = self.data.means(self.data.values[objective.name])
            model = fitted(self.model, self.data.encoded, means)
            predicted = cross_validated(model, self.data.encoded, means, FOLDS)
            self._models[objective.name], errors[objective.name] = model, means - predicted
            lines.append(_quality(objective, means, predicted, len(self._objectives) > 1))
        source = self._take_residuals(self.data, errors)
        self._hull = Hull(self.data.encoded)
        beyond = f"{self.data.n_conditions} conditions; {_BEYOND[self.model]}"
        self._report = "; ".join([*lines, beyond, *([source] if self.noise else ["no noise"])])

    def _require_size(self, data: Measurements) -> None:
        if data.n_conditions < FOLDS:
            raise InputError(
                f"{self.file} has {data.n_conditions} conditions: too few to fit a model, {FOLDS} are needed"
            )
        if self.model == "gaussian_process" and data.n_conditions > MOST_FOR_GAUSSIAN_PROCESS:
            message = f"{data.n_conditions} conditions are too many for a Gaussian process"
            raise InputError(message, f'at most {MOST_FOR_GAUSSIAN_PROCESS}: use model = "forest"')

    def _take_residuals(self, data: Measurements, errors: dict[str, np.ndarray]) -> str:
        """Residuals to draw noise from: those of replicates, else the errors of cross-validation; says which."""
        counts = np.bincount(data.condition)[data.condition]
        repeated = counts > 1
        if not repeated.any():
            self._residual_condition, self._residuals = np.arange(data.n_conditions), errors
            return "noise drawn from the errors of cross-validation, there being no replicates"
        self._residual_condition = data.condition[repeated]
        for name, values in data.values.items():
            away = values - data.means(values)[data.condition]
            # the mean of r replicates takes part of their spread with it: r / (r − 1) gives it back
            self._residuals[name] = (away * np.sqrt(counts / np.maximum(counts - 1, 1)))[repeated]
        return "noise drawn from the spread of replicates nearby"

    def rehearse(self, points: Sequence[Point], rng: np.random.Generator) -> list[Outcome]:
        if not points:
            return []
        encoded = self._known_space.encode(self._known_space.columns(points)).astype(float)
        from matloop.labs.fitting import predicted as predicted_by

        predicted = {name: predicted_by(model, encoded) for name, model in self._models.items()}
        beyond = self._hull.beyond(encoded)
        outcomes = []
        for i, place in enumerate(encoded):
            row = self._noise_row(place, rng) if self.noise else None
            values = {name: float(y[i] + self._residual(name, row)) for name, y in predicted.items()}
            outcomes.append(Outcome(values=values, log=self._extrapolation(float(beyond[i]))))
        return outcomes

    def _residual(self, name: str, row: int | None) -> float:
        return 0.0 if row is None else float(self._residuals[name][row])

    def _noise_row(self, place: np.ndarray, rng: np.random.Generator) -> int:
        """One residual of the nearest conditions that have any."""
        apart = self.data.distances(place[None, :])[0][self._residual_condition]
        n = min(NEIGHBOURS, len(apart))
        nearest = np.argpartition(apart, n - 1)[:n]
        return int(nearest[rng.integers(n)])

    def _extrapolation(self, beyond: float) -> str:
        if beyond == 0:
            return ""
        return (
            f"extrapolated: {beyond:.1%} of a variable's range outside the measured conditions; {_BEYOND[self.model]}"
        )


def _quality(objective: Objective, means: np.ndarray, predicted: np.ndarray, is_one_of_several: bool) -> str:
    """R² = 1 − Σ(error²) / Σ(deviation from the mean²) and the mean absolute error, over conditions held out."""
    error = means - predicted
    spread = float(((means - means.mean()) ** 2).sum())
    r2 = 1 - float((error**2).sum()) / spread if spread > 0 else float("nan")
    unit = f" {objective.unit}" if objective.unit else ""
    about = f"{objective.name}: " if is_one_of_several else ""
    return f"{about}R² = {r2:.2f}, MAE = {np.abs(error).mean():.2g}{unit} ({FOLDS}-fold, replicates kept together)"
