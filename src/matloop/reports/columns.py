"""The columns of a campaign: each parameter and each objective with what an axis or a table needs to know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matloop.core.choice import Choice
from matloop.core.parameter import Integer, Real
from matloop.core.space import Space
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState, TrialState
from matloop.reports.wording import labelled, number

#: Figures show so many parameters at most; the tables show all of them.
MOST_SHOWN = 12


@dataclass(frozen=True)
class Column:
    """One variable or one measured quantity; `options` where its values are names."""

    name: str
    unit: str | None = None
    options: tuple[str, ...] | None = None
    is_log: bool = False
    #: Of whole numbers, how many steps of one there are from the lowest to the highest.
    n_steps: int | None = None

    @property
    def label(self) -> str:
        return labelled(self.name, self.unit)

    def cell(self, value: Any) -> Any:
        """The value as an axis of this column takes it."""
        return number(value) if self.options is not None and value is not None else value


def location(trial: TrialState) -> Mapping[str, Any]:
    """Where a trial was really measured, as far as that is known."""
    achieved = trial.outcome.achieved if trial.outcome is not None else {}
    return {name: achieved.get(name, value) for name, value in trial.point.items()}


def parameters(spec: CampaignSpec, state: CampaignState) -> list[Column]:
    """A column for each variable of the space."""
    trials = list(state.trials.values())
    names = spec.space.variables or tuple(trials[0].point if trials else ())
    places = [location(trial) for trial in trials]
    return [_parameter(spec.space, name, [place[name] for place in places if name in place]) for name in names]


def _parameter(space: Space, name: str, seen: Sequence[Any]) -> Column:
    parameter = space.parameters.get(name)
    unit = space.units.get(name)
    if isinstance(parameter, Real | Integer):
        n_steps = parameter.high - parameter.low if isinstance(parameter, Integer) else None
        return Column(name, unit, is_log=parameter.log, n_steps=n_steps)
    known = parameter.options if isinstance(parameter, Choice) else ()
    if known or any(isinstance(value, str | bool) for value in seen):
        return Column(name, unit, tuple(dict.fromkeys(number(value) for value in (*known, *seen))))
    return Column(name, unit)


def quantities(spec: CampaignSpec, state: CampaignState) -> list[Column]:
    """A column for each objective, then for each other quantity that a lab measured."""
    wanted = [Column(wish.name, wish.unit) for wish in spec.objectives]
    names = {wish.name for wish in spec.objectives}
    outcomes = (trial.outcome for trial in state.trials.values() if trial.outcome is not None)
    others = dict.fromkeys(name for outcome in outcomes for name in outcome.values if name not in names)
    return wanted + [Column(name) for name in others]


def most_relevant(columns: Sequence[Column], relevance: Mapping[str, Mapping[str, float]]) -> list[Column]:
    """The parameters that figures show, in their order: those that matter most wherever there are too many."""
    if len(columns) <= MOST_SHOWN:
        return list(columns)
    share = {c.name: max((by.get(c.name, 0.0) for by in relevance.values()), default=0.0) for c in columns}
    kept = sorted(columns, key=lambda c: -share[c.name])[:MOST_SHOWN]
    return [column for column in columns if column in kept]
