"""What a screen asks of a model, and how the columns of its predictions are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd


class Predictor(Protocol):
    """A trained model, as a screen sees it: see discovery/trained.py."""

    task: str
    #: Has `name`, `unit` and `direction`.
    target: Any

    def predict(self, frame: pd.DataFrame, confidence: float = 0.9) -> pd.DataFrame:
        """`prediction, lower, upper, std, in_domain, distance, failure` for each row; of classes `probability of X`."""


def name_of(target: str) -> str:
    """What a model is called in a screen: its target, in letters, digits and '_' alone."""
    return re.sub(r"\W+", "_", target).strip("_") or "model"


def column_of(model: str, part: str = "predicted") -> str:
    """The column that has this part of a model's prediction: 'gap_predicted', 'gap_lower'."""
    return f"{model}_{part}".replace(" ", "_")


def columns_of(model: str, predictions: pd.DataFrame) -> dict[str, Any]:
    """The predictions as columns of the candidates; the reasons of failures are no column."""
    parts = {part: predictions[part] for part in predictions.columns if part != "failure"}
    parts["predicted"] = parts.pop("prediction")
    first = ["predicted", *(part for part in parts if part != "predicted")]
    return {column_of(model, part): parts[part].to_numpy() for part in first}


def parts_of(model: str, task: str) -> tuple[str, ...]:
    """The columns that the predictions of such a model have, those of single classes left aside."""
    own = ("probability",) if task == "classification" else ("lower", "upper", "std")
    return tuple(column_of(model, part) for part in ("predicted", *own, "in_domain", "distance"))
