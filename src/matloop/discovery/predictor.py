"""The part of a trained model that thinks: a representation, an estimator, and what makes it honest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matloop.models.conformal import ConformalIntervals
from matloop.models.domain import ApplicabilityDomain
from matloop.models.out_of_fold import Learned, learn
from matloop.models.probabilities import ProbabilityCalibration

if TYPE_CHECKING:
    import pandas as pd

    from matloop.discovery.representation import Described, Representation

Array = NDArray[np.float64]
#: How the columns of the featurizer `fractions` end.
FRACTION = " fraction"


class Predictor:
    """Fitted together on one set of rows: all of them, or the training rows of a fold.

    `intervals` are those of a regression, `calibration` and `classes` those of a classification; the others are None.
    """

    def __init__(
        self,
        representation: Representation,
        model: Any,
        domain: ApplicabilityDomain,
        intervals: ConformalIntervals | None = None,
        calibration: ProbabilityCalibration | None = None,
        classes: Sequence[Any] | None = None,
    ) -> None:
        self.representation = representation
        self.model = model
        self.domain = domain
        self.intervals = intervals
        self.calibration = calibration
        self.classes = None if classes is None else [str(each) for each in classes]

    @classmethod
    def fitted(
        cls,
        representation: Representation,
        estimator: Any,
        described: Described,
        y: Any,
        groups: Any,
        seed: int,
        unlabelled: Described | None = None,
    ) -> tuple[Predictor, Array]:
        """Learn from described rows without failures and their outcomes (n,); also the out-of-fold predictions.

        Rows of one of the `groups` (n,) are left out together where errors are learned from rows left out.
        `unlabelled` rows have no outcome; the estimator is one that learns from them as well.
        """
        X = representation.fit(described).matrix(described)
        if unlabelled is not None:
            from matloop.models.semi_supervised import WithUnlabelled

            estimator = WithUnlabelled(estimator, representation.matrix(unlabelled))
        domain = ApplicabilityDomain(seed=seed).fit(X, y)
        if y.dtype.kind == "f":
            model, out = learn(estimator, X, y, groups, seed)
            intervals = ConformalIntervals(seed=seed).fit(X, out, y, groups=groups)
            return cls(representation, _alone(model), domain, intervals=intervals), out
        classes, codes = np.unique(y.astype(str), return_inverse=True)
        learned: Learned = learn(estimator, X, codes, groups, seed)
        calibration = ProbabilityCalibration().fit(learned.out_of_fold, codes)
        made = cls(representation, _alone(learned.model), domain, calibration=calibration, classes=list(classes))
        return made, learned.out_of_fold

    def predict(self, described: Described, confidence: float = 0.9) -> dict[str, Any]:
        """The columns of TrainedModel.predict, each (n,)."""
        n = len(described)
        good = described.is_good
        rows = slice(None) if good.all() else np.flatnonzero(good)
        kept = described if good.all() else described.take(np.flatnonzero(good))
        X = self.representation.matrix(kept)
        told = self._numbers(X, confidence) if self.intervals is not None else self._classes(X)
        distance, is_inside = self.domain.judge(X)
        for row in self.representation.strange_words(kept):
            is_inside[row] = False
        told |= {"in_domain": is_inside, "distance": distance}
        failure = np.full(n, "", dtype=object)
        is_number = np.isfinite(told["prediction" if self.intervals is not None else "probability"])
        if not is_number.all():
            places = np.arange(n)[rows]
            failure[places[~is_number]] = "what the model says of it is no finite number"
            rows, told = places[is_number], {name: values[is_number] for name, values in told.items()}
        for row, reason in described.failures.items():
            failure[row] = reason
        return {name: _among(n, rows, values) for name, values in told.items()} | {"failure": failure}

    def _numbers(self, X: Array, confidence: float) -> dict[str, Any]:
        assert self.intervals is not None
        if not len(X):
            return dict.fromkeys(("prediction", "lower", "upper", "std"), np.empty(0))
        predicted = np.asarray(_without_filling(self.model, X).predict(X), dtype=float).reshape(-1)
        size = self.intervals.size(X, predicted)
        lower, upper = self.intervals.around(predicted, size, confidence)
        return {"prediction": predicted, "lower": lower, "upper": upper, "std": self.intervals.std(size)}

    def _classes(self, X: Array) -> dict[str, Any]:
        assert self.calibration is not None
        assert self.classes is not None
        names = np.array(self.classes, dtype=object)
        if not len(X):
            probability, best = np.empty((0, len(names))), np.empty(0, dtype=int)
        else:
            probability = self.calibration.transform(_without_filling(self.model, X).predict_proba(X))
            best = self.calibration.decide(probability)
        told = {"prediction": names[best], "probability": probability[np.arange(len(best)), best]}
        return told | {f"probability of {name}": probability[:, i] for i, name in enumerate(names)}

    def require_whole(self) -> None:
        """Raises whatever a part that is missing or does not fit the others raises, by judging a made-up row."""
        n = len(self.representation.get_feature_names_out())
        if n != self.domain.n_features_in_:
            raise ValueError(f"its {n} features do not fit its domain of {self.domain.n_features_in_}")
        X = np.zeros((1, n))
        told = self._numbers(X, 0.5 * self.intervals.highest_confidence) if self.intervals else self._classes(X)
        self.domain.judge(X)
        if not all(len(values) == 1 for values in told.values()):
            raise ValueError("its parts do not fit together")

    def reasons(self, described: Described) -> list[str]:
        """Why each row is outside the domain, or could not be described; "" where it is inside."""
        told = [described.failures.get(i, "") for i in range(len(described))]
        kept = np.flatnonzero(described.is_good)
        part = described.take(kept)
        X, names = self.representation.matrix(part), list(self.representation.get_feature_names_out())
        strange = self.representation.strange_words(part)
        unknown = self._unknown_elements(X, names)
        for i, (row, reason) in enumerate(zip(kept, self.domain.reasons(X, names), strict=True)):
            told[row] = "; ".join(filter(None, [strange.get(i, ""), unknown.get(i, reason)]))
        return told

    def _unknown_elements(self, X: Array, names: list[str]) -> dict[int, str]:
        """The rows with elements that no training row holds: whatever else is unusual about them follows from that."""
        fractions = [i for i, name in enumerate(names) if name.endswith(FRACTION) and self.domain.is_always_zero[i]]
        rows, columns = np.nonzero(X[:, fractions] > 0)
        found: dict[int, list[str]] = {}
        for row, column in zip(rows, columns, strict=True):
            found.setdefault(int(row), []).append(names[fractions[column]].removesuffix(FRACTION))
        return {row: f"no training row holds {' or '.join(elements)}" for row, elements in found.items()}


def _alone(model: Any) -> Any:
    """The model without the rows that it learned from beside those with an outcome."""
    return model.model_ if hasattr(model, "unlabelled") else model


def _without_filling(model: Any, X: Array) -> Any:
    """The model without a first step that fills gaps, where there are none: that takes longer than many a forest."""
    steps: Any = getattr(model, "steps", ())
    has_nothing_to_fill = len(steps) > 1 and steps[0][0] == "fill" and np.isfinite(X).all()
    return model[1:] if has_nothing_to_fill else model


def _among(n: int, rows: Any, values: NDArray[Any]) -> NDArray[Any]:
    """Values of some rows in their places among n, the others without: NaN, False, or None for a class."""
    if isinstance(rows, slice):
        return values
    empty: Any = {"b": False, "O": None}.get(values.dtype.kind, np.nan)
    out = np.full(n, empty, dtype=values.dtype)
    out[rows] = values
    return out


def as_frame(columns: dict[str, Any], index: Any) -> pd.DataFrame:
    """The columns as a table under this index."""
    import pandas as pd

    return pd.DataFrame(columns, index=index)
