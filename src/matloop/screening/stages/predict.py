"""The stage `predict`: what a model says of each candidate. It is put before the first stage that asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from matloop.core.errors import Mistake
from matloop.screening.candidates import Candidates
from matloop.screening.predictor import columns_of
from matloop.screening.stage import Scene, Stage, Verdict, no_model, verdict_of


class Predict(Stage):
    """Adds the prediction of a model with its interval; what cannot be predicted falls, and says why."""

    kind: Literal["predict"] = "predict"
    prediction: str = Field(description="a model, by its name")

    def sentence(self) -> str:
        return f"predict {self.prediction}"

    def models(self, scene: Scene) -> tuple[str, ...]:
        return (self.prediction,)

    def mistakes(self, path: str, scene: Scene) -> list[Mistake]:
        return no_model(f"{path}.prediction", self.prediction, scene)

    def ready(self, scene: Scene) -> Predicting:
        return Predicting(self.prediction)


@dataclass(frozen=True)
class Predicting:
    model: str

    def judge(self, candidates: Candidates) -> Verdict:
        predictions = candidates.models[self.model].predict(candidates.frame, candidates.confidence)
        reasons = np.array([f"cannot be predicted: {text}" if text else "" for text in predictions["failure"]], object)
        return verdict_of(reasons, columns_of(self.model, predictions))
