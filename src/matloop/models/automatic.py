"""The model that suits a table, chosen and blended from several by rows that they have not seen, within a time budget.

Each candidate is fitted once on all rows and, for its out-of-fold predictions, on parts of them (`out_of_fold.learn`);
the blend with the least out-of-fold loss is kept (`blending.blend`). All of that happens in `fit`, on the rows that are
given to it and no others: whoever holds rows back for a test and calls `fit` on the rest validates the choice as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted, validate_data

from matloop.models.automatic_candidates import Candidate, candidates
from matloop.models.blending import blend
from matloop.models.out_of_fold import Learned, fit, learn
from matloop.models.threads import on_threads

Array = NDArray[np.float64]
#: A model that counts for less is left out of the blend: it would cost time and memory at every prediction.
LEAST_WEIGHT = 0.04


class _Tried(NamedTuple):
    name: str
    learned: Learned
    seconds: float


class _Automatic(BaseEstimator):
    """What regression and classification share.

    Parameters
    ----------
    budget : seconds for `fit`. No candidate is begun that is expected to end later; the first is always tried. With the
        same data and seed and a budget that suffices for all candidates the model is the same on every machine.
    seed : of all random numbers.
    n_jobs : how many candidates are fitted side by side.

    Attributes after `fit`
    ----------------------
    trials_ : for each candidate a dict with model, score (out of fold), seconds and status.
    weights_ : name -> weight of the models that are kept, summing to 1.
    out_of_fold_ : what the blend says of each row without having seen it, (n,) or (n, k).
    """

    def __init__(self, budget: float = 600.0, seed: int = 0, n_jobs: int = 1) -> None:
        self.budget = budget
        self.seed = seed
        self.n_jobs = n_jobs

    def _choose(self, X: Array, y: NDArray[Any], groups: Any, task: str, loss: Callable[[Array], float]) -> None:
        tried, left_out = _tried(candidates(task, len(y), X.shape[1], self.seed), X, y, groups, self)
        usable = [each for each in tried if np.isfinite(each.learned.out_of_fold).all()] or tried[:1]
        weights = blend([each.learned.out_of_fold for each in usable], loss)
        weights = np.where(weights >= LEAST_WEIGHT, weights, 0.0)
        kept = [(each, float(weight)) for each, weight in zip(usable, weights / weights.sum(), strict=True) if weight]
        self.weights_ = {each.name: weight for each, weight in kept}
        self.models_ = [each.learned.model for each, _ in kept]
        self.out_of_fold_ = sum(weight * each.learned.out_of_fold for each, weight in kept)
        self.trials_ = [
            {"model": e.name, "score": float(loss(e.learned.out_of_fold)), "seconds": e.seconds, "status": "done"}
            for e in tried
        ] + left_out

    def refit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """A new estimator: the same models with the same weights, learned from other rows (n, d) and outcomes (n,).

        Nothing is chosen anew, and it has nothing to say out of fold: for judging a choice by rows that are left out.
        Raises ValueError where a class that is known has no row.
        """
        check_is_fitted(self)
        made = clone(self)
        X, y = validate_data(made, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        if hasattr(self, "classes_"):
            made.classes_ = self.classes_
            found, y = np.unique(y, return_inverse=True)
            if not np.array_equal(found, self.classes_):
                raise ValueError(f"there are rows of {len(found)} classes, and {len(self.classes_)} are known")
        made.weights_ = dict(self.weights_)
        made.models_ = [fit(clone(model), X, y, groups) for model in self.models_]
        return made

    def _blended(self, told: Sequence[Array]) -> Array:
        return np.asarray(sum(weight * each for weight, each in zip(self.weights_.values(), told, strict=True)))


class AutomaticRegressor(RegressorMixin, _Automatic):
    """Numbers, by the blend with the least mean absolute error out of fold."""

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """From inputs X (n, d) and outcomes y (n,); rows of one of the `groups` (n,) are left out together."""
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan", y_numeric=True)
        y = np.asarray(y, dtype=float)
        self._choose(X, y, groups, "regression", lambda told: float(np.mean(np.abs(told - y))))
        return self

    def predict(self, X: Any) -> Array:
        """The weighted mean (m,) of the models that were kept, for inputs X (m, d)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return self._blended([model.predict(X) for model in self.models_])


class AutomaticClassifier(ClassifierMixin, _Automatic):
    """Classes, by the blend of probabilities with the least Brier score out of fold."""

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """From inputs X (n, d) and classes y (n,); rows of one of the `groups` (n,) are left out together."""
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        self.classes_, codes = np.unique(y, return_inverse=True)
        truth = np.eye(len(self.classes_))[codes]
        self._choose(X, codes, groups, "classification", lambda told: float(np.mean(np.sum((told - truth) ** 2, 1))))
        return self

    def predict_proba(self, X: Any) -> Array:
        """The weighted mean (m, k) of what the models that were kept say, for inputs X (m, d)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return self._blended([model.predict_proba(X) for model in self.models_])

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class (m,)."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


def _tried(
    todo: Sequence[Candidate], X: Array, y: NDArray[Any], groups: Any, settings: _Automatic
) -> tuple[list[_Tried], list[dict[str, Any]]]:
    """Each candidate fitted, as far as the budget goes, and those that were not, with the reason.

    The first one is the measure of how fast this machine is: the others know their cost in relation to it.
    """
    from joblib import Parallel, delayed

    began, lanes = time.monotonic(), max(1, settings.n_jobs)
    first = _fitted(todo[0], X, y, groups, settings.seed, lanes)
    if isinstance(first, str):
        raise ValueError(first)
    taken = time.monotonic() - began
    unit = max(taken, 1e-3) * (lanes if todo[0].has_threads else 1) / todo[0].cost
    left = settings.budget - taken
    chosen: list[Candidate] = []
    left_out: list[dict[str, Any]] = []
    for each in todo[1:]:
        by_itself = each.cost / (lanes if each.has_threads and not chosen else 1)
        expected = unit * (sum(one.cost for one in chosen) / lanes + by_itself)
        if expected <= left:
            chosen.append(each)
        else:
            left_out.append(_not_tried(each, f"left out: about {unit * by_itself:.0f} s, more than was left"))
    longest_first = sorted(chosen, key=lambda each: -each.cost)
    threads = lanes if len(chosen) == 1 else 1
    jobs = Parallel(n_jobs=lanes, prefer="threads")
    told = jobs(delayed(_fitted)(each, X, y, groups, settings.seed, threads) for each in longest_first)
    by_name = dict(zip((each.name for each in longest_first), told, strict=True))
    done = [first, *(by_name[each.name] for each in chosen)]
    failed = [_not_tried(c, f"failed: {t}") for c, t in zip(todo[1:], done[1:], strict=False) if isinstance(t, str)]
    return [each for each in done if not isinstance(each, str)], left_out + failed


def _fitted(candidate: Candidate, X: Array, y: NDArray[Any], groups: Any, seed: int, threads: int) -> _Tried | str:
    """The candidate, or what went wrong: one that cannot learn this table stops none of the others."""
    began = time.monotonic()
    estimator = candidate.make()
    if candidate.has_threads and threads > 1:
        on_threads(estimator, threads)
    try:
        learned = learn(estimator, X, y, groups, seed)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError, MemoryError) as error:
        return f"{type(error).__name__}: {error}".splitlines()[0][:200]
    if candidate.has_threads:
        on_threads(learned.model, 1)
    return _Tried(candidate.name, learned, time.monotonic() - began)


def _not_tried(candidate: Candidate, status: str) -> dict[str, Any]:
    return {"model": candidate.name, "score": None, "seconds": None, "status": status}
