"""What is known before the first trial: predictions of candidates, results of an earlier campaign, a trained model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_serializer, model_validator

from matloop.core.errors import InputError, Mistake, did_you_mean
from matloop.core.objective import Match, Objective
from matloop.core.parameter import Columns
from matloop.core.space import Space

#: From columns of n points to what is expected there, shape (n,).
Expected = Callable[[Columns], np.ndarray]


class Prior(BaseModel):
    """What is expected of one objective, in any unit: how much it counts is learned from the results.

    One of `column` (a number that each candidate has, such as a predicted value), `file` (a table of earlier results)
    and `model` (in Python: a fitted scikit-learn regressor, or a function from columns to values) must be given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True)

    column: str | None = Field(None, description="a variable of the space that holds what is expected")
    file: str | None = Field(None, description="a table of earlier results, some of its columns variables of the space")
    value: str | None = Field(None, description="the column of the file that was measured; the objective's name")
    model: Any = Field(None, description="a fitted regressor, or a function of the columns; only in Python")
    trust: float = Field(0.75, gt=0, lt=1, description="the chance that it helps, before any result")
    sha256: str | None = Field(None, description="of the file, noted when it is read")

    _table: Columns = PrivateAttr(default_factory=dict)
    _learned: tuple[Space, tuple[Expected, float] | None] | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _one_source(self) -> Prior:
        if sum(source is not None for source in (self.column, self.file, self.model)) != 1:
            raise ValueError("a prior needs one of: column, file, model")
        if self.model is not None and not isinstance(self.model, str) and _call_of(self.model) is None:
            raise ValueError(f"a {type(self.model).__name__} is no model: it has no 'predict' and cannot be called")
        return self

    @field_serializer("model")
    def _name_of_model(self, model: Any) -> str | None:
        """A model given in Python is known by its name alone: a stored definition holds no code."""
        if model is None or isinstance(model, str):
            return model
        named = model if hasattr(model, "__qualname__") else type(model)
        return f"{named.__module__}:{named.__qualname__}"

    @property
    def is_read(self) -> bool:
        """Whether the file's table, if it needs one, is at hand."""
        return self.file is None or bool(self._table)

    def read(self, table: Mapping[str, np.ndarray], sha256: str) -> Prior:
        """The same with the table of its file."""
        new = self.model_copy(update={"sha256": sha256})
        new._table, new._learned = dict(table), None
        return new

    def mistakes(self, path: str, space: Space, objective: str) -> list[Mistake]:
        """What is wrong with it for this objective; a file that has not been read yet is left aside."""
        if isinstance(self.model, str):
            return [Mistake(f"{path}.model", "it was given in Python", "run the script that defined the campaign")]
        if self.column is not None and space.variables and self.column not in space.variables:
            hint = did_you_mean(self.column, space.variables)
            return [Mistake(f"{path}.column", f"'{self.column}' is no variable of this space", hint)]
        if not self._table:
            return []
        measured = self.value or objective
        if measured not in self._table:
            hint = "name it: value = …; " + did_you_mean(measured, self._table)
            return [Mistake(f"{path}.value", f"'{self.file}' has no column '{measured}'", hint.rstrip("; "))]
        from matloop.planners.earlier import rows_of_use

        usable, (message, hint) = rows_of_use(space, self._table, measured)
        return [] if usable.any() else [Mistake(f"{path}.file", f"'{self.file}' {message}", hint)]

    def expected(self, space: Space, objective: str) -> tuple[Expected, float] | None:
        """What it says of any points of the space, and how widely outcomes are known to spread (0: unknown).

        None where there is nothing to learn from it. Raises InputError where that is not at hand.
        """
        if self.column is not None:
            column = self.column
            return lambda columns: _numbers(columns[column], f"the column '{column}'"), 0.0
        if self.model is not None and (call := _call_of(self.model)):
            return call, 0.0
        if not self._table:
            raise InputError(f"the prior of {objective} is not at hand", "load the campaign from its file or script")
        if self._learned is None or self._learned[0] is not space:
            from matloop.planners.earlier import learned_from

            self._learned = space, learned_from(space, self._table, self.value or objective)
        return self._learned[1]


def prior_mistakes(priors: Mapping[str, Prior], space: Space, objectives: Sequence[Objective]) -> list[Mistake]:
    """Priors of what is no objective, or of a curve; and what is wrong with each."""
    wishes = {wish.name: wish for wish in objectives}
    found: list[Mistake] = []
    for name, prior in priors.items():
        path = f"planner.prior.{name}"
        if name not in wishes:
            found.append(Mistake(path, f"'{name}' is no objective", did_you_mean(name, wishes)))
        elif isinstance(wishes[name], Match):
            found.append(Mistake(path, "what is known of a curve cannot be used yet", "leave it out"))
        else:
            found += prior.mistakes(path, space, name)
    return found


def _call_of(model: Any) -> Expected | None:
    """A function from columns to values, (n,)."""
    if hasattr(model, "predict"):
        return lambda columns: _numbers(model.predict(_as_fitted(model, columns)), "the prior model")
    return (lambda columns: _numbers(model(columns), "the prior model")) if callable(model) else None


def _as_fitted(model: Any, columns: Columns) -> Any:
    """A data frame where the model was fitted to one, else the columns side by side."""
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        return np.column_stack(list(columns.values()))
    import pandas as pd

    return pd.DataFrame({name: columns[name] for name in names})


def _numbers(cells: Any, what: str) -> np.ndarray:
    try:
        return np.asarray(cells, float).reshape(-1)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} gives no numbers", "a prior needs a number for each point") from error
