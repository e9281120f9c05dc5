"""A random forest as a planner: where its trees expect much, or disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from matloop.core.event import Proposal
from matloop.core.magnitude import grow
from matloop.core.merit import values
from matloop.core.parameter import Columns
from matloop.core.space import Point, Space
from matloop.planners.learner import Learner, Task

if TYPE_CHECKING:
    from matloop.planners.outlook import Expected

#: Points of equal score, of which a forest has many, are told apart by chance: by less than any difference that counts.
TIE = 1e-9


class Forest(Learner):
    """The highest mean + β σ over the trees of a forest (Breiman 2001, doi:10.1023/A:1010933404324).

    It knows no distances and no smoothness: for rough landscapes, many choices and irrelevant parameters. A batch
    counts what is under way as measured at the expected value.
    """

    kind: Literal["forest"] = "forest"
    exploration: float = Field(
        2.0, ge=0, le=100, description="β: how many standard deviations count on the bright side"
    )
    trees: int = Field(100, ge=2, le=10_000, description="how many trees the forest has")
    method: Literal["random_forest", "extra_trees"] = Field("random_forest", description="how the trees are grown")

    def choose(self, task: Task, n: int) -> list[Proposal]:
        from matloop.planners.outlook import one_by_one
        from matloop.planners.wishes import Wishes

        wishes = [Wishes(task.objectives, task.observations, task.rng) for _ in range(n)]

        def score(i: int, expected: Expected) -> np.ndarray:
            merit = wishes[i].bright(expected, self.exploration)
            return merit + TIE * task.rng.random(len(merit))

        why = f"the highest upper confidence bound of {self.trees} trees, mean + {self.exploration:g} σ"
        return one_by_one(task, ForestOutlook.of(task, self), n, score, lambda _: why)


@dataclass(frozen=True)
class ForestOutlook:
    """A forest for each objective, and what they were grown from: inputs (n, d) and outcomes (n,)."""

    space: Space
    settings: Forest
    seed: int
    inputs: np.ndarray
    outcomes: Mapping[str, np.ndarray]
    forests: Mapping[str, Any]

    @classmethod
    def of(cls, task: Task, settings: Forest) -> ForestOutlook:
        inputs = _inputs(task.space, task.space.columns([o.location for o in task.observations]))
        outcomes = {wish.name: values(wish, task.observations) for wish in task.objectives}
        seed = int(task.rng.integers(2**31))
        return cls(task.space, settings, seed, inputs, outcomes, {})._grown().with_pending(task.pending)

    def _grown(self) -> ForestOutlook:
        """With trees for these data; the same seed each time."""
        return replace(self, forests={name: self._forest(y) for name, y in self.outcomes.items()})

    def _forest(self, y: np.ndarray) -> Any:
        from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

        kind = ExtraTreesRegressor if self.settings.method == "extra_trees" else RandomForestRegressor
        forest = kind(self.settings.trees, random_state=self.seed, n_jobs=1)
        grow(lambda scaled: forest.fit(self.inputs, scaled), y, lambda: forest.estimators_)
        return forest

    def expect(self, columns: Columns) -> Expected:
        """Mean and standard deviation over the trees, both (n,)."""
        x = _inputs(self.space, columns)
        told = {}
        for name, forest in self.forests.items():
            trees = np.stack([tree.tree_.predict(x)[:, 0] for tree in forest.estimators_])
            told[name] = (trees.mean(axis=0), trees.std(axis=0))
        return told

    def with_pending(self, points: Sequence[Point]) -> ForestOutlook:
        """Grown anew with the expected values."""
        if not points:
            return self
        columns = self.space.columns(points)
        expected = self.expect(columns)
        inputs = np.concatenate([self.inputs, _inputs(self.space, columns)])
        outcomes = {name: np.append(y, expected[name][0]) for name, y in self.outcomes.items()}
        return replace(self, inputs=inputs, outcomes=outcomes)._grown()

    def noise(self, name: str) -> float:
        """Not told: the trees' disagreement holds what there is of it."""
        return 0.0


def _inputs(space: Space, columns: Columns) -> np.ndarray:
    """What the trees see, (n, d), d ≥ 1 even where a pool has nothing but names, in their own precision."""
    x = space.encode(columns).astype(np.float32)
    return x if x.shape[1] else np.zeros((len(x), 1), np.float32)
