"""Scores under their right names. What the published Matbench board lists as ROC-AUC is balanced accuracy:
its scorer turns probabilities into labels first. Here ROC-AUC is computed from probabilities, and from nothing else.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: The score by which models are compared.
FIRST = {"regression": "MAE", "classification": "balanced accuracy"}


def regression_scores(y: Array, predicted: Array) -> dict[str, float]:
    """Of predictions (n,): MAE, RMSE, R², median absolute error. R² is not defined for fewer than two values of y."""
    error = predicted - y
    spread = float(np.sum((y - y.mean()) ** 2)) if len(y) else 0.0
    return {
        "MAE": float(np.mean(np.abs(error))),
        "RMSE": float(np.sqrt(np.mean(error**2))),
        "R²": 1.0 - float(np.sum(error**2)) / spread if spread > 0 else float("nan"),
        "median absolute error": float(np.median(np.abs(error))),
    }


def classification_scores(
    y: NDArray[Any], predicted: NDArray[Any], probability: Array, classes: Sequence[Any]
) -> dict[str, float]:
    """Of labels (n,) and probabilities (n, k) of the k `classes`.

    F1 is that of the second of two classes, and the mean over the classes of more; ROC-AUC of more than two is the mean
    over the classes, each against the rest. What is not defined (ROC-AUC of one class alone) is NaN.
    """
    from sklearn import metrics

    is_binary = len(classes) == 2
    which = {"labels": classes, "average": "binary", "pos_label": classes[-1]} if is_binary else {"average": "macro"}
    truth = (np.asarray(y)[:, None] == np.asarray(classes)[None, :]).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fold without one of the classes: its scores are those of the others
        return {
            "balanced accuracy": float(metrics.balanced_accuracy_score(y, predicted)),
            "accuracy": float(np.mean(np.asarray(y) == predicted)),
            "F1": float(metrics.f1_score(y, predicted, zero_division=0.0, **which)),
            "ROC-AUC": _area(truth, probability),
            "log loss": float(-np.mean(np.sum(truth * np.log(np.clip(probability, 1e-15, 1.0)), axis=1))),
            "Brier score": float(np.mean(np.sum((truth - probability) ** 2, axis=1)) / (2 if is_binary else 1)),
        }


def _area(truth: Array, probability: Array) -> float:
    """The area under the ROC curve: the chance that a row of the class stands above one of another class."""
    areas = [_area_of_one(truth[:, k] > 0, probability[:, k]) for k in range(truth.shape[1])]
    known = [area for area in (areas[1:] if len(areas) == 2 else areas) if area == area]
    return float(np.mean(known)) if known else float("nan")


def _area_of_one(is_member: NDArray[np.bool_], score: Array) -> float:
    from scipy.stats import rankdata

    n, m = int(is_member.sum()), int((~is_member).sum())
    if not n or not m:
        return float("nan")
    return float((rankdata(score)[is_member].sum() - n * (n + 1) / 2) / (n * m))


def is_better(score: str, one: float, other: float) -> bool:
    """Whether `one` beats `other`: errors and losses are better small, all else large."""
    return one < other if score in ("MAE", "RMSE", "median absolute error", "log loss", "Brier score") else one > other
