"""Rules: where a model says "high", as sentences with their precision and support, from a small tree.

The tree is fitted to the model's answers (a surrogate, after Craven & Shavlik 1995). Each rule is then counted on the
rows themselves, with its rounded thresholds: by what the model says and, where it is known, by what was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

#: Leaves of the surrogate tree, and the least share of the rows in one.
LEAVES, SMALLEST = 8, 0.02
#: A threshold may be rounded as long as no greater share of the rows changes sides.
MOVED = 0.005


@dataclass(frozen=True)
class Condition:
    """`low < input <= high`, either of them perhaps missing."""

    name: str
    column: int
    unit: str | None = None
    low: float | None = None
    high: float | None = None

    def holds(self, matrix: np.ndarray) -> np.ndarray:
        """In which rows (n, d), as (n,) of bool."""
        values = matrix[:, self.column]
        is_above = np.full(len(values), True) if self.low is None else values > self.low
        return is_above if self.high is None else is_above & (values <= self.high)

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.low is not None and self.high is not None:
            return f"{self.low:.12g} < {self.name} ≤ {self.high:.12g}{unit}"
        return (
            f"{self.name} > {self.low:.12g}{unit}" if self.low is not None else f"{self.name} ≤ {self.high:.12g}{unit}"
        )


@dataclass(frozen=True)
class Rule:
    """If all conditions hold, the model most often says `then`."""

    conditions: tuple[Condition, ...]
    then: str
    #: Of so many rows, so many fulfil the conditions, and of so many of these the conclusion is true for the model.
    n_rows: int
    n_holds: int
    n_right: int
    #: Of how many the conclusion is true for the measured value; None where none was given.
    n_measured: int | None = None

    @property
    def precision(self) -> float:
        """How often the model agrees where the conditions hold."""
        return self.n_right / self.n_holds

    @property
    def measured_precision(self) -> float | None:
        """How often the measurement agrees where the conditions hold."""
        return None if self.n_measured is None else self.n_measured / self.n_holds

    @property
    def support(self) -> float:
        """The share of all rows for which the conditions hold."""
        return self.n_holds / self.n_rows

    def sentence(self) -> str:
        """'mean electronegativity > 2.1 and d ≤ 3: gap > 2 eV (precision 0.93, support 0.12)'."""
        when = " and ".join(map(str, self.conditions)) or "always"
        return f"{when}: {self.then} (precision {self.precision:.2f}, support {self.support:.2f})"


@dataclass(frozen=True)
class Rules:
    """All rules of one surrogate, the surest first, and the share of rows where the surrogate agrees with the model."""

    rules: tuple[Rule, ...]
    agreement: float


def find_rules(
    matrix: np.ndarray,
    answers: Sequence[str],
    names: Sequence[str],
    units: Sequence[str | None] | None = None,
    measured: Sequence[str] | None = None,
    n_leaves: int = LEAVES,
    seed: int = 0,
) -> Rules:
    """Rules for what the model answered, in words, to the rows (n, d): classes, or "gap > 2 eV" and "gap ≤ 2 eV"."""
    from sklearn.tree import DecisionTreeClassifier

    said = np.asarray(answers, dtype=object)
    truth = None if measured is None else np.asarray(measured, dtype=object)
    smallest = max(1, round(SMALLEST * len(matrix)))
    tree = DecisionTreeClassifier(max_leaf_nodes=n_leaves, min_samples_leaf=smallest, random_state=seed)
    tree.fit(matrix, said.astype(str))
    units = units or [None] * len(names)
    found = []
    for conditions, then in _leaves(tree, names, units):
        short = tuple(_rounded(condition, matrix) for condition in conditions)
        found.append(_counted(short, then, matrix, said, truth))
    n_right = sum(rule.n_right for rule in found)
    kept = sorted((rule for rule in found if rule.n_holds), key=lambda rule: (-rule.precision, -rule.support))
    return Rules(tuple(kept), n_right / len(matrix))


def _counted(
    conditions: tuple[Condition, ...], then: str, matrix: np.ndarray, said: np.ndarray, truth: np.ndarray | None
) -> Rule:
    holds = np.full(len(matrix), True)
    for condition in conditions:
        holds &= condition.holds(matrix)
    n_measured = None if truth is None else int(np.sum(truth[holds] == then))
    return Rule(conditions, then, len(matrix), int(holds.sum()), int(np.sum(said[holds] == then)), n_measured)


def _leaves(tree: object, names: Sequence[str], units: Sequence[str | None]) -> list[tuple[tuple[Condition, ...], str]]:
    """The conditions on the way to each leaf, those on one input joined, and the class that is commonest there."""
    inner, classes = tree.tree_, tree.classes_  # type: ignore[attr-defined]
    found = []
    waiting: list[tuple[int, dict[int, Condition]]] = [(0, {})]
    while waiting:
        node, conditions = waiting.pop()
        column = int(inner.feature[node])
        if column < 0:
            found.append((tuple(conditions.values()), str(classes[inner.value[node][0].argmax()])))
            continue
        known = conditions.get(column, Condition(names[column], column, units[column]))
        threshold = float(inner.threshold[node])
        left = replace(known, high=threshold)  # a later threshold on the same way is always the tighter one
        right = replace(known, low=threshold)
        waiting.append((int(inner.children_left[node]), conditions | {column: left}))
        waiting.append((int(inner.children_right[node]), conditions | {column: right}))
    return found


def _rounded(condition: Condition, matrix: np.ndarray) -> Condition:
    values = np.sort(matrix[:, condition.column])
    may_move = int(MOVED * len(values))
    low = None if condition.low is None else shortest(values, condition.low, may_move)
    high = None if condition.high is None else shortest(values, condition.high, may_move)
    return replace(condition, low=low, high=high)


def shortest(values: np.ndarray, threshold: float, may_move: int = 0) -> float:
    """The threshold with as few digits as it needs: at most so many of the sorted values change sides."""
    place = np.searchsorted(values, threshold, side="right")
    for digits in range(1, 17):
        short = float(f"{threshold:.{digits}g}")
        if abs(int(np.searchsorted(values, short, side="right") - place)) <= may_move:
            return short
    return threshold
