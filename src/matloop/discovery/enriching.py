"""What a shortlist is told beside its predictions: the nearest training rows, and what tells the candidates apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.datasets.column import MATERIALS
from matloop.screening.predictor import column_of

if TYPE_CHECKING:
    import pandas as pd

    from matloop.discovery.aligned import Aligned

#: So many training rows are named beside a candidate.
N_NEIGHBOURS = 3
#: So many descriptors are written at most; two that correlate more than this say the same.
MOST_DESCRIPTORS, SAME = 6, 0.9
#: So many training rows are looked at to choose descriptors.
MOST_ROWS = 2000


class Enriching:
    """Adds columns to the pieces of a shortlist; which descriptors there are is settled by the first of them."""

    def __init__(self, models: Mapping[str, Aligned], material: str | None) -> None:
        self._models, self._material = models, material
        self.descriptors: list[str] = []
        self._sources: dict[str, tuple[Aligned, str]] = {}
        self._is_settled = False

    def enriched(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The candidates with what is known of their surroundings."""
        if not len(frame):
            return frame
        if not self._is_settled:
            self._settle(frame)
        columns: dict[str, Any] = {}
        for name, model in self._models.items():
            columns[column_of(name, "outside")] = _outside(name, model, frame)
            if model.knows_training:
                columns |= _neighbours(name, model, frame)
        by_model: dict[int, tuple[np.ndarray, list[str]]] = {}
        for column, (model, feature) in self._sources.items():
            values, names = by_model.setdefault(id(model), model.features(frame))
            columns[column] = values[:, names.index(feature)]
        return frame.assign(**columns)

    def _settle(self, frame: pd.DataFrame) -> None:
        """Inputs that stand in the table are descriptors as they are; of a material, some of its features."""
        self._is_settled = True
        chosen: dict[str, None] = {}
        for model in self._models.values():
            for column in model.model.inputs:
                if column.kind not in MATERIALS:
                    chosen[model.columns[column.name]] = None
            if any(column.kind in ("composition", "structure") for column in model.model.inputs):
                for feature in descriptors_of(model, frame, MOST_DESCRIPTORS - len(chosen)):
                    if feature not in frame.columns and feature not in self._sources:
                        self._sources[feature] = (model, feature)
                        chosen[feature] = None
        self.descriptors = list(chosen)[:MOST_DESCRIPTORS]
        self._sources = {name: source for name, source in self._sources.items() if name in self.descriptors}


def _outside(name: str, model: Aligned, frame: pd.DataFrame) -> list[str]:
    """Why each candidate lies outside the model's domain; "" where it does not."""
    told = np.full(len(frame), "", object)
    is_out = ~frame[column_of(name, "in_domain")].to_numpy(bool)
    if is_out.any():
        told[is_out] = model.reasons(frame[is_out])
    return list(told)


def _neighbours(name: str, model: Aligned, frame: pd.DataFrame) -> dict[str, Any]:
    """The nearest training rows of each candidate with their measured values, and the distance of the first."""
    places, distances, labels = model.neighbours(frame, N_NEIGHBOURS)
    measured = model.model.training[model.target.name].to_numpy()
    told = []
    for row, names in zip(places, labels, strict=True):
        known = zip(names, row, strict=False)
        told.append("; ".join(f"{label} = {_value(measured[int(place)])}" for label, place in known if place >= 0))
    return {
        column_of(name, "neighbours"): told,
        column_of(name, "neighbour_distance"): distances[:, 0] if distances.size else np.full(len(frame), np.nan),
    }


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)


def descriptors_of(model: Aligned, frame: pd.DataFrame, most: int) -> list[str]:
    """Features that vary on the shortlist, those first that go best with the target over the training rows.

    Measured by the rank correlation; of features that go together only the first is taken.
    """
    import pandas as pd

    if most < 1 or not model.knows_training:
        return []
    training = model.model.training
    rows = training.iloc[:: max(1, len(training) // MOST_ROWS)]
    known, names = model.model.features(rows)
    values, _ = model.features(frame)
    target = rows[model.target.name]
    outcome = target.astype("category").cat.codes if model.task == "classification" else target
    varies = np.nanstd(values, axis=0) > 1e-12 * np.maximum(1.0, np.abs(np.nanmean(values, axis=0)))
    varies &= np.isfinite(values).all(axis=0) & (np.nanstd(known, axis=0) > 0)
    own = pd.DataFrame(known[:, varies]).rank()
    ranks = own.fillna(own.mean()).to_numpy()
    if not ranks.shape[1]:
        return []
    ranks = (ranks - ranks.mean(axis=0)) / np.maximum(ranks.std(axis=0), 1e-12)
    goal = outcome.rank().to_numpy(float)
    goal = (goal - goal.mean()) / max(goal.std(), 1e-12)
    strength = np.abs(ranks.T @ goal) / len(ranks)
    picks: list[int] = []
    for i in np.argsort(-strength, kind="stable"):
        if all(abs(ranks[:, i] @ ranks[:, j]) / len(ranks) <= SAME for j in picks):
            picks.append(int(i))
        if len(picks) == most:
            break
    where = np.flatnonzero(varies)
    return [names[where[i]] for i in picks]
