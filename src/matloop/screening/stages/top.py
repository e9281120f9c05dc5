"""The stage `top`: the best k by a column or a prediction."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from matloop.core.errors import Mistake
from matloop.screening.candidates import Candidates
from matloop.screening.gathering import Best
from matloop.screening.predictor import column_of
from matloop.screening.stage import Scene, Stage, no_column, no_model


class Ranked(Stage):
    """What `top` and `diversity` share: by what candidates are ranked."""

    column: str | None = Field(None, description="a column of the candidates")
    prediction: str | None = Field(None, description="a model, by its name")
    goal: Literal["maximize", "minimize"] | None = Field(
        None, description="which way is better; that of the target unless given"
    )
    near: float | None = Field(None, description="the nearest to this value is best, in place of a goal")
    bound: Literal["lower", "upper"] | None = Field(None, description="rank by this end of the model's interval")

    @model_validator(mode="after")
    def _one_way(self) -> Ranked:
        if self.column is not None and self.prediction is not None:
            raise ValueError("names either a column or a prediction")
        if self.goal is not None and self.near is not None:
            raise ValueError("give either a goal or near")
        if self.bound is not None and self.prediction is None:
            raise ValueError("bound belongs to a prediction")
        return self

    @property
    def is_ranked(self) -> bool:
        return self.column is not None or self.prediction is not None

    def models(self, scene: Scene) -> tuple[str, ...]:
        return (self.prediction,) if self.prediction is not None else ()

    def by(self) -> str:
        """What it ranks by, in words."""
        what = self.column or f"{self.bound + ' bound of ' if self.bound else ''}{self.prediction}"
        return f"{what} near {self.near:g}" if self.near is not None else what

    def rank_mistakes(self, path: str, scene: Scene) -> list[Mistake]:
        if self.column is not None:
            found = no_column(f"{path}.column", self.column, scene)
        else:
            found = no_model(f"{path}.prediction", str(self.prediction), scene)
        if not found and self.near is None and self.goal_in(scene) is None:
            found = [Mistake(f"{path}.goal", "is missing", 'goal = "maximize" or "minimize", or near = VALUE')]
        return found

    def goal_in(self, scene: Scene) -> str | None:
        """Its goal, or the direction of the model's target."""
        if self.goal or self.prediction is None:
            return self.goal
        direction = scene.models[self.prediction].target.direction
        return str(direction) if direction else None

    def score_in(self, scene: Scene) -> Score:
        """How good a candidate is."""
        column = self.column or column_of(str(self.prediction), self.bound or "predicted")
        return Score(column, self.near, -1.0 if self.goal_in(scene) == "minimize" else 1.0)


class Score:
    """The higher the better: a column, its negative, or minus the distance to a value."""

    def __init__(self, column: str, near: float | None, sign: float) -> None:
        self.column, self.near, self.sign = column, near, sign

    def __call__(self, candidates: Candidates) -> np.ndarray:
        values = candidates.numbers(self.column)
        return -np.abs(values - self.near) if self.near is not None else self.sign * values


class Top(Ranked):
    """Keeps the best `keep`; of equally good ones those that came first. What has no number cannot be among them."""

    kind: Literal["top"] = "top"
    keep: int = Field(ge=1, le=10_000_000, description="how many")

    def sentence(self) -> str:
        return f"best {self.keep:,} by {self.by()}"

    def mistakes(self, path: str, scene: Scene) -> list[Mistake]:
        if not self.is_ranked:
            return [Mistake(path, "says not by what it ranks", "give a column or a prediction")]
        return self.rank_mistakes(path, scene)

    def ready(self, scene: Scene) -> Best:
        return Best(self.keep, self.score_in(scene), f"not among the {self.sentence()}")
