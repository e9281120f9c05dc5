"""Probabilities of classes that mean what they say, whatever the classifier claimed.

What a classifier says of rows that it has not seen is compared with what they are, and its log probabilities are
sharpened or softened by one factor and shifted by one number for each class (vector scaling with one temperature: Guo
et al. 2017, arXiv:1706.04599; of two classes, Platt's scaling). Which class stands above which changes little.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matloop.models.regressor import Estimator

Array = NDArray[np.float64]
#: A probability never counts as smaller: certainty cannot be learned from rows.
LEAST = 1e-6
#: Below so many rows nothing is changed.
ENOUGH = 30


class ProbabilityCalibration(Estimator):
    """Learned from out-of-fold probabilities (n, k) and the places (n,) of the true classes among the k.

    Attributes after `fit`
    ----------------------
    sharpness_ : float, the factor on log probabilities; below 1 the classifier was too sure.
    shift_ : (k,), added to them; of zero mean.
    share_ : (k,), the share of each class in the training rows.
    """

    def __init__(self, strength: float = 1.0) -> None:
        """`strength` of the prior that keeps the factor near 1 and the shifts near 0, in rows."""
        self.strength = strength

    def fit(self, probability: ArrayLike, codes: ArrayLike) -> Self:
        """Rows whose probabilities are NaN are left out."""
        probability, codes = np.asarray(probability, float), np.asarray(codes, int)
        k = probability.shape[1]
        self.n_features_in_ = k
        self.share_ = np.bincount(codes, minlength=k) / max(len(codes), 1)
        known = np.isfinite(probability).all(axis=1)
        self.sharpness_, self.shift_ = 1.0, np.zeros(k)
        if known.sum() >= ENOUGH and len(np.unique(codes[known])) > 1:
            self._search(_log(probability[known]), codes[known])
        return self

    def _search(self, logits: Array, codes: NDArray[np.intp]) -> None:
        from scipy.optimize import minimize

        n, k = logits.shape
        truth = np.eye(k)[codes]

        def loss(theta: Array) -> tuple[float, Array]:
            z = np.exp(theta[0]) * logits + theta[1:]
            q = _softmax(z)
            value = -np.sum(truth * np.log(np.maximum(q, 1e-300))) + self.strength * float(theta @ theta) / 2
            slope = q - truth
            ahead = np.exp(theta[0]) * np.sum(slope * logits)
            return float(value) / n, np.concatenate([[ahead], slope.sum(axis=0)]) / n + self.strength * theta / n

        found = minimize(loss, np.zeros(k + 1), jac=True, method="L-BFGS-B", bounds=[(-3.0, 3.0)] + [(-5.0, 5.0)] * k)
        self.sharpness_ = float(np.exp(found.x[0]))
        self.shift_ = found.x[1:] - found.x[1:].mean()

    def transform(self, probability: ArrayLike) -> Array:
        """The calibrated probabilities (m, k)."""
        return _softmax(self.sharpness_ * _log(np.asarray(probability, float)) + self.shift_)

    def decide(self, calibrated: Array) -> NDArray[np.intp]:
        """The place (m,) of the class to name: the one that is most probable in relation to its share.

        A rare class is named where it is likelier than usual, not only where it is likelier than all others: this is
        what balanced accuracy asks for, which counts each class alike.
        """
        return np.asarray((calibrated / np.maximum(self.share_, LEAST)).argmax(axis=1))


class Reliability(NamedTuple):
    """Rows in bins of the probability that was said: the mean that was said, the share that came true, and how many."""

    said: Array
    true: Array
    n_rows: NDArray[np.intp]

    @property
    def error(self) -> float:
        """The expected calibration error: how far the two are apart, in the mean over the rows."""
        return float(np.sum(self.n_rows * np.abs(self.said - self.true)) / max(self.n_rows.sum(), 1))


def reliability(probability: Array, codes: NDArray[Any], n_bins: int = 10) -> Reliability:
    """Of the probabilities (n, k) of all classes, or of the second of two, in bins of equally many rows."""
    k = probability.shape[1]
    truth = np.eye(k)[codes]
    said, true = (probability[:, 1], truth[:, 1]) if k == 2 else (probability.ravel(), truth.ravel())
    order = np.argsort(said, kind="stable")
    bins = [part for part in np.array_split(order, min(n_bins, max(1, len(order) // 10))) if len(part)]
    means = [(said[part].mean(), true[part].mean(), len(part)) for part in bins]
    told = np.array(means).reshape(-1, 3)
    return Reliability(told[:, 0], told[:, 1], told[:, 2].astype(int))


def _log(probability: Array) -> Array:
    return np.log(np.clip(probability, LEAST, 1.0))


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))
