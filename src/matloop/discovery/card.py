"""A model's card: all that must be known before its predictions are believed, as facts that a program filled in.

Nobody writes a card: each step of training leaves its section. What was not done stays empty, and the rendered card
says so; nothing is guessed. The idea: Mitchell et al. 2019, Model Cards for Model Reporting,
doi:10.1145/3287560.3287596.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from matloop.core.errors import InputError

#: What the scores of a card may be called. "ROC-AUC" is computed from probabilities, never from labels.
ScoreName = Literal[
    "MAE",
    "RMSE",
    "R²",
    "median absolute error",
    "balanced accuracy",
    "accuracy",
    "ROC-AUC",
    "F1",
    "log loss",
    "Brier score",
    "Matthews correlation",
]
#: Scores of which less is better.
ERRORS = ("MAE", "RMSE", "median absolute error", "log loss", "Brier score")


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and value - value != 0 else value


#: A number, or None where it is not known; what is not finite is not known.
Maybe = Annotated[float | None, BeforeValidator(_known)]


def _printable(facts: Any) -> Any:
    """The facts without letters that would command a terminal: a card may come from a stranger."""
    if isinstance(facts, str):
        return _COMMANDS.sub("", facts)
    if isinstance(facts, dict):
        return {_printable(name): _printable(value) for name, value in facts.items()}
    return [_printable(each) for each in facts] if isinstance(facts, list) else facts


_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Part(BaseModel):
    """What all sections share: plain values that go to JSON and back without loss."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Quantity(Part):
    """A column that goes in or comes out."""

    name: str
    kind: str = "number"
    unit: str | None = None
    description: str = ""
    direction: Literal["maximize", "minimize"] | None = None


class Data(Part):
    """What the model learned from."""

    name: str = ""
    origin: str = ""
    licence: str | None = None
    citation: str | None = None
    is_proprietary: bool = False
    #: SHA-256 of the content of the rows that were learned from, whatever the file's format.
    hash: str = ""
    n_rows: int = 0
    target: Quantity
    inputs: list[Quantity] = Field(default_factory=list)
    #: Of a number: minimum, quartile, median, quartile, maximum. Of classes: how many rows each has.
    target_quartiles: list[float] | None = None
    target_counts: dict[str, int] | None = None
    n_set_aside: int = 0
    #: Each reason with the number of records that were set aside for it.
    set_aside: dict[str, int] = Field(default_factory=dict)


class CleaningStep(Part):
    """One thing done to the rows before anything was learned."""

    what: str
    n_before: int
    n_after: int


class Cleaning(Part):
    """What was done to the data, in its order."""

    steps: list[CleaningStep] = Field(default_factory=list)
    remarks: list[str] = Field(default_factory=list)


class FeaturizerFacts(Part):
    """One featurizer: what it reads, and how many columns it makes."""

    name: str
    column: str
    n_features: int
    citations: list[str] = Field(default_factory=list)


class Representation(Part):
    """How a material becomes numbers."""

    featurizers: list[FeaturizerFacts] = Field(default_factory=list)
    n_features: int = 0
    #: What happens inside the folds, in its order, such as "median of missing values" or "standard deviation 1".
    preprocessing: list[str] = Field(default_factory=list)
    n_failed: int = 0
    #: Each reason with the number of rows that could not be featurized for it.
    failures: dict[str, int] = Field(default_factory=dict)


class Candidate(Part):
    """One model that was tried."""

    model: str
    score: Maybe = None
    seconds: Maybe = None
    status: str = "done"
    #: Its part in the ensemble that was chosen; 1 where it was chosen alone, 0 where it was not.
    weight: float = Field(0.0, ge=0)
    settings: dict[str, str | int | float | bool | None] = Field(default_factory=dict)


class Selection(Part):
    """Which models were tried, by what they were judged, and which was taken."""

    method: str = ""
    score_name: ScoreName | None = None
    chosen: str = ""
    candidates: list[Candidate] = Field(default_factory=list)
    budget_seconds: Maybe = None
    seconds: Maybe = None


class Score(Part):
    """One score of one split: the mean over the folds, and each fold."""

    name: ScoreName
    folds: list[Maybe]
    #: Of all out-of-fold predictions together, where that differs from the mean of the folds.
    pooled: Maybe = None

    @property
    def known(self) -> list[float]:
        """The folds on which the score is defined: ROC-AUC is not where a fold holds one class alone."""
        return [value for value in self.folds if value is not None]

    @property
    def mean(self) -> float | None:
        """The mean over the folds."""
        return sum(self.known) / len(self.known) if self.known else None

    @property
    def spread(self) -> float | None:
        """The standard deviation over the folds; None of fewer than two."""
        n = len(self.known)
        if n < 2 or self.mean is None:
            return None
        return float((sum((value - self.mean) ** 2 for value in self.known) / (n - 1)) ** 0.5)


class Split(Part):
    """One way to hold rows back, and the scores on what was held back."""

    #: "random", or what was kept together: "composition", "cluster", "time", "scaffold".
    name: str
    is_grouped: bool = False
    n_folds: int = 0
    n_groups: int | None = None
    scores: list[Score] = Field(default_factory=list)
    #: The same scores without a model: the median, the mean or the commonest class of the training rows is predicted.
    baseline: list[Score] = Field(default_factory=list)
    remark: str = ""

    def score(self, name: str) -> Score | None:
        """The score of this name, or None."""
        return next((score for score in self.scores if score.name == name), None)


class OutOfFold(Part):
    """Predictions of rows by models that had not seen them; a sample where there are many."""

    split: str
    n_rows: int
    names: list[str] = Field(default_factory=list)
    #: Of a regression, in the target's unit.
    measured: list[float] = Field(default_factory=list)
    predicted: list[float] = Field(default_factory=list)
    lower: list[float] | None = None
    upper: list[float] | None = None
    #: What share of the measured values the intervals mean to cover.
    confidence: Maybe = None
    #: Of a classification, of all rows: counts[i][j] rows of class i were predicted as class j.
    labels: list[str] | None = None
    confusion: list[list[int]] | None = None
    #: For each class (of two: the second alone), the false and the true positive rates along the thresholds.
    roc: dict[str, tuple[list[float], list[float]]] = Field(default_factory=dict)


class Gap(Part):
    """How much worse the model does on unlike rows than on rows like those it has seen."""

    score: ScoreName
    random: float
    grouped: float
    grouped_by: str

    @property
    def difference(self) -> float:
        """The grouped score less the random one, in the score's unit."""
        return self.grouped - self.random

    @property
    def is_worse(self) -> bool:
        """Whether the grouped score is the worse one."""
        return self.difference > 0 if self.score in ERRORS else self.difference < 0


class Validation(Part):
    """What the model is worth on rows that it has not seen."""

    splits: list[Split] = Field(default_factory=list)
    #: Whether what was chosen (model, settings, features) was chosen anew inside each outer fold.
    is_nested: bool = False
    out_of_fold: list[OutOfFold] = Field(default_factory=list)

    @property
    def gap(self) -> Gap | None:
        """The random split beside the first grouped one, by the first score that both have."""
        random = next((split for split in self.splits if not split.is_grouped), None)
        grouped = next((split for split in self.splits if split.is_grouped), None)
        for score in random.scores if random and grouped else ():
            other = grouped.score(score.name) if grouped else None
            if other is not None and score.mean is not None and other.mean is not None:
                by = grouped.name if grouped else ""
                return Gap(score=score.name, random=score.mean, grouped=other.mean, grouped_by=by)
        return None


class Coverage(Part):
    """What share of held-out values lay in the intervals that meant to cover `expected` of them."""

    expected: float
    observed: float
    #: The median width of these intervals, in the target's unit.
    width: Maybe = None


class Uncertainty(Part):
    """How sure the model says it is, and whether that is so."""

    method: str = ""
    #: The split on which the coverage was measured.
    split: str = ""
    n_rows: int = 0
    #: At 50, 80 and 95 % at least; more of them make a calibration curve.
    coverage: list[Coverage] = Field(default_factory=list)
    remark: str = ""


class Domain(Part):
    """Which materials are like those that the model knows."""

    method: str = ""
    threshold: Maybe = None
    #: The split on whose held-out rows it was measured.
    split: str = ""
    #: What share of held-out rows lies within.
    share_inside: Maybe = None
    #: The score of held-out rows within and beyond, by the name of the first score.
    score_name: ScoreName | None = None
    score_inside: Maybe = None
    score_outside: Maybe = None
    #: The lowest and the highest value of each input quantity, or the elements of the compositions.
    ranges: dict[str, tuple[float, float]] = Field(default_factory=dict)
    elements: list[str] = Field(default_factory=list)


class Use(Part):
    """What the model is for, and what it is not for."""

    intended: str = ""
    limits: list[str] = Field(default_factory=list)


class Provenance(Part):
    """What made the model, so that it can be made again."""

    #: ISO 8601, UTC.
    created: str = ""
    command: str = ""
    seed: int | None = None
    seconds: Maybe = None
    python: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    #: SHA-256 of parts of the model file, such as {"model.skops": "…"}.
    hashes: dict[str, str] = Field(default_factory=dict)


class Card(Part):
    """The whole card; `Card.of(model.card)` reads it, `card.to_dict()` is what a model file holds."""

    version: Literal[1] = 1
    name: str = ""
    task: Literal["regression", "classification"]
    model: str = ""
    data: Data
    cleaning: Cleaning = Field(default_factory=Cleaning)
    representation: Representation = Field(default_factory=Representation)
    selection: Selection = Field(default_factory=Selection)
    validation: Validation = Field(default_factory=Validation)
    uncertainty: Uncertainty = Field(default_factory=Uncertainty)
    domain: Domain = Field(default_factory=Domain)
    use: Use = Field(default_factory=Use)
    provenance: Provenance = Field(default_factory=Provenance)

    @classmethod
    def of(cls, facts: object) -> Card:
        """The card that these facts are. Raises InputError where they are no card."""
        from pydantic import ValidationError

        try:
            return cls.model_validate(_printable(facts))
        except ValidationError as error:
            place = ".".join(map(str, error.errors()[0]["loc"]))
            said = error.errors()[0]["msg"]
            raise InputError(f"this is no model card: {place or 'its root'}: {said}") from error

    def to_dict(self) -> dict[str, object]:
        """Plain values alone, for JSON."""
        return self.model_dump(mode="json")
