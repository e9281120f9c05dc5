"""The stage `range`: a column or a prediction lies within bounds, or is one of some words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from matloop.core.errors import Mistake, UnitError
from matloop.core.units import convert
from matloop.screening.candidates import Candidates
from matloop.screening.predictor import column_of
from matloop.screening.stage import Scene, Stage, Verdict, no_column, no_model, verdict_of, why

Rule = Literal["value", "probability", "certain", "possible"]


class Range(Stage):
    """Keeps what lies within `low` and `high`: a column of the candidates, or the prediction of a model.

    A prediction is judged by itself (`value`), by the `probability` that the true value lies within, by its whole
    interval (`certain`), or by any part of it (`possible`). That probability follows from the model's interval: the
    true value lies below and above the prediction with probability 1/2 each, at distances distributed normally, scaled
    so that the model's bounds are met. `among` are words, for a column of text or the prediction of a class.
    """

    kind: Literal["range"] = "range"
    column: str | None = Field(None, description="a column of the candidates")
    prediction: str | None = Field(None, description="a model, by its name")
    low: float | None = Field(None, description="the least value")
    high: float | None = Field(None, description="the highest value")
    among: tuple[str, ...] = Field((), description="the words that stay, in place of bounds")
    unit: str | None = Field(None, description="the unit of the bounds; that of the column or the model unless given")
    confidence: float | None = Field(None, gt=0, lt=1, description="the least probability to lie within")
    rule: Rule | None = Field(None, description="value, probability, certain or possible")
    domain: Literal["required", "flagged"] = Field("flagged", description="whether what the model cannot judge falls")

    @model_validator(mode="after")
    def _makes_sense(self) -> Range:
        if (self.column is None) == (self.prediction is None):
            raise ValueError("names either a column or a prediction")
        bounds = [bound for bound in (self.low, self.high) if bound is not None]
        if bool(bounds) == bool(self.among):
            raise ValueError("needs low, high or both; or else among")
        if len(bounds) == 2 and bounds[0] > bounds[1]:
            raise ValueError(f"low is {bounds[0]:g}, which is above high, {bounds[1]:g}")
        if self.column is not None and (self.confidence is not None or self.rule or self.domain == "required"):
            raise ValueError("confidence, rule and domain belong to a prediction, not to a column")
        if self.rule == "probability" and self.confidence is None:
            raise ValueError("the rule 'probability' needs a confidence, such as 0.8")
        if self.rule in ("value", "certain", "possible") and self.confidence is not None:
            raise ValueError(f"a confidence belongs to the rule 'probability', not to '{self.rule}'")
        return self

    @property
    def judged_by(self) -> Rule:
        """The rule, where none is given that which fits."""
        return self.rule or ("value" if self.confidence is None else "probability")

    @property
    def bounds(self) -> str:
        """Between which values something is to lie, as they were given."""
        if self.low is None:
            return f"at most {self.bound(self.high)}"
        if self.high is None:
            return f"at least {self.bound(self.low)}"
        return f"from {self.low:g} to {self.bound(self.high)}"

    def bound(self, value: float | None) -> str:
        """A bound with its unit, if it was given one."""
        if value is None:
            return ""
        return f"{value:g} {self.unit}" if self.unit else f"{value:g}"

    def sentence(self) -> str:
        words = f"{self.column or self.prediction} "
        words += f"is {' or '.join(self.among)}" if self.among else self.bounds
        sure = {"value": "", "certain": ", certainly", "possible": ", possibly", "probability": ""}[self.judged_by]
        sure += f" with probability {self.confidence:g}" if self.confidence is not None else ""
        return words + sure + (", in domain" if self.domain == "required" else "")

    def models(self, scene: Scene) -> tuple[str, ...]:
        return (self.prediction,) if self.prediction is not None else ()

    def mistakes(self, path: str, scene: Scene) -> list[Mistake]:
        if self.column is not None:
            found = no_column(f"{path}.column", self.column, scene)
        else:
            found = no_model(f"{path}.prediction", str(self.prediction), scene)
        if found or self.prediction is None:
            return found or self._unit_mistakes(path, scene)
        is_class = scene.models[self.prediction].task == "classification"
        if is_class != bool(self.among):
            kind = "a class: give among = [...]" if is_class else "a number: give low or high"
            return [Mistake(path, f"the model '{self.prediction}' predicts {kind}")]
        if is_class and self.judged_by in ("certain", "possible"):
            return [Mistake(f"{path}.rule", "a class has no interval", "give a confidence")]
        return self._unit_mistakes(path, scene)

    def _unit_mistakes(self, path: str, scene: Scene) -> list[Mistake]:
        try:
            self._bounds(scene)
        except UnitError as error:
            return [Mistake(f"{path}.unit", error.message, error.hint)]
        return []

    def own_unit(self, scene: Scene) -> str | None:
        """That of the column or the model."""
        if self.column is not None:
            return scene.units.get(self.column)
        unit: str | None = scene.models[str(self.prediction)].target.unit
        return unit

    def _bounds(self, scene: Scene) -> tuple[float, float]:
        """In the unit of the column or model."""
        own = self.own_unit(scene)
        low, high = (None if bound is None else convert(bound, self.unit, own) for bound in (self.low, self.high))
        return -np.inf if low is None else low, np.inf if high is None else high

    def ready(self, scene: Scene) -> WithinRange:
        low, high = (-np.inf, np.inf) if self.among else self._bounds(scene)
        return WithinRange(self, low, high, scene.confidence)


@dataclass(frozen=True)
class WithinRange:
    """The judge: bounds in the unit of what is judged, and how confident the model's intervals are."""

    stage: Range
    low: float
    high: float
    interval: float

    def judge(self, candidates: Candidates) -> Verdict:
        stage, n = self.stage, len(candidates)
        grounds: list[tuple[np.ndarray, str]] = []
        if stage.domain == "required":
            is_in = candidates.frame[column_of(str(stage.prediction), "in_domain")].to_numpy(bool)
            grounds.append((~is_in, f"outside the domain of {stage.prediction}"))
        if stage.among:
            grounds += self._words(candidates)
        elif stage.column is not None or stage.judged_by == "value":
            grounds += self._value(candidates, stage.column or column_of(str(stage.prediction)))
        else:
            grounds += self._interval(candidates)
        return verdict_of(why(n, *grounds))

    def _value(self, candidates: Candidates, column: str) -> list[tuple[np.ndarray, str]]:
        values, what = candidates.numbers(column), self.stage.column or str(self.stage.prediction)
        return [
            (~np.isfinite(values), f"no number for {what}"),
            (values < self.low, f"{what} below {self.stage.bound(self.stage.low)}"),
            (values > self.high, f"{what} above {self.stage.bound(self.stage.high)}"),
        ]

    def _words(self, candidates: Candidates) -> list[tuple[np.ndarray, str]]:
        stage, model = self.stage, str(self.stage.prediction)
        what = f"{stage.column or model} is not {' or '.join(stage.among)}"
        if stage.confidence is None:
            cells = candidates.frame[stage.column or column_of(model)].astype(str).to_numpy()
            return [(~np.isin(cells.astype(str), list(stage.among)), what)]
        chances = [column_of(model, f"probability of {word}") for word in stage.among]
        known = [candidates.numbers(column) for column in chances if column in candidates.frame]
        chance = sum(known, np.zeros(len(candidates)))
        return [(~(chance >= stage.confidence), f"{what} with probability {stage.confidence:g}")]

    def _interval(self, candidates: Candidates) -> list[tuple[np.ndarray, str]]:
        model, rule = str(self.stage.prediction), self.stage.judged_by
        value, lower, upper = (candidates.numbers(column_of(model, p)) for p in ("predicted", "lower", "upper"))
        if rule == "certain":
            holds, words = (lower >= self.low) & (upper <= self.high), "not certainly"
        elif rule == "possible":
            holds, words = (upper >= self.low) & (lower <= self.high), "not possibly"
        else:
            chance = probability_within(self.low, self.high, value, lower, upper, self.interval)
            holds, words = chance >= self.stage.confidence, f"with probability below {self.stage.confidence:g}"
        where = self.stage.bounds
        return [(~np.isfinite(value), f"no number for {model}"), (~holds, f"{model} {words} {where}")]


def probability_within(
    low: float, high: float, value: np.ndarray, lower: np.ndarray, upper: np.ndarray, interval: float
) -> np.ndarray:
    """The probability that the true value lies in [low, high], (n,), where that for [lower, upper] is `interval`.

    F(y) = Φ((y − value) z / (value − lower)) below the prediction and Φ((y − value) z / (upper − value)) above it, with
    Φ(z) = (1 + interval) / 2: half of the probability on each side, and the model's bounds as quantiles.
    """
    from scipy.special import ndtr, ndtri

    z = ndtri(0.5 + interval / 2)

    def below(bound: float) -> np.ndarray:
        if np.isinf(bound):
            return np.full(np.shape(value), float(bound > 0))
        gap = bound - value
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            # a bound on the wrong side of the prediction leaves no room there
            steps = z * gap / np.maximum(np.where(gap < 0, value - lower, upper - value), np.finfo(float).tiny)
        return np.asarray(ndtr(np.where(gap == 0, 0.0, steps)))

    return below(high) - below(low)
