"""Asking a lab's own program what became of a trial that matloop lost sight of."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matloop.core.trial import Answer, NotStarted, Outcome, Running, Unknown
from matloop.labs.printed import parse_printed
from matloop.labs.quantity import clean, shown

#: Seconds that the program may take, and those that an answer is kept before it is asked again.
PATIENCE, ASK_AGAIN = 30.0, 5.0


@dataclass
class Recall:
    """A program that gets {"campaign", "trial", "attempt"} as JSON and prints values, or {"status": …}."""

    command: list[str]
    cwd: Path
    env: Mapping[str, str]
    read: Callable[[Any, str, Path], Outcome]
    _answers: dict[str, tuple[float, Answer]] = field(default_factory=dict)

    def ask(self, campaign: str, trial: str, attempt: int) -> Answer:
        """Its answer; Unknown, with the reason, where it fails to give one. `attempt` is 0 where none was sent."""
        asked, answer = self._answers.get(trial, (0.0, None))
        if answer is None or time.monotonic() - asked > ASK_AGAIN:
            answer = self._ask({"campaign": campaign, "trial": trial, "attempt": attempt})
            self._answers[trial] = (time.monotonic(), answer)
        return answer

    def _ask(self, question: Mapping[str, Any]) -> Answer:
        try:
            ended = subprocess.run(
                self.command,
                input=json.dumps(question).encode(),
                capture_output=True,
                cwd=self.cwd,
                env=dict(self.env),
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Unknown(f"the recall program gave no answer within {PATIENCE:g} s")
        except OSError as error:
            return Unknown(f"the recall program cannot be run: {error}")
        errors = clean(ended.stderr.decode("utf-8", "replace").strip())
        if ended.returncode != 0:
            return Unknown(f"the recall program ended with status {ended.returncode}: {errors[-200:]}")
        try:
            said = parse_printed(ended.stdout)
        except ValueError as error:
            return Unknown(f"the recall program cannot be understood: {error}")
        return self._understood(said, errors)

    def _understood(self, said: Any, errors: str) -> Answer:
        status = said.get("status") if isinstance(said, dict) and "values" not in said else None
        match status:
            case "running":
                return Running("so the recall program says")
            case "not_started":
                return NotStarted("so the recall program says")
            case "unknown":
                return Unknown("the recall program does not know it either")
        outcome = self.read(said, errors, self.cwd)
        if outcome.is_fault:
            return Unknown(f"the recall program said {shown(said)}: {outcome.failed}")
        return outcome
