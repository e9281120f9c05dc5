"""What `auto` tries: models that have proved good at tables of materials, each with what it costs.

Chosen by cross-validation on the training rows of the first official fold of Matbench tasks; no test row was used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from matloop.models.catalogue import boosting, gaussian_process, svm

#: So many trees; the blocks of `forest` beside them cost as much again.
TREES = 200
#: All leaves of all trees together, at most: a leaf and its node take some 60 bytes in memory.
LEAVES = 1_500_000


class Candidate(NamedTuple):
    """A model to try: `cost` is its time of fitting in relation to the first candidate's.

    Trees that are grown in several threads are the same as those grown in one: then `has_threads`.
    """

    name: str
    make: Callable[[], Any]
    cost: float
    has_threads: bool = False


def candidates(task: str, n: int, d: int, seed: int) -> list[Candidate]:
    """The candidates for n rows with d inputs, the most promising first; costs as measured at 500 to 9,000 rows."""
    return _of_numbers(n, d, seed) if task == "regression" else _of_classes(n, seed)


def _of_numbers(n: int, d: int, seed: int) -> list[Candidate]:
    found = [
        Candidate("trimmed trees", lambda: _trees(n, 0.4, 1, seed), 1.0, True),
        Candidate("trimmed trees, bent", lambda: _bent(_trees(n, 0.4, 2, seed + 1)), 0.8, True),
        Candidate("boosting, bent", lambda: _bent(boosting("regression", seed)), 1.0),
        Candidate("trimmed trees, many inputs each", lambda: _trees(n, 0.7, 1, seed + 2), 1.7, True),
    ]
    if n <= 6_000:
        found.append(Candidate("support vectors, bent", lambda: _ranked(svm("regression", seed), n), 0.3 * n / 1000))
    if n <= 1_500 and d <= 30:  # process settings rather than the 250 columns of a composition
        found.append(Candidate("Gaussian process, bent", lambda: _bent(gaussian_process("regression", seed)), 5.0))
    return found


def _of_classes(n: int, seed: int) -> list[Candidate]:
    from matloop.models.forest import ExtraTreesOfClasses, RandomForestOfClasses

    most = _most_leaves(n)
    extra = {"max_leaf_nodes": most, "random_state": seed}
    found = [
        Candidate("extra trees", lambda: _prepared(ExtraTreesOfClasses(TREES, max_features=0.4, **extra)), 1.0, True),
        Candidate(
            "extra trees, larger leaves",
            lambda: _prepared(ExtraTreesOfClasses(TREES, max_features=0.6, min_samples_leaf=3, **extra)),
            1.0,
            True,
        ),
        Candidate("boosting", lambda: boosting("classification", seed), 2.0),
        Candidate("forest", lambda: _prepared(RandomForestOfClasses(TREES, max_features=0.15, **extra)), 1.0, True),
    ]
    if n <= 6_000:
        found.append(Candidate("support vectors", lambda: svm("classification", seed), 0.5 * n / 1000))
    return found


def _trees(n: int, share: float, leaf: int, seed: int) -> Any:
    from matloop.models.trimmed_trees import TrimmedTrees

    trees = TrimmedTrees(
        TREES, max_features=share, min_samples_leaf=leaf, max_leaf_nodes=_most_leaves(n), random_state=seed
    )
    return _prepared(trees)


def _most_leaves(n: int) -> int | None:
    """How many leaves a tree may have; None where n rows cannot make too many."""
    most = LEAVES // TREES
    return most if n > most else None


def _prepared(estimator: Any) -> Any:
    """Missing values become medians; of columns that say the same one is kept."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline

    from matloop.models.distinct import Distinct

    fill = SimpleImputer(strategy="median", keep_empty_features=True)
    return Pipeline([("fill", fill), ("distinct", Distinct()), ("model", estimator)])


def _bent(estimator: Any) -> Any:
    from matloop.models.bent import BentRegressor

    return BentRegressor(estimator)


def _ranked(estimator: Any, n: int) -> Any:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.preprocessing import QuantileTransformer

    to_normal = QuantileTransformer(output_distribution="normal", n_quantiles=min(100, max(2, n // 2)))
    return TransformedTargetRegressor(estimator, transformer=to_normal, check_inverse=False)
