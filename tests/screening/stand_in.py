"""A model that is no model: what it predicts of a composition can be worked out by hand."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from matloop.core.composition import read_formulas
from matloop.core.progress import Progress, silent
from matloop.datasets.column import Column
from matloop.screening.plan import plan_of
from matloop.screening.running import Run
from matloop.screening.screen import Screen
from matloop.screening.shortlist import Passed, funnel_of
from matloop.screening.source import source_of
from matloop.screening.stage import Scene
from matloop.screening.work import Work


class MeanNumber:
    """Predicts the mean atomic number, give or take a tenth of it; knows its way up to a mean of 40."""

    task = "regression"
    target = Column("mean number", role="target", unit="eV", direction="minimize")

    def predict(self, frame: pd.DataFrame, confidence: float = 0.9) -> pd.DataFrame:
        amounts, failures = read_formulas(frame["formula"].tolist())
        value = np.full(len(frame), np.nan)
        good = np.setdiff1d(np.arange(len(frame)), list(failures))
        value[good] = amounts.matrix @ np.arange(1, 119)
        return pd.DataFrame(
            {
                "prediction": value,
                "lower": 0.9 * value,
                "upper": 1.1 * value,
                "std": 0.06 * value,
                "in_domain": value <= 40,
                "distance": value / 40,
                "failure": [failures.get(i, "") for i in range(len(frame))],
            },
            index=frame.index,
        )


class IsOxide:
    """Predicts a class: 'oxide' with the probability that is the share of oxygen."""

    task = "classification"
    target = Column("kind", role="target", kind="text")

    def predict(self, frame: pd.DataFrame, confidence: float = 0.9) -> pd.DataFrame:
        share = read_formulas(frame["formula"].tolist())[0].matrix[:, 7]
        return pd.DataFrame(
            {
                "prediction": np.where(share >= 0.5, "oxide", "other"),
                "probability": np.maximum(share, 1 - share),
                "probability of oxide": share,
                "probability of other": 1 - share,
                "in_domain": True,
                "distance": 0.0,
                "failure": "",
            },
            index=frame.index,
        )


MODELS = {"number": MeanNumber(), "kind": IsOxide()}


def load(models: dict[str, Any]) -> dict[str, Any]:
    """What each process does to get the models."""
    return models


def screened(
    stages: list[Any],
    candidates: Any,
    folder: Path,
    models: tuple[str, ...] = (),
    material: str | None = "formula",
    kind: str | None = "composition",
    *,
    chunk: int = 7,
    workers: int = 1,
    dask: str | None = None,
    lists: bool = True,
    fresh: bool = False,
    progress: Progress = silent,
    **scene: Any,
) -> tuple[pd.DataFrame, list[Passed], Run]:
    """The shortlist of these stages, the funnel, and the run itself."""
    screen = Screen(stages=stages, chunk=chunk)
    source = source_of(candidates)
    known = {name: MODELS[name] for name in models}
    settled = Scene(tuple(source.columns), material, kind, known, **scene)
    plan = plan_of(screen, settled)
    ready = [step.ready for step in plan.steps]
    work = Work(ready, material, kind, partial(load, known), screen.confidence, lists)
    hashes = {name: name for name in known}
    run = Run(plan, work, source, folder, hashes, chunk, workers, None, dask, fresh, progress)
    frames = list(run.frames())
    frame = pd.concat(frames) if frames else pd.DataFrame(columns=list(source.columns))
    return frame, funnel_of(plan, run.tallies), run
