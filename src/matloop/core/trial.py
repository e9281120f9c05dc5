"""A trial, what a lab may say about it, and what came back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_serializer

from matloop.core.curve import Curve
from matloop.core.space import Point


class Status(StrEnum):
    """The life of a trial."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DISCARDED = "discarded"


class Effect(StrEnum):
    """What carrying out a trial does to the world; it decides what may be done after a crash."""

    NONE = "none"
    REPEATABLE = "repeatable"
    IRREVERSIBLE = "irreversible"


@dataclass(frozen=True)
class Trial:
    """One attempt at one point, as a lab receives it."""

    id: str
    campaign: str
    number: int
    attempt: int
    point: Point
    units: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    """The lab is at work on it."""

    progress: str = ""


@dataclass(frozen=True)
class Unknown:
    """The lab cannot tell what became of it."""

    reason: str = ""


@dataclass(frozen=True)
class NotStarted:
    """The lab is certain that it never began and never will: it may be sent again."""

    reason: str = ""


class Outcome(BaseModel):
    """What came back of a trial.

    `failed` names why there are no values: the material failed (it cracked, it did not dissolve), which a planner
    can learn from; with `is_fault` it was the lab that failed (a program ended badly, an arm dropped the sample).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    values: dict[str, float] = {}
    std: dict[str, float] = {}
    achieved: dict[str, float | int | str | bool] = {}
    files: dict[str, str] = Field({}, description="name -> content hash in the store")
    curves: dict[str, Curve] = Field({}, description="as measured; for an objective its value is the distance")
    failed: str | None = None
    is_fault: bool = False
    log: str = Field("", description="what the lab printed, its end if it was long")
    source: str = Field("", description="identifies the row or message that it came from")

    @model_serializer(mode="wrap")
    def _as_before_there_were_curves(self, handler: Any) -> dict[str, Any]:
        """Without curves it is written as every version wrote it, so that older ones can read it."""
        data: dict[str, Any] = handler(self)
        if not self.curves:
            data.pop("curves", None)
        return data


Answer = Running | Outcome | NotStarted | Unknown


@dataclass(frozen=True)
class Observation:
    """An outcome with the point it belongs to: what planners and models learn from."""

    trial: str
    point: Point
    values: Mapping[str, float] = field(default_factory=dict)
    std: Mapping[str, float] = field(default_factory=dict)
    achieved: Mapping[str, Any] = field(default_factory=dict)
    failed: str | None = None
    curves: Mapping[str, Curve] = field(default_factory=dict)

    @property
    def location(self) -> Point:
        """Where it was really measured: the achieved values where they are known, else the planned ones."""
        if not self.achieved:
            return self.point
        return {variable: self.achieved.get(variable, value) for variable, value in self.point.items()}


def same_content(a: Outcome, b: Outcome) -> bool:
    """Whether two outcomes say the same, by whatever way they came."""
    numbers = (a.values, b.values), (a.std, b.std), (a.achieved, b.achieved)
    is_same = a.failed == b.failed and a.curves.keys() == b.curves.keys() and all(_close(x, y) for x, y in numbers)
    return is_same and all(curve.is_close(b.curves[name]) for name, curve in a.curves.items())


def _close(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    if a.keys() != b.keys():
        return False
    return all(
        math.isclose(x, b[k], rel_tol=1e-9) if isinstance(x, float) and isinstance(b[k], int | float) else x == b[k]
        for k, x in a.items()
    )
