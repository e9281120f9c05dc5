"""Asks a lab about its trials, and keeps account of those about which it cannot be asked.

An exception of `poll` says nothing of the trial: a line that is down, or a mistake in a plugin. The lab is asked again
after a pause that grows, and what became of the trial stays open.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from matloop.core.contracts import Lab
from matloop.core.trial import Answer, NotStarted, Outcome, Running, Unknown

#: The pause after a question that failed doubles from the first to the second, in seconds.
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 5.0
#: So many questions about a trial fail in a row before that counts as a fault of the lab: a line may flicker.
ENOUGH = 3


@dataclass
class _Trouble:
    """Questions about one trial that failed one after the other; the next one is due then (monotonic seconds)."""

    told: str
    next_at: float
    times: int = 1


class Asking:
    """The questions of one engine to one lab."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._troubles: dict[str, _Trouble] = {}

    def ask(self, trial: str) -> Answer:
        """What the lab says; that it is running as long as nobody can know better."""
        known = self._troubles.get(trial)
        if known and time.monotonic() < known.next_at:
            return Running(known.told)
        try:
            answer = self._lab.poll(trial)
            if not isinstance(answer, Running | Outcome | NotStarted | Unknown):
                raise TypeError(f"it answers with {type(answer).__name__}")
        except Exception as error:  # noqa: BLE001 - a lab that cannot be asked now may answer later
            return Running(self._failed(trial, error))
        self._troubles.pop(trial, None)
        return answer

    def _failed(self, trial: str, error: Exception) -> str:
        times = self._troubles[trial].times + 1 if trial in self._troubles else 1
        pause = min(FIRST_PAUSE * 2.0 ** (times - 1), LONGEST_PAUSE)
        told = f"the lab cannot be asked: {type(error).__name__}: {error}"
        self._troubles[trial] = _Trouble(told, time.monotonic() + pause, times)
        return told

    def trouble(self, trial: str) -> str:
        """Why the lab cannot be asked about it, where that is more than a flicker; else nothing."""
        known = self._troubles.get(trial)
        return known.told if known and known.times >= ENOUGH else ""

    @property
    def troubled(self) -> list[str]:
        """The trials about which it cannot be asked."""
        return [trial for trial in self._troubles if self.trouble(trial)]
