"""What the journal is made of: one frozen model for each thing that can happen to a campaign."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from matloop.core.trial import Outcome


class Prediction(BaseModel):
    """What a planner expects to be measured: mean and standard deviation, in the objective's unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: float
    std: float


class Proposal(BaseModel):
    """A point that a planner suggests, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    point: dict[str, float | int | str | bool]
    reason: str = ""
    predicted: dict[str, Prediction] = {}


class Event(BaseModel):
    """What all events share. The store numbers them; `elapsed` counts the seconds that engines have worked on it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sequence: int = 0
    time: str = Field("", description="wall-clock time in UTC, for people: no decision rests on it")
    elapsed: float = 0.0
    by: str = Field("matloop", description="who or what says so")


class Created(Event):
    """The campaign began, with this definition; `key` sets its trials apart from those of a namesake."""

    kind: Literal["created"] = "created"
    spec: dict[str, Any]
    key: str
    provenance: dict[str, str] = {}


class SpecChanged(Event):
    """The definition was changed on purpose."""

    kind: Literal["spec_changed"] = "spec_changed"
    spec: dict[str, Any]
    differences: list[str] = []


class Started(Event):
    """An engine took the campaign up."""

    kind: Literal["started"] = "started"
    provenance: dict[str, str] = {}
    set_aside: list[str] = Field([], description="the stop rules in spite of which it goes on, by their kinds")


class Planned(Event):
    """A trial was planned: nothing has been done yet."""

    kind: Literal["planned"] = "planned"
    trial: str
    number: int
    proposal: Proposal
    planner: str
    batch_first: int = Field(0, description="the number of the first trial that was planned in the same breath")
    batch_size: int = Field(1, description="how many were asked for then")


class Submitted(Event):
    """The intent to carry a trial out, written down before the lab hears of it."""

    kind: Literal["submitted"] = "submitted"
    trial: str
    attempt: int
    deadline: float = Field(description="seconds after which silence is an alarm")


class Observed(Event):
    """A result came back; a second one with other content is a conflict, kept and shown."""

    kind: Literal["observed"] = "observed"
    trial: str
    outcome: Outcome


class Failed(Event):
    """A trial ended without values, for the reason that its outcome gives."""

    kind: Literal["failed"] = "failed"
    trial: str
    outcome: Outcome


class NotBegun(Event):
    """The lab is certain that this attempt never began: the trial may be sent again."""

    kind: Literal["not_begun"] = "not_begun"
    trial: str
    attempt: int
    reason: str = ""


class Lost(Event):
    """Nobody knows what became of a trial: a person is asked."""

    kind: Literal["unknown"] = "unknown"
    trial: str
    attempt: int
    reason: str = ""


class Resolved(Event):
    """A person said what became of a trial, or corrected it; what was recorded before stays in the journal."""

    kind: Literal["resolved"] = "resolved"
    trial: str
    verdict: Literal["happened", "did_not_happen", "discarded"]
    outcome: Outcome | None = None
    why: str = ""


class Noted(Event):
    """A remark."""

    kind: Literal["noted"] = "noted"
    text: str
    trial: str | None = None


class Paused(Event):
    """The engine stopped before the end, for this reason."""

    kind: Literal["paused"] = "paused"
    reason: str


class Finished(Event):
    """The campaign reached its end, for this reason."""

    kind: Literal["finished"] = "finished"
    reason: str


AnyEvent = Annotated[
    Created
    | SpecChanged
    | Started
    | Planned
    | Submitted
    | Observed
    | Failed
    | NotBegun
    | Lost
    | Resolved
    | Noted
    | Paused
    | Finished,
    Field(discriminator="kind"),
]
EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
