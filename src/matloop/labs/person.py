"""A lab that is a person: trials wait for the results that somebody writes down."""

from __future__ import annotations

import sys
from typing import Literal

from pydantic import Field

from matloop.core.duration import DAY, Deadline
from matloop.core.trial import Answer, Effect, Running, Trial
from matloop.labs.base import LabModel


class PersonLab(LabModel):
    """Somebody at a bench. Results come through `matloop record`, never from here; nothing is ever lost by a crash."""

    kind: Literal["person"] = "person"
    deadline: Deadline = Field(7 * DAY, description="after which a missing result is an alarm")

    @property
    def capacity(self) -> int:
        """As many as are asked for: people know their bench."""
        return sys.maxsize

    @property
    def effect(self) -> Effect:
        return Effect.IRREVERSIBLE

    def submit(self, trial: Trial) -> None:
        """The trial stands in the journal: there is nobody else to tell."""

    def poll(self, trial_id: str) -> Answer:
        return Running("waiting for a person")

    def cancel(self, trial_id: str) -> None:
        """Only the person can stop what they are doing."""
