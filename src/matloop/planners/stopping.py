"""When to stop, by the results alone: a goal is reached, or nothing better has come for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from matloop.core.errors import ExpressionError, Mistake, did_you_mean
from matloop.core.expression import Expression, parse
from matloop.core.merit import best, utilities
from matloop.core.objective import Objective
from matloop.core.parameter import given
from matloop.core.space import Space
from matloop.core.standing import Standing
from matloop.core.trial import Observation


class Rule(BaseModel):
    """What the rules share: `stalled = 20` in a file stands for `stalled = { trials = 20 }`; `main` names that key."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    main: ClassVar[str]

    def __init__(self, main: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(**{self.main: main}), **settings)

    @model_validator(mode="before")
    @classmethod
    def _from_main(cls, data: Any) -> Any:
        return data if isinstance(data, Mapping) else {cls.main: data}

    def mistakes(self, space: Space, objectives: Sequence[Objective]) -> list[Mistake]:
        """What is wrong between this rule and what is tried or wanted."""
        return []


class Reached(Rule):
    """Ends when a result meets the condition, such as "toughness >= 45 and mass <= 3"."""

    main: ClassVar[str] = "condition"

    kind: Literal["reached"] = "reached"
    condition: str = Field(description="on measured values and settings, such as toughness >= 45")
    replicates: int = Field(1, ge=1, description="how many measurements of one point, whose mean must meet it")

    @field_validator("condition")
    @classmethod
    def _readable(cls, text: str) -> str:
        try:
            parse(text)
        except ExpressionError as error:
            raise ValueError(f"{error.message} ({error.hint})" if error.hint else error.message) from error
        return text

    def __str__(self) -> str:
        times = f" in the mean of {self.replicates} measurements of one point" if self.replicates > 1 else ""
        return f"{self.condition}{times}"

    @cached_property
    def expression(self) -> Expression:
        return parse(self.condition)

    def mistakes(self, space: Space, objectives: Sequence[Objective]) -> list[Mistake]:
        known = [*(wish.name for wish in objectives), *space.variables]
        return [
            Mistake("stop.reached", f"'{name}' is neither an objective nor a variable", did_you_mean(name, known))
            for name in sorted(self.expression.names - set(known))
        ]

    def reason(self, standing: Standing) -> str | None:
        for group in _replicates(standing):
            if len(group) >= self.replicates and self._is_met(group):
                return f"{self} is reached by {_whose(group)}: {_values(standing.objectives, group)}"
        return None

    def _is_met(self, group: Sequence[Observation]) -> bool:
        names = self.expression.names
        if not all(names <= {*o.values, *o.point} for o in group):
            return False
        measured = {name: float(np.mean([o.values[name] for o in group])) for name in names & set(group[0].values)}
        settings = {name: group[0].location[name] for name in names - set(measured)}
        return bool(self.expression.holds({k: np.array([v]) for k, v in {**settings, **measured}.items()})[0])


class Stalled(Rule):
    """Ends when the last `trials` results have brought nothing better than what was there before them.

    With several goals, better means: not dominated by anything before.
    """

    main: ClassVar[str] = "trials"

    kind: Literal["stalled"] = "stalled"
    trials: int = Field(ge=1, description="how many results without improvement")
    by: float = Field(0.0, ge=0, description="an improvement by no more than this, in the goal's unit, counts as none")

    def __str__(self) -> str:
        return f"no {self._better} in {self.trials} results"

    @property
    def _better(self) -> str:
        return f"improvement by more than {self.by:g}" if self.by else "improvement"

    def mistakes(self, space: Space, objectives: Sequence[Objective]) -> list[Mistake]:
        if self.by and sum(not wish.is_threshold for wish in objectives) != 1:
            return [Mistake("stop.stalled.by", "needs one goal to be measured by", "leave it away")]
        return []

    def reason(self, standing: Standing) -> str | None:
        table = utilities(standing.objectives, standing.observations)
        before, since = table[: -self.trials], table[-self.trials :]
        if not np.isfinite(before).all(axis=1).any() or self._is_better(before, since):
            return None
        leader = standing.observations[best(standing.objectives, standing.observations)[0]]
        leads = "the best is" if table.shape[1] == 1 else "one of the best is"
        found = _values(standing.objectives, [leader])
        return f"no {self._better} in the last {self.trials} results; {leads} {found} ({_whose([leader])})"

    def _is_better(self, before: np.ndarray, since: np.ndarray) -> bool:
        """Whether a row of `since` (k, m) beats, or is not dominated by, all rows of `before` (n, m)."""
        new, old = (rows[np.isfinite(rows).all(axis=1)] for rows in (since, before))
        if old.shape[1] == 1:
            return bool((new > old.max() + self.by).any())
        return any(not (old >= row).all(axis=1).any() for row in new)


def _replicates(standing: Standing) -> list[list[Observation]]:
    """Results by the point that was asked for, in the order of their first; failed trials left out."""
    groups: dict[Any, list[Observation]] = {}
    for o in standing.observations:
        if o.failed is None:
            groups.setdefault(tuple(o.point.items()), []).append(o)
    return list(groups.values())


def _values(objectives: Sequence[Objective], group: Sequence[Observation]) -> str:
    """The mean of each objective over the group, in words."""
    told = []
    for wish in objectives:
        if all(wish.name in o.values for o in group):
            mean = float(np.mean([o.values[wish.name] for o in group]))
            told.append(f"{wish.name} {mean:.4g}" + (f" {wish.unit}" if wish.unit else ""))
    return ", ".join(told)


def _whose(group: Sequence[Observation]) -> str:
    """'trial 12', 'trials 12, 15': by the numbers with which their ids end."""
    numbers = [name_of(o.trial) for o in group]
    return f"trial{'s' * (len(numbers) > 1)} {', '.join(numbers)}"


def name_of(trial: str) -> str:
    """The number of a trial, with which its id ends; the id where it does not."""
    number = trial.rpartition("-")[2]
    return str(int(number)) if number.isdecimal() else trial
