"""What simulated labs share: they answer from data or equations, at once or after a pretended duration."""

from __future__ import annotations

import hashlib
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field, PrivateAttr

from matloop.core.duration import HOUR, Duration
from matloop.core.space import Point
from matloop.core.trial import Answer, Effect, NotStarted, Outcome, Running, Trial
from matloop.labs.base import LabModel


class SimulatedLab(LabModel, ABC):
    """A lab without a world behind it. `label` says for every figure whether it is a replay, an emulator or a twin."""

    is_simulated: ClassVar[bool] = True
    label: ClassVar[str]

    capacity: int = Field(1, ge=1, description="how many trials it takes at once")
    seconds: Duration = Field(0.0, description="how long each trial pretends to take")

    _submitted: dict[str, tuple[Trial, float]] = PrivateAttr(default_factory=dict)

    @property
    def effect(self) -> Effect:
        return Effect.NONE

    @property
    def deadline(self) -> float:
        return HOUR + 2 * self.seconds

    def submit(self, trial: Trial) -> None:
        self._submitted[trial.id] = (trial, time.monotonic() + self.seconds)

    def poll(self, trial_id: str) -> Answer:
        """The outcome depends on the trial's number, attempt and point alone: the same seed gives the same campaign."""
        if trial_id not in self._submitted:
            return NotStarted("a simulated lab remembers nothing")
        trial, due = self._submitted[trial_id]
        if time.monotonic() < due:
            return Running()
        return self.rehearse([trial.point], generator_of(trial))[0]

    def cancel(self, trial_id: str) -> None:
        self._submitted.pop(trial_id, None)

    @abstractmethod
    def rehearse(self, points: Sequence[Point], rng: np.random.Generator) -> list[Outcome]:
        """An outcome for each point, at once: what a campaign of these trials would have brought."""


def generator_of(trial: Trial) -> np.random.Generator:
    """The random numbers of one attempt of one trial."""
    told = json.dumps([trial.number, trial.attempt, trial.point], sort_keys=True)
    digest = hashlib.sha256(told.encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))
